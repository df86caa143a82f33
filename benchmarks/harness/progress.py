"""How a run goes, on stderr: a bar in a terminal, a line now and then in a log."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Final, Literal

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.harness.drive import Counts

_LOG_EVERY_S: Final = 10.0


class RunProgress:
    """Progress of one run.

    Args:
        title: what runs: `server, 3.2/s`.
        total: requests.
    """

    def __init__(self, title: str, total: int) -> None:
        self._title = title
        self._total = total
        self._logged = time.monotonic()
        self._console = Console(stderr=True, highlight=False)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[facts]}"),
            TimeElapsedColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task(title, total=total, facts="")

    def show(self, counts: Counts) -> None:
        """The counts so far."""
        facts = f"{counts.sent - counts.done} outstanding"
        if counts.done > counts.ok:
            facts += f", {counts.done - counts.ok} without an assessment"
        self._bar.update(self._task, completed=counts.done, facts=facts)
        if not self._console.is_terminal and time.monotonic() - self._logged >= _LOG_EVERY_S:
            self._logged = time.monotonic()
            line = f"{self._title}: {counts.done} of {self._total}, {facts}"
            self._console.print(line, markup=False, soft_wrap=True)

    def __enter__(self) -> RunProgress:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> Literal[False]:
        self._bar.stop()
        return False
