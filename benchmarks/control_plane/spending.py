"""CPU and memory of the processes below this one, by what they do."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Mapping
from typing import Final

import psutil

# What is found in a command line, first match first.
_GROUPS: Final[Mapping[str, str]] = {
    "ServeReplica:viva:Gateway": "gateway",
    "ServeReplica:viva:Scorer": "scorers",
    "ServeReplica:viva:Node": "node",
    "benchmarks.control_plane.vendor": "generator",
    "benchmarks.control_plane.stack": "ray",
    "postgres": "postgres",
}
_REST: Final = "ray"  # its daemons, and Serve's controller
_SELF: Final = "supervisor"


class Spending:
    """CPU seconds since it was made. `look` must be called every few seconds: what a process spends between the last
    look and its end is lost."""

    def __init__(self) -> None:
        self._me = psutil.Process()
        self._groups: dict[psutil.Process, str] = {}
        self._cpu_s: dict[psutil.Process, float] = {}
        self.look()
        self._before = self._sums()

    def look(self) -> None:
        """Read the clocks of all processes."""
        for process in (self._me, *self._me.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                if process not in self._groups:
                    self._groups[process] = self._group(process)
                spent = process.cpu_times()
                self._cpu_s[process] = spent.user + spent.system

    @property
    def cpu_s(self) -> dict[str, float]:
        """Seconds of each group."""
        return {name: seconds - self._before.get(name, 0.0) for name, seconds in sorted(self._sums().items())}

    def memory_mib(self) -> dict[str, float]:
        """Proportional set size of each group now, MiB: pages that are shared count once."""
        found: Counter[str] = Counter()
        for process, group in self._groups.items():
            with contextlib.suppress(psutil.Error):
                found[group] += process.memory_full_info().pss
        return {name: round(size / 2**20, 1) for name, size in sorted(found.items())}

    def _sums(self) -> dict[str, float]:
        sums: dict[str, float] = {}
        for process, seconds in self._cpu_s.items():
            group = self._groups[process]
            sums[group] = sums.get(group, 0.0) + seconds
        return sums

    def _group(self, process: psutil.Process) -> str:
        if process == self._me:
            return _SELF
        command = " ".join(process.cmdline())
        return next((group for mark, group in _GROUPS.items() if mark in command), _REST)
