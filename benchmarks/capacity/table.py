"""A plan as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from benchmarks.capacity.document import Document
from benchmarks.capacity.sensitivity import Moved
from benchmarks.capacity.validate import Comparison


def plan_tables(document: Document) -> Iterator[RenderableType]:
    """What a person reads, in a screen or two."""
    yield Text(headline(document), style="bold")
    yield _fleet(document)
    yield _turnaround(document)
    yield _resources(document)
    if document.sensitivity:
        yield _sensitivity(document)
    yield Text("\n".join(notes(document)), style="dim")


def times(factor: float) -> str:
    """A multiple of the season's load."""
    return f"{factor:.2f} × the load" if factor < 10 else f"{factor:,.0f} × the load"


def headline(document: Document) -> str:
    """The season in a line."""
    season, peak = document.ask.season, document.peak
    mix = ", ".join(f"{share:.0%} {kind.value}" for kind, share in season.mix.items() if share)
    return (
        f"{season.answers:,} answers in {season.window_s / 3600:g} h ({mix}; {season.media_s:g} s on average), "
        f"{peak.rate_per_s:.1f} a second in the busiest {season.peak_s / 3600:g} h; {document.ask.slo}"
    )


def notes(document: Document) -> list[str]:
    """What the figures rest on, and what they are not."""
    found = [*document.sources]
    if document.stage_cores:
        cores = ", ".join(f"{stage.value} {busy:,.0f}" for stage, busy in document.stage_cores.items())
        found.append(f"worker cores busy at the peak: {cores}")
    prices = document.prices
    if not prices.confirmed:
        found.append(f"prices are placeholders ({prices.origin}): give your own with --prices")
    else:
        found.append(f"prices: {prices.origin}")
    size = document.media_bytes
    found.append(f"media: {size / 1e12:.2f} TB" if size is not None else "media: their size is not known")
    found.append("no spare machines are in the plan")
    return found


def _fleet(document: Document) -> Table:
    fleet, prices = document.estimate.fleet, document.prices
    verb = "Smallest fleet that holds it" if document.sized else "Fleet given"
    table = _table(verb, ("role", "machines", "cores", "GPUs", f"{prices.currency}/h"))
    for role, shape in fleet.shapes.items():
        count = fleet.counts[role]
        price = f"{count * shape.price_per_hour:,.2f}"
        table.add_row(role, f"{count}", f"{count * shape.cores}", f"{count * shape.gpus or ''}", price)
    window_h = document.ask.season.window_s / 3600
    table.add_section()
    table.add_row(f"whole window, {window_h:g} h", "", "", "", f"{document.price:,.2f}")
    table.add_row("a thousand answers", "", "", "", f"{document.price_per_1000:,.2f}")
    return table


def _turnaround(document: Document) -> Table:
    estimate, slo = document.estimate, document.ask.slo
    table = _table("Turnaround in the busiest stretch", ("percentile", "seconds", "95% interval", ""))
    for percentile in sorted(estimate.turnaround):
        value = estimate.turnaround[percentile]
        verdict = ("holds" if estimate.holds else "MISSED") if percentile == slo.percentile else ""
        table.add_row(f"p{percentile:g}", f"{value.mean:.3g}", f"{value.low:.3g} to {value.high:.3g}", verdict)
    return table


def _resources(document: Document) -> Table:
    table = _table("What breaks first", ("resource", "used at the peak", "used up at", "remedy"), left=3)
    for one in document.resources:
        if one.used is None or one.saturates_at is None:
            table.add_row(one.name, "not known", "", one.remedy)
        else:
            table.add_row(one.name, f"{one.used:.0%}", times(one.saturates_at), one.remedy)
    return table


def _sensitivity(document: Document) -> Table:
    table = _table("Sensitivity: workers and price of the window", ("input", "-20%", "", "+20%", ""))
    for one in document.sensitivity:
        table.add_row(one.name, *_moved(one.down), *_moved(one.up))
    return table


def _moved(one: Moved) -> tuple[str, str]:
    if one.nodes is None or one.price is None:
        return "none holds", ""
    return f"{one.nodes}", f"{one.price:,.0f}"


def comparison_table(comparisons: list[Comparison], limit: float) -> Table:
    """Predictions beside what was measured."""
    table = _table("Predictions", ("run", "figure", "unit", "measured", "predicted", "error"), left=1)
    for one in comparisons:
        style = "red" if abs(one.error) > limit else ""
        values = (f"{one.measured:.4g}", f"{one.predicted:.4g}", f"{one.error:+.1%}")
        table.add_row(one.run, one.figure, one.unit, *values, style=style)
    return table


def _table(title: str, columns: tuple[str, ...], left: int = 0) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, title_style="bold")
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index in (0, left) else "right")
    return table
