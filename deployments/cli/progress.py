"""Progress of `viva batch` on stderr: a bar in a terminal, a line now and then in a log."""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType
from typing import Final, Literal

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deployments.cli.output import err

_LOG_EVERY_S: Final = 5.0


class BatchProgress:
    """Counts results and shows rate and time left.

    Attributes:
        errors: lines with an error, those of earlier runs included.
    """

    def __init__(self, total: int, output: Path) -> None:
        self.errors = 0
        self._total = total
        self._output = output
        self._kept = 0
        self._done = 0
        self._started = self._logged = time.monotonic()
        self._console = err()
        self._bar = Progress(
            TextColumn("scoring"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[facts]}"),
            TimeElapsedColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("scoring", total=total, facts="")

    def keep(self, count: int, errors: int) -> None:
        """Results of earlier runs: shown as done, not counted in the rate."""
        self._kept, self.errors = count, errors
        self._bar.update(self._task, completed=count)
        if count:
            self._print(f"{count} of {self._total} were there already")

    def advance(self, failed: bool) -> None:
        """One more result."""
        self._done += 1
        self.errors += failed
        facts = self._facts()
        self._bar.update(self._task, advance=1, facts=facts)
        if not self._console.is_terminal and time.monotonic() - self._logged >= _LOG_EVERY_S:
            self._logged = time.monotonic()
            self._print(f"{self._kept + self._done} of {self._total}, {facts}")

    def _facts(self) -> str:
        rate = self._done / max(time.monotonic() - self._started, 1e-3)
        left_s = max(0, self._total - self._kept - self._done) / rate if rate else 0
        errors = f", {_count(self.errors, 'error')}" if self.errors else ""
        return f"{rate:.1f}/s, {left_s:.0f} s left{errors}"

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, soft_wrap=True)

    def __enter__(self) -> BatchProgress:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> Literal[False]:
        self._bar.stop()
        seconds = time.monotonic() - self._started
        done = self._kept + self._done
        if kind is None:
            self._print(f"{_count(done, 'line')}, {_count(self.errors, 'error')}, {seconds:.1f} s: {self._output}")
        else:
            self._print(f"stopped after {done} of {self._total}; the same command goes on from there")
        return False


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
