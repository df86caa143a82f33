"""CPU and memory of the machine and of trees of processes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import psutil

from benchmarks.harness.core import BenchError
from benchmarks.harness.result import Track

_MEMORY_EVERY: Final = 5  # samples: proportional memory costs the kernel a walk over all pages of a process


@dataclass(frozen=True, slots=True)
class Tree:
    """Processes and all below them.

    Attributes:
        label: in results.
        pid: root of the tree; None: every process whose command line matches is a root.
        pattern: regular expression, searched for in command lines.
    """

    label: str
    pid: int | None = None
    pattern: str = ""


def parse_tree(text: str) -> Tree:
    """`PID`, or `LABEL=PID`.

    Raises:
        BenchError: no number, or no such process.
    """
    label, _, number = text.rpartition("=")
    try:
        pid = int(number)
    except ValueError:
        raise BenchError(f"--pid {text}: {number!r} is no process id; give PID or LABEL=PID") from None
    if not psutil.pid_exists(pid):
        raise BenchError(f"--pid {text}: there is no process {pid}")
    return Tree(label or number, pid)


def parse_match(text: str) -> Tree:
    """A pattern of command lines, or `LABEL=PATTERN`.

    Raises:
        BenchError: no regular expression, or nothing matches.
    """
    label, separator, pattern = text.partition("=")
    tree = Tree(label, pattern=pattern) if separator else Tree(text, pattern=text)
    try:
        found = next(_roots(tree), None)
    except re.error as error:
        raise BenchError(f"--match {text}: no regular expression: {error}") from None
    if found is None:
        raise BenchError(f"--match {text}: no process has such a command line")
    return tree


@dataclass
class Resources:
    """Samples of the machine and of trees; each call of `sample` adds one."""

    trees: Sequence[Tree]
    _points: dict[tuple[str, str], list[tuple[float, float]]] = field(default_factory=dict)
    _cpu_s: dict[str, dict[psutil.Process, float]] = field(default_factory=dict)
    _machine_s: float | None = None
    _last_s: float = 0.0
    _samples: int = 0

    def sample(self, at_s: float) -> None:
        """Look now, `at_s` seconds from the start of the run."""
        busy_s = _busy_s()
        elapsed_s = at_s - self._last_s
        first, self._last_s = self._machine_s is None, at_s
        if self._machine_s is not None and elapsed_s > 0:
            self._add("machine_cpu_cores", "", at_s, (busy_s - self._machine_s) / elapsed_s)
        self._machine_s = busy_s
        self._add("machine_memory_bytes", "", at_s, float(psutil.virtual_memory().used))
        for tree in self.trees:
            members = _members(tree)
            spent = {process: cpu_s for process in members if (cpu_s := _cpu_s(process)) is not None}
            before = self._cpu_s.get(tree.label, {})
            self._cpu_s[tree.label] = spent
            if not first and elapsed_s > 0:
                # A process that ended in between takes what it spent since the last look with it.
                gained_s = sum(max(0.0, cpu_s - before.get(process, 0.0)) for process, cpu_s in spent.items())
                self._add("process_cpu_cores", tree.label, at_s, gained_s / elapsed_s)
            if self._samples % _MEMORY_EVERY == 0:
                sizes = [size for process in members if (size := _memory(process)) is not None]
                self._add("process_rss_bytes", tree.label, at_s, float(sum(rss for rss, _ in sizes)))
                self._add("process_pss_bytes", tree.label, at_s, float(sum(pss for _, pss in sizes)))
        self._samples += 1

    def tracks(self) -> list[Track]:
        """Everything seen so far."""
        return [
            Track(name, {"tree": tree} if tree else {}, tuple(at for at, _ in points), tuple(v for _, v in points))
            for (name, tree), points in self._points.items()
        ]

    def _add(self, name: str, tree: str, at_s: float, value: float) -> None:
        self._points.setdefault((name, tree), []).append((at_s, value))


def _roots(tree: Tree) -> Iterator[psutil.Process]:
    if tree.pid is not None:
        if psutil.pid_exists(tree.pid):
            yield psutil.Process(tree.pid)
        return
    pattern, own = re.compile(tree.pattern), psutil.Process().pid
    for process in psutil.process_iter(["cmdline"]):
        if process.pid != own and pattern.search(" ".join(process.info["cmdline"] or ())):
            yield process


def _members(tree: Tree) -> set[psutil.Process]:
    found: set[psutil.Process] = set()
    for root in _roots(tree):
        try:
            found |= {root, *root.children(recursive=True)}
        except psutil.Error:
            continue  # it has ended since
    return found


def _cpu_s(process: psutil.Process) -> float | None:
    try:
        spent = process.cpu_times()
    except psutil.Error:
        return None
    return float(spent.user + spent.system)


def _memory(process: psutil.Process) -> tuple[int, int] | None:
    try:
        size = process.memory_full_info()
    except psutil.Error:
        return None
    return int(size.rss), int(size.pss)


def _busy_s() -> float:
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - times.iowait - getattr(times, "guest", 0) - getattr(times, "guest_nice", 0))
