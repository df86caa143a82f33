"""`viva plan`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from deployments.cli.main import LazyGroup
from deployments.cli.output import UsageFailure, out, steps
from deployments.cli.times import Span

if TYPE_CHECKING:
    from benchmarks.capacity.document import Document
    from benchmarks.capacity.plant import Slots

_COMMANDS: Final = {
    "measure": ("deployments.cli.plan_curves:measure", "Measure the service curves of a server on this machine."),
    "validate": ("deployments.cli.plan_curves:validate", "Predict runs that were measured, and compare."),
}
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(
    cls=LazyGroup,
    commands_at=_COMMANDS,
    invoke_without_command=True,
    epilog="""\b
Examples:
  viva plan --candidates 50000 --questions 5 --window 72h --deadline-peak 0.2 --slo p95=60s
  viva plan --candidates 200000 --questions 5 --window 24h --slo p95=60s --curves l4 --html out/plan.html
Method, limits, and how to validate it: docs/capacity.md
""",
)
@click.option("--candidates", type=click.IntRange(1, 100_000_000), help="Candidates of the season. [required]")
@click.option("--questions", type=click.IntRange(1, 1000), help="Answers of each candidate. [required]")
@click.option("--window", type=Span(), help="From the first invitation to the deadline: 72h. [required]")
@click.option("--slo", "slo_text", metavar="pN=TIME", help="Turnaround in the busiest stretch: p95=60s. [required]")
@click.option("--deadline-peak", type=float, default=0.2, show_default=True, help="Share of answers in the last hours.")
@click.option("--peak", "peak_s", type=Span(), default="1h", show_default=True, help="How long that peak is.")
@click.option("--mix", default="video=1", show_default=True, metavar="KIND=WEIGHT,...", help="text, audio, video.")
@click.option("--seconds", type=float, default=120.0, show_default=True, help="Mean length of a spoken answer.")
@click.option("--bulk", type=float, default=0.0, show_default=True, help="Share handed over in bulk; it waits.")
@click.option("--curves", default="cpu", show_default=True, metavar="NAME", help="FILE.json, cpu, or a GPU such as l4.")
@click.option("--gpu", metavar="NAME", help="A GPU for speech beside the curves of a file, as published.")
@click.option("--prices", type=_FILE, metavar="FILE.yaml", help="Machines and prices. Default: placeholders.")
@click.option("--nodes", type=click.IntRange(1, 20_000), help="Look at so many workers instead of sizing.")
@click.option("--no-sensitivity", is_flag=True, help="Leave out what happens when inputs move; twice as fast.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Equal seeds, equal plan.")
@click.option("--json", "json_path", type=_FILE, metavar="OUT.json", help="Write the plan.")
@click.option("--html", "html_path", type=_FILE, metavar="OUT.html", help="Write the plan as a page with plots.")
@click.pass_context
def plan(context: click.Context, /, json_path: Path | None, html_path: Path | None, **asked: Any) -> int:
    """Size and price the fleet of a season, by simulation on measured service curves.

    Exit code: 0 the fleet holds the SLO, 1 the one given by --nodes does not, 2 wrong usage, or no fleet can.
    """
    if context.invoked_subcommand is not None:
        return 0
    for name in ("candidates", "questions", "window", "slo_text"):
        if asked[name] is None:
            raise click.UsageError(f"Missing option '--{name.removesuffix('_text')}'.")
    from benchmarks.capacity.table import plan_tables
    from benchmarks.harness.core import BenchError

    try:
        document = _made(**asked)
        _write(document, json_path, html_path)
    except (BenchError, OSError) as error:
        raise UsageFailure(" ".join(str(error).split())) from None
    console = out()
    for table in plan_tables(document):
        console.print(table, soft_wrap=False)
        console.print()
    return 0 if document.estimate.holds else 1


def job_slots() -> Slots:
    """Slots of a scorer that jobs have, by default."""
    from benchmarks.capacity.plant import Slots
    from deployments.config import VivaConfig

    config = VivaConfig()
    reserved = config.overload.reserved_slots
    return Slots(*(max(1, size - reserved) for size in (config.scorer.text_slots, config.scorer.media_slots)))


def _made(
    candidates: int,
    questions: int,
    window: int,
    slo_text: str,
    deadline_peak: float,
    peak_s: int,
    mix: str,
    seconds: float,
    bulk: float,
    curves: str,
    gpu: str | None,
    prices: Path | None,
    nodes: int | None,
    no_sensitivity: bool,
    seed: int,
) -> Document:
    from benchmarks.capacity import document, inputs, plant
    from benchmarks.capacity.ask import Ask
    from benchmarks.capacity.fleet import read_prices
    from benchmarks.capacity.season import Season
    from benchmarks.capacity.slo import Slo

    slo, shares, costs = Slo.parse(slo_text), inputs.mix_of(mix), read_prices(prices)
    season = Season(
        answers=candidates * questions,
        window_s=float(window),
        deadline_peak=deadline_peak,
        mix=shares,
        media_s=seconds,
        peak_s=float(peak_s),
        bulk=bulk,
    )
    measured, device = inputs.curves_of(curves, gpu)
    inputs.check_covered(measured, shares)
    ask = Ask(
        season=season,
        slo=slo,
        services=plant.on_a_fleet(measured, device, season.mean_media_s),
        shapes={role: costs.of(role, gpu=device is not None) for role in ("edge", "worker", "database")},
        scorers_per_core=measured.scorers / measured.machine.cores,
        slots=job_slots(),
        seed=seed,
    )
    with steps() as step:
        return document.make(
            ask,
            costs,
            measured,
            device,
            nodes,
            moved=not no_sensitivity,
            step=lambda text: step(f"simulating {text}"),
        )


def _write(document: Document, json_path: Path | None, html_path: Path | None) -> None:
    from benchmarks.capacity.document import as_json

    if json_path:
        json_path.parent.mkdir(parents=True, exist_ok=True)
        json_path.write_text(json.dumps(as_json(document), indent=1) + "\n", encoding="utf-8")
    if html_path:
        from benchmarks.capacity import page

        page.write(document, html_path)
