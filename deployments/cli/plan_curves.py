"""`viva plan measure` and `viva plan validate`."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deployments.cli.options import Server, server_options
from deployments.cli.output import UsageFailure, err, out, steps

if TYPE_CHECKING:
    from benchmarks.capacity.curves import Curves
    from benchmarks.capacity.plant import Slots

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(
    epilog="""\b
Example, beside `viva up` on a machine that does nothing else:
  viva bench corpus out/corpus
  viva plan measure --corpus out/corpus -o out/curves.json
"""
)
@click.option("--corpus", "folder", required=True, type=click.Path(path_type=Path), help="Folder of the answers.")
@click.option("-o", "--output", required=True, type=_FILE, metavar="OUT.json", help="Where the curves go.")
@click.option("--alone", type=click.IntRange(2, 1000), default=40, show_default=True, help="Answers of a kind, alone.")
@click.option(
    "--full", type=click.IntRange(8, 5000), default=40, show_default=True, help="Spoken ones on a full machine."
)
@click.option("--runs", type=click.IntRange(1, 20), default=3, show_default=True, help="Full runs of each kind.")
@click.option("--scorers", type=click.IntRange(1, 1024), help="`scorer.replicas` of the server, if not the default.")
@click.option(
    "--stages", type=click.IntRange(0, 100), default=6, show_default=True, help="Answers for shares by stage."
)
@click.option("--control-plane", type=_FILE, metavar="FILE", help="Its result: CPU of edge and Postgres an answer.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the choice of answers.")
@server_options(wait_s=0, wait_option=False)
def measure(
    folder: Path,
    output: Path,
    alone: int,
    full: int,
    runs: int,
    scorers: int | None,
    stages: int,
    control_plane: Path | None,
    seed: int,
    server: Server,
) -> None:
    """Measure the service curves of a server that runs on this machine: answers alone, then on a full machine.

    Exit code: 0 written, 2 no server, no corpus, or an answer that was not scored.
    """
    from benchmarks.harness.core import BenchError
    from serving.domain.errors import VivaError

    try:
        curves = _measured(folder, alone, full, runs, scorers, stages, control_plane, seed, server)
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(json.dumps(curves.model_dump(mode="json"), indent=1) + "\n", encoding="utf-8")
    except (BenchError, VivaError, OSError) as error:
        raise UsageFailure(" ".join(str(error).split())) from None
    for kind, curve in curves.modalities.items():
        line = f"{kind.value}: {curve.alone.base_s:.3g} s + {curve.alone.per_media_s:.3g} s a second of media alone"
        out().print(f"{line}, {curve.demand_cores:.2f} cores meanwhile", markup=False)
    err().print(f"{output}", markup=False)


@click.command()
@click.argument("results", metavar="RESULT.json...", nargs=-1, required=True, type=_FILE)
@click.option("--curves", "curves_path", required=True, type=_FILE, metavar="FILE.json", help="Of `viva plan measure`.")
@click.option("--corpus", "folder", type=click.Path(path_type=Path), help="Of the runs. Default: the scenario's.")
@click.option("--limit", type=click.FloatRange(0, 10), default=0.1, show_default=True, help="Largest error allowed.")
@click.option("--json", "json_path", type=_FILE, metavar="OUT.json", help="Write the comparison.")
def validate(
    results: tuple[Path, ...], curves_path: Path, folder: Path | None, limit: float, json_path: Path | None
) -> int:
    """Predict runs of `viva bench run` that the curves were not fitted on, and compare with what was measured.

    Exit code: 0 every figure within --limit, 1 one is not, 2 nothing could be predicted.
    """
    from dataclasses import asdict

    from benchmarks.capacity import curves, table
    from benchmarks.capacity.validate import Comparison, Skipped, compare
    from benchmarks.harness import corpus, result_file
    from benchmarks.harness.core import BenchError

    try:
        known, found = curves.load(curves_path), []
        for path in results:
            result = result_file.read(path)
            answers = corpus.load(folder or Path(result.scenario.corpus or ""))
            found += list(compare(known, result, answers, call_slots()))
        figures = [one for one in found if isinstance(one, Comparison)]
        if json_path:
            lines = [{**asdict(one), "error": one.error} for one in figures]
            json_path.write_text(json.dumps(lines, indent=1) + "\n", encoding="utf-8")
        for one in found:
            if isinstance(one, Skipped):
                err().print(f"{one.run} is left out: {one.why}", markup=False, soft_wrap=True)
        if not figures:
            raise BenchError("no run is left that could be predicted")
    except (BenchError, OSError) as error:
        raise UsageFailure(" ".join(str(error).split())) from None
    out().print(table.comparison_table(figures, limit))
    worst = max(abs(one.error) for one in figures)
    out().print(f"largest error {worst:.1%}, limit {limit:.0%}", markup=False)
    return 0 if worst <= limit else 1


def call_slots() -> Slots:
    """Slots of a scorer that calls have, by default."""
    from benchmarks.capacity.plant import Slots
    from deployments.config import ScorerConfig

    config = ScorerConfig()
    return Slots(config.text_slots, config.media_slots)


def _measured(
    folder: Path,
    alone: int,
    full: int,
    runs: int,
    scorers: int | None,
    stages: int,
    control_plane: Path | None,
    seed: int,
    server: Server,
) -> Curves:
    from benchmarks.capacity import evidence
    from benchmarks.capacity.curves import Machine
    from benchmarks.capacity.fit import fit
    from benchmarks.capacity.measure import Effort, measure
    from benchmarks.harness import corpus
    from benchmarks.harness.core import Modality
    from benchmarks.harness.machine import this_machine
    from benchmarks.harness.target_viva import VivaTarget
    from deployments.cli.plan_stages import stage_times
    from deployments.config import ScorerConfig

    answers, slots, here = corpus.load(folder), call_slots(), this_machine()
    processes = scorers or ScorerConfig().replicas
    effort = Effort(
        warm_up=3,
        alone=dict.fromkeys(Modality, alone),
        full={kind: full * (10 if kind is Modality.TEXT else 1) for kind in Modality},
        in_flight={kind: processes * (slots.text if kind is Modality.TEXT else slots.media) + 2 for kind in Modality},
        runs=runs,
    )
    target = VivaTarget(server.address, server.api_key, server.tls)
    with steps() as step:
        step("raw engines, by stage")
        by_stage = stage_times(answers, stages, seed, here.cores) if stages else {}
        seen = asyncio.run(measure(target, answers, effort, seed, step))
        step("fitting")
        curves = fit(
            seen,
            Machine(cores=here.cores, cpu=here.cpu_model, commit=here.commit or "no commit"),
            processes,
            slots,
            [f"viva plan measure, corpus {answers.sha256[:12]}, {alone} alone, {runs} full runs of {full}"],
        )
    if control_plane:
        curves = evidence.with_control_plane(curves, control_plane)
    return evidence.with_stages(curves, by_stage)
