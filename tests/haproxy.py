"""A real HAProxy with the configuration that `viva balancer` prints."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from deployments import ports
from deployments.cluster.balancer import Balancer
from serving.adapters.triton import launch
from tests.tools import installed

_PORTS: Final = range(19_500, 20_000)
_STATES_S: Final = 120.0
_ACCEPTING: Final = "accepting"


class Haproxy:
    """HAProxy in front of gateways, as its service would run it: a master, and a worker that a reload replaces.

    Args:
        folder: its files.
        gateways: `HOST:PORT` by name.
        options: more of what `Balancer` takes.
    """

    def __init__(self, folder: Path, gateways: Mapping[str, str], **options: Any) -> None:
        program = installed("haproxy")
        folder.mkdir(exist_ok=True)
        self._short = tempfile.TemporaryDirectory(prefix="vh-", dir="/tmp")  # a Unix socket's path holds 107 bytes
        self._file, self._socket = folder / "haproxy.cfg", Path(self._short.name) / "socket"
        self.log = folder / "haproxy.log"
        self._options = {"user": "haproxy" if os.geteuid() == 0 else "", **options}
        self.address = f"127.0.0.1:{ports.free_run(_PORTS, 1, '127.0.0.1').start}"
        self._write(gateways)
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-I", launch.__file__, str(os.getpid()), program, "-W", "-f", str(self._file)],
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _write(self, gateways: Mapping[str, str]) -> None:
        made = Balancer(gateways, bind=self.address, socket=self._socket, **self._options)
        self._file.write_text(made.configuration())

    def reload(self, gateways: Mapping[str, str]) -> None:
        """What adds nodes and takes them out."""
        self._write(gateways)
        workers = self._workers()
        self._process.send_signal(signal.SIGUSR2)
        _eventually(lambda: len(self._workers() - workers) == 1, self._said)

    def states(self) -> dict[str, str]:
        """State of each gateway, as the check for calls to be scored sees it."""
        return {server: state for backend, server, state in self._rows() if backend != _ACCEPTING}

    def accepting(self) -> dict[str, str]:
        """State of each gateway, as the check for answers that can wait sees it."""
        return {server: state for backend, server, state in self._rows() if backend == _ACCEPTING}

    def wait(self, **states: str) -> None:
        """Wait until gateways are in these states, such as `a="UP"`."""
        _eventually(lambda: states.items() <= self.states().items(), self._said)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()
        self._short.cleanup()

    def _rows(self) -> list[tuple[str, str, str]]:
        """Backend, server and state, by HAProxy's own socket."""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(self._socket))
                connection.sendall(b"show stat -1 4 -1\n")
                text = connection.makefile().read()
        except OSError:
            return []
        header, *lines = text.removeprefix("# ").strip().splitlines()
        at = {name: number for number, name in enumerate(header.split(","))}
        rows = [line.split(",") for line in lines]
        return [(row[at["pxname"]], row[at["svname"]], row[at["status"]]) for row in rows]

    def _workers(self) -> set[int]:
        listing = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        return set(map(int, listing.split()))

    def _said(self) -> str:
        return f"{self._rows()}\n{self.log.read_text()[-2000:]}"


def _eventually(holds: Callable[[], bool], said: Callable[[], str]) -> None:
    deadline = time.monotonic() + _STATES_S
    while not holds():
        assert time.monotonic() < deadline, said()
        time.sleep(0.1)
