"""POSIX shared memory by name: who owns a region, and how to get rid of what the dead have left.

Every name starts with `viva_<pid>_<start>_`, the owner's process id and start time (in kernel ticks), so that a
region of a process that is gone can be told from one of a new process under the same id.
"""

from __future__ import annotations

import mmap
import os
import re
from pathlib import Path

SHM_DIR = Path("/dev/shm")
SHM_PREFIX = "viva_"
_OWNED = re.compile(r"(?P<pid>\d+)_(?P<start>\d+)_")


def owner_prefix(prefix: str = SHM_PREFIX) -> str:
    """Prefix of the names of regions that this process owns."""
    pid = os.getpid()
    return f"{prefix}{pid}_{_start_ticks(pid)}_"


def owner_is_alive(name: str, prefix: str = SHM_PREFIX) -> bool:
    """Whether the process that the region's name tells of still runs; True when the name does not tell."""
    match = _OWNED.match(name, len(prefix)) if name.startswith(prefix) else None
    if match is None:
        return True
    return _start_ticks(int(match["pid"])) == int(match["start"])


def sweep(prefix: str) -> int:
    """Unlink every region whose name starts with `prefix`; returns how many went."""
    return sum(_unlink(path) for path in SHM_DIR.glob(f"{prefix}*"))


def sweep_stale(prefix: str = SHM_PREFIX) -> int:
    """Unlink the regions below `prefix` whose owners are dead; returns how many went."""
    stale = [path for path in SHM_DIR.glob(f"{prefix}*") if not owner_is_alive(path.name, prefix)]
    return sum(_unlink(path) for path in stale)


def create_region(name: str, byte_size: int) -> mmap.mmap:
    """Create and map a region of `byte_size` bytes, its pages reserved.

    Raises:
        OSError: the name exists, or shared memory has no room (ENOSPC).
    """
    path = SHM_DIR / name
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        # Reserving the pages makes a full /dev/shm an error here instead of a SIGBUS at the first write.
        os.posix_fallocate(descriptor, 0, byte_size)
        return mmap.mmap(descriptor, byte_size)
    except OSError:
        unlink_region(name)
        raise
    finally:
        os.close(descriptor)


def unlink_region(name: str) -> None:
    """Remove the name; mappings of the region stay valid. No error if it is gone."""
    _unlink(SHM_DIR / name)


def _unlink(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def _start_ticks(pid: int) -> int | None:
    """Start time of a process in ticks since boot, field 22 of proc(5)'s stat; None when there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(stat.rpartition(")")[2].split()[19])  # fields are counted after the name, which may hold spaces
