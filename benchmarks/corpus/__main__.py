"""`viva bench corpus`, which is `python -m benchmarks.corpus` as well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.corpus.build import build
from benchmarks.corpus.plan import Settings
from benchmarks.harness.core import BenchError, Modality
from serving.domain.competency import LANGUAGES


class Weights(click.ParamType[Any]):
    """`name=number,...` with names of a set."""

    name = "weights"

    def __init__(self, *names: str) -> None:
        self._names = names

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, float]:
        if isinstance(value, dict):
            return value
        weights: dict[str, float] = {}
        for part in str(value).split(","):
            name, _, number = part.strip().partition("=")
            if name not in self._names or name in weights:
                self.fail(f"{part!r} does not name one of {', '.join(self._names)}, each at most once", param, ctx)
            try:
                weights[name] = float(number)
            except ValueError:
                self.fail(f"{part!r} has no number after '='", param, ctx)
        return weights


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("folder", metavar="OUT", type=click.Path(path_type=Path, file_okay=False))
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Equal seeds, equal corpus.")
@click.option("--count", type=int, default=60, show_default=True, help="Answers, 1 to 100000.")
@click.option(
    "--mix",
    type=Weights(*(modality.value for modality in Modality)),
    default="text=0.5,audio=0.3,video=0.2",
    show_default=True,
    help="Relative weights of modalities.",
)
@click.option(
    "--languages", type=Weights(*LANGUAGES), default="en=0.7,zh=0.3", show_default=True, help="Relative weights."
)
@click.option("--mean-seconds", type=float, default=120.0, show_default=True, help="Mean length of spoken answers.")
def main(
    folder: Path, seed: int, count: int, mix: dict[str, float], languages: dict[Any, float], mean_seconds: float
) -> None:
    """Write a corpus of answers to measure with into the folder OUT.

    What is in it and how it is made: docs/benchmark-corpus.md.
    """
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        settings = Settings(
            seed, count, {Modality(name): weight for name, weight in mix.items()}, languages, mean_seconds
        )
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("making answers", total=count)
            manifest = build(settings, folder, lambda _: progress.advance(task))
    except BenchError as error:
        raise click.UsageError(str(error)) from error
    seconds = sum(entry.duration_s for entry in manifest.samples)
    click.echo(f"{folder}: {count} answers, {seconds / 60:.1f} minutes of media, plan {manifest.plan_sha256[:12]}")


if __name__ == "__main__":
    main()
