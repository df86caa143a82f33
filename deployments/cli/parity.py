"""`viva models parity`: two configurations or versions of the models, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from rich.markup import escape
from rich.table import Table

from deployments.cli.output import Failure, UsageFailure, err, out

if TYPE_CHECKING:
    from deployments.parity.comparison import Parity

_LIMIT: Final = 0.05
_EXTRAS: Final = "parity needs the `build` and `bench` extras: pip install 'viva[build,bench]' ({})"


@click.command(
    epilog="\b\nExamples:\n  viva models parity cpu fp16\n  viva models parity cpu /mnt/models-next --limit 0.3\n"
    "  viva models parity cpu sm90"
)
@click.argument("first")
@click.argument("second")
@click.option("--texts", type=click.IntRange(1), default=40, show_default=True, help="Texts of each language.")
@click.option("--media/--no-media", default=True, show_default=True, help="Recordings and faces too.")
@click.option(
    "--limit", type=click.FloatRange(0), default=_LIMIT, show_default=True, help="Most that a score may move, of 10."
)
@click.option("--json", "json_path", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures.")
def parity(first: str, second: str, texts: int, media: bool, limit: float, json_path: Path | None) -> None:
    """Compare FIRST with SECOND on real speech, faces and texts: every output of every model, and the scores.

    Each is `cpu`; `fp16`, the graphs in the precision of their engines, run by ONNX Runtime; a GPU's hardware, such as
    `sm90`, on a machine that has it; or the folder of another model repository.

    Exit code 1: a score moved by more than --limit, or is there in one of them alone.
    """
    if json_path:  # before minutes of work
        try:
            json_path.parent.mkdir(parents=True, exist_ok=True)
            json_path.touch()
        except OSError as error:
            raise UsageFailure(f"--json {json_path}: {error.strerror}") from None
    found = _compared(first, second, texts, media)
    if json_path:
        from pydantic import TypeAdapter

        json_path.write_bytes(TypeAdapter(type(found)).dump_json(found, indent=1))
    _print(found)
    drift = found.drift
    if drift.lost:
        raise Failure(f"{drift.lost} scores are there in one of them alone")
    if not drift.largest <= limit:
        raise Failure(f"a score moved by {drift.largest:.3f}, the limit is {limit:g}: {drift.worst}")


def _compared(first: str, second: str, texts: int, media: bool) -> Parity:
    import asyncio
    import tempfile

    try:
        from deployments.parity.comparison import compare
        from deployments.parity.golden import golden_answers
        from deployments.parity.variants import find_variant
    except ModuleNotFoundError as error:
        raise Failure(_EXTRAS.format(error)) from None
    from deployments.models.errors import CatalogueError, ModelBuildError
    from serving.domain.errors import VivaError

    console = err()
    # Short: the servers' sockets lie below it.
    with tempfile.TemporaryDirectory(prefix="vp-", dir="/tmp") as name, console.status("making the golden set") as live:

        def folder(part: str) -> Path:
            made = Path(name) / part
            made.mkdir()
            return made

        try:
            variants = [find_variant(one, folder(f"v{place}")) for place, one in enumerate((first, second))]
            answers = golden_answers(folder("golden"), texts, media)
            return asyncio.run(
                compare(variants[0], variants[1], answers, folder("run"), lambda text: live.update(escape(text)))
            )
        except ModuleNotFoundError as error:  # of Pillow, when the golden set is made
            raise Failure(_EXTRAS.format(error)) from None
        except CatalogueError as error:
            raise UsageFailure(str(error)) from None
        except (ModelBuildError, VivaError, OSError) as error:
            raise Failure(" ".join(str(error).split())) from None


def _print(found: Parity) -> None:
    table = Table(box=None, pad_edge=False, title=f"{found.second} for the inputs of {found.first}")
    for title in ("Model", "Output", "Rows", "Not bit for bit", "Largest error", "of"):
        table.add_column(title, justify="left" if title in ("Model", "Output") else "right", overflow="fold")
    for one in found.outputs:
        error = "-" if one.largest is None else f"{one.largest:.2g}"
        scale = "-" if one.largest is None else f"{one.scale:.3g}"
        table.add_row(one.model, one.output, f"{one.rows:,}", f"{one.differing / max(1, one.rows):.1%}", error, scale)
    out().print(table)
    drift = found.drift
    out().print(
        f"\n{drift.scores} scores of {found.answers} answers: they moved by {drift.mean:.4f} of 10 on average, "
        f"{drift.largest:.4f} at most",
        soft_wrap=True,
    )
    if drift.largest:
        out().print(escape(f"most: {drift.worst}"), soft_wrap=True)
