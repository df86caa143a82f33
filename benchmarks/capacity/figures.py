"""The plots of a plan."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from benchmarks.capacity.document import Document
from benchmarks.capacity.season import HOUR_S
from benchmarks.capacity.table import times
from benchmarks.harness.page_axis import Axis, from_zero, logarithmic
from benchmarks.harness.page_chart import Series, percent, plot, ticks
from benchmarks.harness.page_figure import Bar, Bars, Figure, Table, bars, columns
from benchmarks.harness.page_format import amount, digits, seconds, share

_MOST_SHARE = 1.2  # of a resource, on the axis


def turnaround_figure(document: Document) -> Figure:
    """Turnaround against the number of workers."""
    slo, seen = document.ask.slo, document.around
    wanted = sorted({50.0, slo.percentile})
    nodes = [float(one.nodes) for one in seen]
    series = [
        Series(
            f"p{percentile:g}",
            look,
            [(at, one.turnaround[percentile].mean) for at, one in zip(nodes, seen, strict=True)],
            [(max(0.0, one.turnaround[percentile].low), one.turnaround[percentile].high) for one in seen],
            marks=True,
        )
        for percentile, look in zip(wanted, ("b", "a"), strict=False)
    ]
    values = [*(value or 0.0 for one in series for _, value in one.points), slo.limit_s]
    y = logarithmic(values, "s") if max(values) > 30 * min(values) else from_zero(values, "s")
    note = "In the busiest stretch; bars are 95% intervals over the runs." + (" Logarithmic." if y.log else "")
    cells = [
        [digits(at) for at in nodes],
        *([seconds(value) for _, value in one.points] for one in series),
        ["holds" if one.holds else "missed" for one in seen],
    ]
    table = columns(("workers", *(one.name for one in series), "SLO"), *cells)
    limits = [(slo.limit_s, f"{slo.limit_s:g} s")]
    drawn = plot(series, _between(nodes), y, "s", limits=limits)
    return Figure("turnaround", "Turnaround and the number of workers", note, drawn, table=table)


def price_figure(document: Document) -> Figure:
    """What a tighter limit costs: the same fleets, by the limit that each would hold."""
    slo, currency = document.ask.slo, document.prices.currency
    held = {one.turnaround[slo.percentile].high: one for one in document.around}
    limits = sorted(held)
    prices = [held[limit_s].fleet.price(document.ask.season.window_s) for limit_s in limits]
    series = Series(f"{currency} for the window", "a", list(zip(limits, prices, strict=True)), marks=True)
    x = logarithmic(limits, "s") if max(limits) > 10 * min(limits) else _between(limits, "s")
    note = f"The p{slo.percentile:g} that a fleet holds, and its price for the window: {document.prices.origin}."
    table = columns(
        ("limit", "workers", currency),
        *zip(
            *((seconds(at), str(held[at].nodes), digits(price)) for at, price in zip(limits, prices, strict=True)),
            strict=True,
        ),
    )
    drawn = plot([series], x, from_zero(prices, currency), currency)
    return Figure("price", "Price and the limit of the SLO", note, drawn, table=table)


def load_figure(document: Document) -> Figure:
    """Arrivals over the window."""
    season, edges = document.ask.season, document.ask.season.edges
    points = [(float(edge) / HOUR_S, float(rate)) for edge, rate in zip(edges, season.rates, strict=False)]
    points.append((float(edges[-1]) / HOUR_S, float(season.rates[-1])))
    capacity = document.capacity_per_s
    y = from_zero([*(value for _, value in points), capacity], "/s")
    drawn = plot(
        [Series("expected arrivals", "a", points)],
        _hours(season.window_s),
        y,
        "/s",
        limits=[(capacity, f"what the workers complete, {amount(capacity, '/s')}")],
    )
    note = f"The last {amount(season.peak_s / HOUR_S, 'h')} have {share(season.deadline_peak)} of all answers."
    return Figure("load", "Load over the window", note, drawn)


def queue_figure(document: Document) -> Figure:
    """Answers that wait and that are worked on, in the stretch that was simulated."""
    estimate, looks = document.estimate, document.estimate.outcome.looks
    at = [float(one) for one in looks.at_s]
    series = [
        Series("worked on", "b", list(zip(at, map(float, looks.working), strict=True))),
        Series("waiting", "a", list(zip(at, map(float, looks.waiting), strict=True))),
    ]
    y = from_zero([value or 0.0 for one in series for _, value in one.points], "answers")
    begins = amount(estimate.start_s / HOUR_S, "h")
    note = f"One simulated run of the busiest stretch, which begins {begins} into the window with nothing in the queue."
    x = Axis(0.0, max(1.0, at[-1]), tuple((60.0 * mark, f"{mark:g} min") for mark in _marks(at[-1] / 60)))
    return Figure("queue", "Queue in the busiest stretch", note, plot(series, x, y, "answers"))


def resource_figure(document: Document) -> Figure:
    """How full each resource is at the peak."""
    known = [(one.name, min(one.used, _MOST_SHARE), "a") for one in document.resources if one.used is not None]
    x = Axis(0.0, _MOST_SHARE, tuple((mark, f"{mark:.0%}") for mark in (0.0, 0.25, 0.5, 0.75, 1.0)))
    rows = tuple(
        (
            one.name,
            "not known" if one.used is None else share(one.used),
            "" if one.saturates_at is None else times(one.saturates_at),
            one.remedy,
        )
        for one in document.resources
    )
    table = Table(("resource", "used", "used up at", "remedy"), rows)
    drawn = bars(known, x, "", mark=1.0)
    shown = tuple(_as_share(bar, used) for bar, (_, used, _) in zip(drawn.bars, known, strict=True))
    drawn = replace(drawn, bars=shown)
    return Figure(
        "resources", "What breaks first", "Used at the peak; the line is all there is.", bars=drawn, table=table
    )


def sensitivity_figure(document: Document) -> Figure:
    """The tornado: workers when one input moves by a fifth, the widest first."""
    ranges = []
    for one in document.sensitivity:
        ends = [moved.nodes for moved in (one.down, one.up) if moved.nodes is not None]
        if ends:
            ranges.append((max(ends) - min(ends), one, sorted(ends)))
    ranges.sort(key=lambda item: -item[0])
    values = [float(end) for _, _, ends in ranges for end in ends] + [float(document.estimate.nodes)]
    x = from_zero(values, "workers")
    drawn = tuple(
        Bar(
            one.name,
            _moved_text(one.down.nodes, one.up.nodes),
            "a",
            "",
            percent(x.place(ends[0])),
            percent(x.place(ends[-1])),
            tuple(percent(x.place(end)) for end in ends),
        )
        for _, one, ends in ranges
    )
    rows = tuple(
        (one.name, *(_cell(moved.nodes), _cell(moved.price)))
        for one in document.sensitivity
        for moved in (one.down, one.up)
    )
    table = Table(("input", "workers", document.prices.currency), rows)
    note = "Workers when one input is a fifth smaller and a fifth larger; the line is the plan, from longer runs."
    marked = percent(x.place(document.estimate.nodes))
    return Figure("sensitivity", "Sensitivity", note, bars=Bars(drawn, ticks(x), marked), table=table)


def _as_share(bar: Bar, used: float) -> Bar:
    return Bar(bar.label, share(used), "bad" if used >= 1 else bar.look, bar.end)


def _moved_text(down: int | None, up: int | None) -> str:
    return f"{_cell(down)} (−20%) · {_cell(up)} (+20%)"


def _cell(value: float | None) -> str:
    return "none holds" if value is None else digits(value)


def _hours(window_s: float) -> Axis:
    end_h = window_s / HOUR_S
    return Axis(0.0, end_h, tuple((mark, f"{mark:g} h") for mark in _marks(end_h)))


def _between(values: Sequence[float], unit: str = "") -> Axis:
    """A linear axis over the values, which need not begin at 0."""
    low, high = min(values), max(values)
    room = 0.04 * (high - low) or 0.5
    step = _step(high - low or 1.0)
    first = math.ceil((low - room) / step)
    marks = [index * step for index in range(first, math.floor((high + room) / step) + 1)]
    return Axis(low - room, high + room, tuple((mark, amount(mark, unit)) for mark in marks))


def _marks(end: float) -> list[float]:
    step = _step(end)
    return [index * step for index in range(math.floor(end / step + 1e-9) + 1)]


def _step(width: float) -> float:
    """A round step of which four to eight make a width; whole numbers from one on."""
    power = 10.0 ** math.floor(math.log10(width / 4))
    return max(factor * power for factor in (1, 2, 5) if factor * power <= width / 4) if width >= 4 else max(1.0, power)
