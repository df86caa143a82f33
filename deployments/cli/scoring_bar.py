"""Progress of answers that the server scores, on stderr: a bar in a terminal, a line now and then in a log."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Final, Literal

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deployments.cli.output import err

_LOG_EVERY_S: Final = 5.0


class ScoringBar:
    """Shows how many of `total` answers are done, over batches that are waited for one after another.

    Enter it for each wait, and print nothing meanwhile.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._earlier = 0
        self._logged = time.monotonic()
        self._console = err()
        self._bar = Progress(
            TextColumn("scoring"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
            transient=True,
        )
        self._task = self._bar.add_task("scoring", total=total)

    def show(self, done: int) -> None:
        """Answers of this batch that are done."""
        done += self._earlier
        self._bar.update(self._task, completed=done)
        if not self._console.is_terminal and time.monotonic() - self._logged >= _LOG_EVERY_S:
            self._logged = time.monotonic()
            self._console.print(f"{done} of {self._total} done")

    def next_batch(self, done: int) -> None:
        """This batch is over."""
        self.show(done)
        self._earlier += done

    def __enter__(self) -> ScoringBar:
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
