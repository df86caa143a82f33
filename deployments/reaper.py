"""Leaving no process behind: orphans of our descendants become our children, and are ended with us."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PR_SET_CHILD_SUBREAPER: Final = 36  # linux/prctl.h
_PR_GET_CHILD_SUBREAPER: Final = 37
_KILL_GRACE_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Process:
    """A process, told from later ones of the same id by its start."""

    pid: int
    started: int  # clock ticks since boot


@contextlib.contextmanager
def adopting(*, spare_own_group: bool = False) -> Iterator[None]:
    """Inside, a descendant whose parent dies is re-parented to this process and not to init; at the end, all that came
    below this process meanwhile is killed and reaped.

    Args:
        spare_own_group: leave children in this process's own process group alone: they are the caller's, where what
            is to be ended was started in a group of its own.
    """
    libc = ctypes.CDLL(None)
    adopted = ctypes.c_int()
    libc.prctl(_PR_GET_CHILD_SUBREAPER, ctypes.byref(adopted))
    before = children()
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)
    try:
        yield
    finally:
        group = os.getpgrp() if spare_own_group else None
        end_children(lambda child: child in before or group_of(child) == group)
        libc.prctl(_PR_SET_CHILD_SUBREAPER, adopted.value)


def end_children(spares: Callable[[Process], bool]) -> None:
    """Kill and reap every child that is not spared, with all below it; rounds, since the orphans of each come to us."""
    deadline = time.monotonic() + _KILL_GRACE_S
    while time.monotonic() < deadline:
        doomed = [child for child in children() if not spares(child)]
        if not doomed:
            return
        for child in doomed:
            for pid in (*(below.pid for below in _below(child.pid)), child.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child.pid, os.WNOHANG)
        time.sleep(0.02)


def _below(pid: int) -> list[Process]:
    """All descendants of a process, leaves first."""
    return [process for child in _children(pid) for process in (*_below(child.pid), child)]


def _children(pid: int) -> list[Process]:
    found = []
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, listing.read_text().split()):
                if stat := _stat(child):
                    found.append(Process(child, int(stat[19])))
    return found


def children() -> frozenset[Process]:
    """Children of this process."""
    return frozenset(_children(os.getpid()))


def group_of(process: Process) -> int | None:
    """Process group of a process, None when it is gone."""
    stat = _stat(process.pid)
    return int(stat[2]) if stat else None


def _stat(pid: int) -> list[str] | None:
    """Fields of /proc/PID/stat from the third (state) on, see proc_pid_stat(5); None when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
