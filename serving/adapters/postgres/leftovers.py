"""Processes of a server whose postmaster was killed: a backend lives until it next waits, and blocks a new server."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

_POLL_S: Final = 0.01
_KILLED_S: Final = 5.0


def end(tag: str, uid: int, grace_s: float = 0.0) -> None:
    """Return when no process of the server remains; those that have not ended after `grace_s` seconds are killed.

    Killing them is safe once the postmaster is gone: what they had committed is in the write-ahead log.

    Args:
        tag: the server's `cluster_name`, unique on this host. The caller holds the lock of its folder.
        uid: user that the server runs as.
    """
    kill_at = time.monotonic() + grace_s
    while pids := _of(tag, uid):
        if (now := time.monotonic()) >= kill_at:
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        if now >= kill_at + _KILLED_S:  # in the kernel's hands; the server tells when it cannot start because of them
            return
        time.sleep(_POLL_S)


def _of(tag: str, uid: int) -> list[int]:
    """By command line, the one thing about another user's process that an unprivileged root may read."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            with suppress(OSError):  # it has ended
                if process.stat().st_uid == uid and _carries(tag, (process / "cmdline").read_bytes()):
                    found.append(int(process.name))
    return found


def _carries(tag: str, command_line: bytes) -> bool:
    """Whether it is the server's main process, or a child, which calls itself `postgres: TAG: what it does`."""
    if command_line.startswith(f"postgres: {tag}: ".encode()):
        return True
    arguments = command_line.split(b"\0")
    return arguments[0].endswith(b"/postgres") and f"cluster_name={tag}".encode() in arguments
