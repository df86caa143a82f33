"""Viva beside what a user would pick instead, and beside the raw engines, in alternating runs on one machine.

Usage: python -m benchmarks.yardsticks run --corpus DIR --stacks viva,litserve,raw --runs 5 --scenario offline
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Final

import click
from pydantic import TypeAdapter
from rich.console import Console
from rich.table import Table

from benchmarks.harness import corpus as corpora
from benchmarks.harness import result_file, scenario_file
from benchmarks.harness.core import BenchError, Modality
from benchmarks.harness.scenario import Scenario
from benchmarks.harness.shapes import Offline, Poisson, Server
from benchmarks.peers.settings import PeerSettings
from benchmarks.yardsticks_runs import Alternation, OneCompetency, StackRun
from benchmarks.yardsticks_stacks import NAMES, RAW, VIVA, Choices, check, names_of, running, settings_of
from benchmarks.yardsticks_summary import Yardsticks, results_of, summarise
from viva_client import VivaError

_FILE: Final = click.Path(path_type=Path, dir_okay=False)
_DEFAULT: Final = PeerSettings()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Compare stacks that serve the same pipeline and models."""


@main.command()
@click.option("--corpus", type=click.Path(path_type=Path), required=True, help="Folder of the answers.")
@click.option("--stacks", default=",".join(NAMES), show_default=True, help="Which; others are divided by the first.")
@click.option("--runs", type=click.IntRange(1, 1000), default=5, show_default=True, help="Rounds, each of every stack.")
@click.option("--scenario", default="offline", show_default=True, help="A file, or the name of a shipped one.")
@click.option(
    "--rate", type=click.FloatRange(0, min_open=True), help="Answers/s that every stack is offered (Poisson)."
)
@click.option("--count", type=click.IntRange(1, 1_000_000), help="Answers of a run. Default: the scenario's.")
@click.option(
    "--max-batch", type=click.IntRange(1, 64), default=_DEFAULT.max_batch, show_default=True, help="Of peers."
)
@click.option(
    "--max-wait-ms", type=click.IntRange(1), default=_DEFAULT.max_wait_ms, show_default=True, help="Of peers."
)
@click.option("--workers", type=click.IntRange(1, 256), default=_DEFAULT.workers, show_default=True, help="Of peers.")
@click.option("--viva-config", type=click.Path(exists=True, path_type=Path, dir_okay=False), help="Of stack `viva`.")
@click.option("--json", "json_path", type=_FILE, metavar="OUT.json", help="Write figures, ratios and scores.")
@click.option("--html", "html_path", type=_FILE, metavar="OUT.html", help="Write the comparison as a page.")
@click.option("--results", type=click.Path(path_type=Path, file_okay=False), help="Folder for a result of each stack.")
def run(
    corpus: Path,
    stacks: str,
    runs: int,
    scenario: str,
    rate: float | None,
    count: int | None,
    max_batch: int,
    max_wait_ms: int,
    workers: int,
    viva_config: Path | None,
    json_path: Path | None,
    html_path: Path | None,
    results: Path | None,
) -> None:
    """Run every stack once a round, each round in another order, on the same answers.

    A stack is started, warmed up, measured and stopped for each run. An answer that two stacks score differently makes
    the runs void.

    Exit code: 0, 1 the runs are void, 2 nothing could be measured.
    """
    console = Console(stderr=True)
    peer = PeerSettings(workers=workers, max_batch=max_batch, max_wait_ms=max_wait_ms)
    choices = Choices(viva_config, peer)
    try:
        names = names_of(stacks)
        asked = _asked(scenario_file.load(scenario_file.find(scenario)), runs, rate, count)
        if RAW in names and not isinstance(asked.arrivals, Offline):
            raise BenchError("--stacks: raw has no server to send to: it runs where all answers are there at once")
        check(names)
        answers = OneCompetency(corpora.load(corpus))
        done: dict[str, list[StackRun]] = {name: [] for name in names}
        for name, one in Alternation(asked, answers, names, runs, choices, console.print).run():
            done[name].append(one)
        found = summarise(asked, done, {name: settings_of(name, choices) for name in names})
        if json_path:
            json_path.parent.mkdir(parents=True, exist_ok=True)
            json_path.write_bytes(TypeAdapter(Yardsticks).dump_json(found, indent=1))
        made = results_of(asked, done)
        if results:
            for result in made:
                result_file.write(result, results / f"{result.target}.json")
        if html_path and found.ratios:  # void runs are not compared
            from benchmarks.harness.page import write_comparison

            write_comparison(made, html_path)
    except (BenchError, OSError) as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(2)
    _show(found)
    sys.exit(1 if found.void else 0)


