"""How a run goes, on stderr: a bar in a terminal, a line now and then in a log."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.harness.drive import Counts

_LOG_EVERY_S: Final = 10.0


@contextmanager
def run_progress(title: str, total: int) -> Iterator[Callable[[Counts], None]]:
    """Progress of one run; gives what is told the counts so far.

    Args:
        title: what runs: `server, 3.2/s`.
        total: requests.
    """
    console = Console(stderr=True, highlight=False)
    logged = time.monotonic()
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[facts]}"),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task(title, total=total, facts="")

        def show(counts: Counts) -> None:
            nonlocal logged
            facts = f"{counts.sent - counts.done} outstanding"
            if counts.done > counts.ok:
                facts += f", {counts.done - counts.ok} without an assessment"
            bar.update(task, completed=counts.done, facts=facts)
            if not console.is_terminal and time.monotonic() - logged >= _LOG_EVERY_S:
                logged = time.monotonic()
                console.print(f"{title}: {counts.done} of {total}, {facts}", markup=False, soft_wrap=True)

        yield show
