"""Media on its way to the server, with a progress bar."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from deployments.cli.output import err

if TYPE_CHECKING:
    from viva_client import VivaClient

_TIMEOUT_S: Final = 3_600.0  # 200 MB at half a megabit a second

Upload = Callable[[Path, str], str]


@contextmanager
def uploads(client: VivaClient) -> Iterator[Upload]:
    """A function that stores a file for an interview and returns its SHA-256. Each file in flight has its bar.

    Safe to call from several threads at a time. It raises `VivaError` and `OSError`.
    """
    console = err()
    bars = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )

    def upload(file: Path, interview: str) -> str:
        bar = bars.add_task(file.name, total=None)
        try:
            stored = client.answers.within(_TIMEOUT_S).upload_media(
                file, interview, progress=lambda sent, total: bars.update(bar, completed=sent, total=total)
            )
            return str(stored.sha256)
        finally:
            bars.remove_task(bar)

    with bars:
        yield upload
