"""Leaving no process behind: orphans of our descendants become our children, and are ended with us."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from pathlib import Path
from typing import Final

_PR_SET_CHILD_SUBREAPER: Final = 36  # linux/prctl.h
_KILL_GRACE_S: Final = 5.0


def become_reaper() -> None:
    """From now on, a descendant whose parent dies is re-parented to this process and not to init."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def kill_descendants() -> None:
    """End every process below this one, and reap it."""
    deadline = time.monotonic() + _KILL_GRACE_S
    while (left := _below(os.getpid())) and time.monotonic() < deadline:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.02)


def _below(pid: int) -> list[int]:
    """All descendants of a process, leaves first."""
    found: list[int] = []
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, listing.read_text().split()):
                found += [*_below(child), child]
    return found
