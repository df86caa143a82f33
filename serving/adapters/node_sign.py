"""A sign that the processes of a node show each other: a lock on a file, which the kernel takes back when one dies."""

from __future__ import annotations

import fcntl
import os
import struct
from pathlib import Path
from typing import Final

_NAME: Final = "answers-awaited"
_FLOCK: Final = struct.Struct("hhqqi4x")  # type, whence, start, length, pid: struct flock of 64-bit Linux


class NodeSign:
    """`Sign`: a read lock while it is shown. Nobody takes a write lock, one is only asked for, so nothing ever waits.

    POSIX locks belong to a process: make one of these in each.

    Args:
        run_dir: folder of this node's processes.
    """

    def __init__(self, run_dir: Path) -> None:
        run_dir.mkdir(parents=True, exist_ok=True)
        self._file = os.open(run_dir / _NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def show(self, busy: bool) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_SH | fcntl.LOCK_NB if busy else fcntl.LOCK_UN)

    def shown_elsewhere(self) -> bool:
        asked = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        kind, *_ = _FLOCK.unpack(fcntl.fcntl(self._file, fcntl.F_GETLK, asked))
        return bool(kind != fcntl.F_UNLCK)

    def close(self) -> None:
        """Take the sign back."""
        os.close(self._file)
