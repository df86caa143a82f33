"""Ports: looked for before they are used, since gRPC and Ray share a taken one silently (SO_REUSEPORT)."""

from __future__ import annotations

import socket

ANY_HOST = "0.0.0.0"


def fault(port: int, host: str = ANY_HOST) -> str | None:
    """Why nothing can listen on `port` of `host` (a name, an IPv4 or a bare IPv6 address); None when it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # sockets in TIME_WAIT do not count
            probe.bind((host, port))
    except OSError as error:
        return error.strerror or str(error)
    return None


def free_run(among: range, count: int = 1, host: str = ANY_HOST) -> range:
    """The first `count` ports in a row that are free.

    Choose `among` outside the ephemeral range (Linux: 32768 up), where an outgoing connection may take one before it
    is used.

    Raises:
        OSError: there are not that many.
    """
    for start in range(among.start, among.stop - count + 1):
        if all(fault(port, host) is None for port in range(start, start + count)):
            return range(start, start + count)
    raise OSError(f"no {count} free ports in a row from {among.start} to {among.stop - 1}")
