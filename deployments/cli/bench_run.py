"""`viva bench run` and `viva bench scenarios`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deployments.cli.options import Server, server_options
from deployments.cli.output import UsageFailure, err, out

if TYPE_CHECKING:
    from benchmarks.harness.generators import Factory
    from benchmarks.harness.plan import Draws
    from benchmarks.harness.result import Result
    from benchmarks.harness.scenario import Scenario
    from benchmarks.viva_up import Running

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(
    epilog="""\b
Examples:
  viva bench corpus out/corpus
  viva bench run server --corpus out/corpus --metrics http://127.0.0.1:18502/metrics --html out/server.html
  viva bench run soak --corpus out/corpus --up --html out/soak.html
  viva bench run my-scenario.yaml --null        what the harness itself can do
"""
)
@click.argument("scenario")
@click.option("--corpus", type=click.Path(path_type=Path), help="Folder of the answers. Default: the scenario's.")
@click.option("--json", "json_path", type=_FILE, metavar="OUT.json", help="Write the result.")
@click.option("--html", "html_path", type=_FILE, metavar="OUT.html", help="Write the result as a page.")
@click.option("--raw", type=_FILE, metavar="OUT.jsonl.gz", help="Append every observation.")
@click.option("--metrics", multiple=True, metavar="URL", help="Prometheus page of the server; may be repeated.")
@click.option("--pid", multiple=True, metavar="[LABEL=]PID", help="Process tree whose CPU and memory are recorded.")
@click.option("--match", multiple=True, metavar="[LABEL=]REGEX", help="The same, by command line.")
@click.option("--capacity", type=click.FloatRange(min=0, min_open=True), help="Answers/s that rates are multiples of.")
@click.option("--repetitions", type=click.IntRange(1, 1000), help="Runs. Default: the scenario's.")
@click.option("--generators", type=click.IntRange(1, 64), help="Processes that send. Default: the scenario's.")
@click.option("--channels", type=click.IntRange(1, 256), default=4, show_default=True, help="Connections of each.")
@click.option("--up", is_flag=True, help="Start the stack for the run and end it; record its metrics, CPU and memory.")
@click.option("--config", type=_FILE, help="Configuration of the stack that --up starts.")
@click.option("--null", is_flag=True, help="Send nothing: measure the harness itself. Needs no corpus.")
@click.option("--null-median", type=click.FloatRange(0), default=0.0, metavar="SECONDS", help="Its service time.")
@click.option("--null-sigma", type=click.FloatRange(0, 3), default=0.0, help="Sigma of its logarithm (log-normal).")
@server_options(wait_s=0, wait_option=False)
def run(
    scenario: str,
    corpus: Path | None,
    json_path: Path | None,
    html_path: Path | None,
    raw: Path | None,
    metrics: tuple[str, ...],
    pid: tuple[str, ...],
    match: tuple[str, ...],
    capacity: float | None,
    repetitions: int | None,
    generators: int | None,
    channels: int,
    up: bool,
    config: Path | None,
    null: bool,
    null_median: float,
    null_sigma: float,
    server: Server,
) -> int:
    """Run SCENARIO, a file or the name of a shipped one, against the server.

    Exit code: 0 every SLO held, 1 one did not or a run is void, 2 nothing could be measured: an unknown key or an
    impossible SLO, no corpus, no server.
    """
    from benchmarks.harness import resources, result_file
    from benchmarks.harness.core import BenchError
    from benchmarks.harness.session import Session

    if up and null:
        raise click.UsageError("--up and --null exclude each other")
    if config and not up:
        raise click.UsageError("--config is of the stack that --up starts")
    try:
        asked = _scenario(scenario, repetitions, generators)
        answers = _corpus(asked, corpus, null)
        factory = _null(null_median, null_sigma) if null else _viva(server, channels)
        trees = [resources.parse_tree(one) for one in pid] + [resources.parse_match(one) for one in match]
        address, pages = server.address, metrics
        with ExitStack() as started:
            if up:
                stack = started.enter_context(_started(config))
                address, pages = stack.address, (*metrics, *stack.pages)
                factory = _viva(replace(server, address=address), channels)
                trees.append(resources.Tree("stack", stack.pid))
            result = Session(
                scenario=asked,
                corpus=answers,
                factory=factory,
                target="null" if null else "viva",
                address="" if null else address,
                trees=trees,
                pages=pages,
                raw=raw,
            ).run(capacity)
        _show(result)  # before any file: one that cannot be written loses no figures
        if json_path:
            result_file.write(result, json_path)
        if html_path:
            from benchmarks.harness.page import write

            write(result, html_path)
    except (BenchError, OSError) as error:
        raise UsageFailure(" ".join(str(error).split())) from None
    return 0 if result.held else 1


@click.command()
def scenarios() -> None:
    """List the scenarios that are shipped, with what each is for."""
    from benchmarks.harness import scenario_file

    for path in sorted(scenario_file.FOLDER.glob("*.yaml")):
        click.echo(f"{path.stem:12} {scenario_file.load(path).about}")


def _scenario(name: str, repetitions: int | None, generators: int | None) -> Scenario:
    from benchmarks.harness import scenario_file

    asked = scenario_file.load(scenario_file.find(name))
    return replace(asked, repetitions=repetitions or asked.repetitions, generators=generators or asked.generators)


def _corpus(scenario: Scenario, folder: Path | None, null: bool) -> Draws:
    from benchmarks.harness import corpus
    from benchmarks.harness.core import BenchError
    from benchmarks.harness.plan import Placeholders

    if null:
        return Placeholders()
    if folder is None and scenario.corpus is None:
        raise BenchError(f"{scenario.name}: names no corpus; give --corpus, and make one with `viva bench corpus`")
    return corpus.load(folder or Path(scenario.corpus or ""))


@contextmanager
def _started(config: Path | None) -> Iterator[Running]:
    from benchmarks.viva_up import viva_up

    with (
        tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp", ignore_cleanup_errors=True) as folder,
        viva_up(config, Path(folder)) as stack,
    ):
        yield stack


def _null(median_s: float, sigma: float) -> Factory:
    from benchmarks.harness.target_null import NullTarget

    return partial(NullTarget, median_s, sigma)


def _viva(server: Server, channels: int) -> Factory:
    from benchmarks.harness.target_viva import VivaTarget

    return partial(VivaTarget, server.address, server.api_key, server.tls, channels)


def _show(result: Result) -> None:
    from benchmarks.harness.table import run_lines, run_table

    console = out()
    for run in result.runs:
        console.print(run_table(run))
        for line in run_lines(run):
            console.print(line, markup=False, soft_wrap=True)
        console.print()
    if result.capacity_per_s is not None:
        console.print(f"capacity: {result.capacity_per_s:.3g} answers a second, all at once", markup=False)
    if (search := result.search) is not None:
        found = "no rate held every SLO"
        if search.rate_per_s is not None:
            found = f"{search.rate_per_s:.3g}/s held every SLO, {search.of_offline:.2f} of the offline rate"
        console.print(f"offline {search.offline_per_s:.3g}/s; {found}", markup=False)
    if any(run.generator.void for run in result.runs):
        err().print("a void run measures the generator: do not use its figures", style="bold red")