@main.command()
@click.option(
    "--corpus", type=click.Path(path_type=Path), required=True, help="Folder of the answers; its texts count."
)
@click.option("--answers", type=click.IntRange(1, 1000), default=20, show_default=True, help="Texts that are sent.")
@click.option("--turns", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Times each is sent.")
@click.option("--viva-config", type=click.Path(exists=True, path_type=Path, dir_okay=False), help="For `viva up`.")
@click.option("--json", "json_path", type=_FILE, metavar="OUT.json", help="Write the figures.")
def routing(corpus: Path, answers: int, turns: int, viva_config: Path | None, json_path: Path | None) -> None:
    """Measure what routing adds to the model calls of a text answer, on a stack that does nothing else."""
    from benchmarks.peers.bare_triton.routing import Routing, measure

    try:
        samples = [one for one in corpora.load(corpus).samples if one.modality is Modality.TEXT][:answers]
        if not samples:
            raise BenchError(f"--corpus: {corpus} has no text answers")
        with (
            tempfile.TemporaryDirectory(prefix="yard-", dir="/tmp", ignore_cleanup_errors=True) as folder,
            running(VIVA, Choices(viva_config), Path(folder)) as stack,
        ):
            found = asyncio.run(measure(stack.address, Path(folder) / "data" / "run", samples, turns))
    except (BenchError, VivaError, OSError) as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(2)
    content = TypeAdapter(Routing).dump_json(found, indent=1)
    if json_path:
        json_path.parent.mkdir(parents=True, exist_ok=True)
        json_path.write_bytes(content)
    click.echo(content.decode())


def _asked(scenario: Scenario, runs: int, rate: float | None, count: int | None) -> Scenario:
    """The scenario as it is run: one rate for all stacks, where a search would find one for each."""
    shape = scenario.arrivals
    if isinstance(shape, Offline):
        if rate is not None:
            raise BenchError(f"--rate: {scenario.name} sends all answers at once")
        shape = replace(shape, count=count or shape.count)
    elif isinstance(shape, Server | Poisson):
        if isinstance(shape, Poisson):
            rate, total = rate or shape.rate_per_s, round(shape.rate_per_s * shape.duration_s)
        elif rate is None:
            raise BenchError(f"--rate: is required, since {scenario.name} searches a rate for one server alone")
        else:
            total = shape.count
        shape = Poisson("poisson", rate, (count or total) / rate)
    elif rate is not None or count is not None:
        raise BenchError(f"--rate and --count: {scenario.name} has a shape of arrivals of its own")
    if scenario.capacity_requests:
        raise BenchError(f"{scenario.name}: capacity_requests: every stack is offered the same rate; name it")
    return replace(scenario, arrivals=shape, repetitions=runs)


def _show(found: Yardsticks) -> None:
    console = Console()
    table = Table("stack", "answers/s", "goodput/s", "CPU s/answer", "eta", title=f"{found.cores} cores, medians")
    for name, stack in found.stacks.items():
        columns = ("throughput_per_s", "goodput_per_s", "cpu_s_per_answer", "eta")
        table.add_row(name, *(f"{stack.medians[key]:.3f}" if key in stack.medians else "-" for key in columns))
    console.print(table)
    for ratio in found.ratios:
        if ratio["ratio"] is not None and ratio["figure"] in ("throughput", "goodput", "p95"):
            line = (
                f"{ratio['target']}: {ratio['figure']} x {ratio['ratio']:.3f} ({ratio['low']:.3f}-{ratio['high']:.3f})"
            )
            console.print(line, markup=False)
    console.print(f"equal scores: {found.scores.compared - found.scores.different_count} of {found.scores.compared}")
    for line in found.void:
        console.print(f"void: {line}", style="bold red", markup=False)


if __name__ == "__main__":
    main()
