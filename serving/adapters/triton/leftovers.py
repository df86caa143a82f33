"""Empty folders that a killed tritonserver leaves in /tmp.

Triton's python backend makes a `python_env_XXXXXX` for each model, under a path that cannot be configured, and removes
it when it ends in order. We ship no packed environments, so that ours stay empty. No folder tells who made it; but what
was there before we looked at the processes was made by one of those, so that it has no owner once none of them is such
a server. While any runs, ours or not, all folders stay, and the next start looks again.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path

_log = logging.getLogger(__name__)

_PATTERN = "python_env_??????"
_LIBRARY = "libtriton_python.so"
_SERVER = "tritonserver"


def remove_ownerless_environments(folder: Path = Path("/tmp"), library: str = _LIBRARY) -> int:
    """Remove this user's empty leftovers in `folder` if no process has `library` mapped; returns how many went.

    Assumes that whoever shares `folder` shares the process table, as in one container or on one host.
    """
    # Before the look at the processes, and not after it: see the module's docstring.
    mine = [path for path in folder.glob(_PATTERN) if _is_mine(path)]
    if not mine or _is_mapped(library):
        return 0
    removed = 0
    for path in mine:
        with suppress(OSError):  # not empty, or gone
            path.rmdir()
            removed += 1
    _log.info("removed %d empty folders of a model server that was killed", removed)
    return removed


def _is_mine(path: Path) -> bool:
    with suppress(FileNotFoundError):
        status = path.lstat()
        return status.st_uid == os.geteuid()
    return False


def _is_mapped(library: str) -> bool:
    """Whether a process of this user has a file of that name mapped."""
    return any(process.name.isdigit() and _maps(process, library) for process in Path("/proc").iterdir())


def _maps(process: Path, library: str) -> bool:
    with suppress(FileNotFoundError, ProcessLookupError):  # it has ended
        if process.stat().st_uid != os.geteuid():
            return False
        try:
            return f"/{library}" in (process / "maps").read_text(errors="replace")
        except PermissionError:  # it hides its memory, which a plain server does not; its name is open
            return (process / "comm").read_text().strip() == _SERVER
    return False
