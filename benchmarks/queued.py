"""Does an answer cost more when many wait? Seconds an answer with 1, 4, 16 and 32 times as many queued at once.

Usage: python -m benchmarks.queued --corpus DIR --runs 5
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

import click
from pydantic import TypeAdapter
from rich.console import Console
from rich.table import Table

from benchmarks.harness import corpus as corpora
from benchmarks.harness import scenario_file
from benchmarks.harness.core import BenchError, Modality, Outcome, Sample
from benchmarks.harness.resources import Tree
from benchmarks.harness.result import process_cpu_s
from benchmarks.harness.session import Session
from benchmarks.harness.shapes import Offline
from benchmarks.harness.target_viva import VivaTarget
from benchmarks.viva_up import viva_up
from viva_client import VivaError

_TREE: Final = "stack"


@dataclass(frozen=True, slots=True)
class Repeated:
    """All answers in random order, and again as often as it takes: twice as many are exactly twice the work."""

    samples: tuple[Sample, ...]

    def draw(self, count: int, seed: int, mix: dict[Modality, float] | None = None) -> tuple[Sample, ...]:
        """See `Draws`; the mix is that of the samples."""
        dice, drawn = random.Random(f"repeated {seed}"), list[Sample]()
        while len(drawn) < count:
            drawn += dice.sample(self.samples, len(self.samples))
        return tuple(drawn[:count])


@dataclass(frozen=True, slots=True)
class Depth:
    """Runs with equally many answers.

    Attributes:
        times: how many times the base.
        wall_s: seconds an answer, of each run; cpu_s: CPU seconds an answer, of all processes of the stack.
        of_first: median of the ratios of `wall_s` to that of the shallowest queue in the same round.
    """

    times: int
    answers: int
    wall_s: tuple[float, ...]
    cpu_s: tuple[float, ...]
    of_first: float


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--corpus", type=click.Path(path_type=Path), required=True, help="Folder of the answers.")
@click.option("--base", type=click.IntRange(1), help="Answers of depth 1. Default: the corpus once.")
@click.option("--times", default="1,4,16,32", show_default=True, help="Depths, as multiples of the base.")
@click.option("--runs", type=click.IntRange(1, 1000), default=5, show_default=True, help="Rounds, each of every depth.")
@click.option("--only", type=click.Choice([one.value for one in Modality]), help="Answers of one kind.")
@click.option("--json", "json_path", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures.")
def main(corpus: Path, base: int | None, times: str, runs: int, only: str | None, json_path: Path | None) -> None:
    """Queue answers at once on a warm stack, and see how long each takes as their number grows.

    What is refused comes again when it is told to: the question is what waiting costs, and not what fits.

    Exit code: 0, 2 nothing could be measured.
    """
    try:
        depths = _depths(times)
        samples = tuple(one for one in corpora.load(corpus).samples if only in (None, one.modality.value))
        if not samples:
            raise BenchError(f"--only: {corpus} has no {only} answers")
        found = _measured(based(samples, base or len(samples)), depths, runs)
    except (BenchError, VivaError, OSError) as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(2)
    if json_path:
        json_path.parent.mkdir(parents=True, exist_ok=True)
        json_path.write_bytes(TypeAdapter(tuple[Depth, ...]).dump_json(found, indent=1))
    table = Table("queued", "s/answer", "of the first", "CPU s/answer", title=f"medians of {runs} runs")
    for one in found:
        wall_s, cpu_s = statistics.median(one.wall_s), statistics.median(one.cpu_s)
        table.add_row(f"{one.answers}", f"{wall_s:.4f}", f"{one.of_first:.3f}", f"{cpu_s:.4f}")
    Console().print(table)


def based(samples: tuple[Sample, ...], base: int) -> tuple[Sample, ...]:
    """The answers of depth 1: some of the corpus's, or all of them several times.

    Raises:
        BenchError: all of them do not make up `base`: deeper queues would not be multiples of the same work.
    """
    times, left = divmod(base, len(samples))
    if times and left:
        raise BenchError(f"--base: {base} is no multiple of the {len(samples)} answers that there are")
    return samples * times or samples[:base]


def _depths(text: str) -> tuple[int, ...]:
    try:
        depths = tuple(int(one) for one in text.split(","))
    except ValueError:
        raise BenchError(f"--times: {text!r} is not whole numbers, separated by commas") from None
    if min(depths) < 1 or len(set(depths)) != len(depths):
        raise BenchError(f"--times: {text!r}: each must be at least 1, and none there twice")
    return depths


def _measured(samples: tuple[Sample, ...], depths: Sequence[int], runs: int) -> tuple[Depth, ...]:
    base = len(samples)
    offline = scenario_file.load(scenario_file.find("offline"))
    wall_s: dict[int, list[float]] = {depth: [] for depth in depths}
    cpu_s: dict[int, list[float]] = {depth: [] for depth in depths}
    with (
        tempfile.TemporaryDirectory(prefix="queued-", dir="/tmp", ignore_cleanup_errors=True) as folder,
        viva_up(None, Path(folder)) as stack,
    ):
        for number in range(runs):
            first = number % len(depths)
            for depth in (*depths[first:], *depths[:first]):
                session = Session(
                    scenario=replace(offline, arrivals=Offline("offline", base * depth)),
                    corpus=Repeated(samples),
                    factory=partial(VivaTarget, stack.address, handed_over_again=True),
                    target=f"{base * depth} queued",
                    trees=[Tree(_TREE, stack.pid)],
                )
                run = session.one(number)
                if run.total.outcomes.get(Outcome.OK, 0) < base * depth:
                    codes = ", ".join(f"{count} {code}" for code, count in sorted(run.total.codes.items()))
                    raise BenchError(f"{base * depth} queued, run {number + 1}: not every answer was scored ({codes})")
                wall_s[depth].append(1 / run.total.throughput_per_s)
                cpu_s[depth].append(process_cpu_s(run, _TREE) / (base * depth))
    shallow = wall_s[min(depths)]
    return tuple(
        Depth(
            depth,
            base * depth,
            tuple(wall_s[depth]),
            tuple(cpu_s[depth]),
            statistics.median(one / other for one, other in zip(wall_s[depth], shallow, strict=True)),
        )
        for depth in depths
    )


if __name__ == "__main__":
    main()
