"""Latency by percentile, and how late the generator itself was."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from benchmarks.harness.core import Modality, Priority
from benchmarks.harness.page_axis import from_zero, logarithmic, marked
from benchmarks.harness.page_chart import Series, plot
from benchmarks.harness.page_figure import Figure, Table, bars
from benchmarks.harness.page_format import seconds
from benchmarks.harness.result import Generator, Group

_LOOKS: Final = {None: "e", Modality.TEXT: "b", Modality.AUDIO: "d", Modality.VIDEO: "a"}
_LOG_FROM: Final = 30.0


def percentile_figure(groups: Sequence[Group]) -> Figure:
    """The distribution of latencies: percentile on the x axis, spread so that each nine is as wide as the last."""
    series = []
    for index, group in enumerate(groups):
        known = [one for one in group.latency if one.value_s is not None]
        aside = (index - len(groups) / 2) * 0.012  # so that intervals do not hide each other
        points = [(_nines(one.percentile) + aside, one.value_s) for one in known]
        spans = [(one.low_s or 0.0, one.high_s or 0.0) for one in known]
        if points:
            look = f"{_LOOKS[group.modality]} {'dashed' if group.priority is Priority.BULK else 'solid'}"
            series.append(Series(group.name, look, points, spans, marks=True))
    title = "Latency by percentile"
    if not series:
        return Figure("percentiles", title, "No group has enough assessments for a percentile.", table=_table(groups))
    values = [end for one in series for span in one.spans if span for end in span]
    axis = logarithmic if min(values) > 0 and max(values) / min(values) > _LOG_FROM else from_zero
    marks = sorted({one.percentile for group in groups for one in group.latency if one.value_s is not None})
    x = marked([(wanted, f"p{wanted:g}") for wanted in marks], _nines, 0.1)
    y = axis(values, "s")
    note = "Of the assessments, from the intended send; bars are 95% intervals."
    return Figure(
        "percentiles", title, note + (" Logarithmic." if y.log else ""), plot(series, x, y, "s"), table=_table(groups)
    )


def lateness_figure(generator: Generator) -> Figure:
    """How much later than intended the generator sent."""
    late = [
        ("median", generator.lateness_p50_s, "d"),
        ("99th percentile", generator.lateness_p99_s, "bad" if generator.void else "d"),
        ("most", generator.lateness_max_s, "d"),
    ]
    x = from_zero([*(value for _, value, _ in late), generator.bound_s], "s")
    return Figure(
        "lateness",
        "Lateness of the generator",
        f"Sent after intended. The line is what the 99th percentile may be, {seconds(generator.bound_s)}; beyond it a "
        "run measures the generator and is void.",
        bars=bars(late, x, "s", mark=generator.bound_s),
        table=Table(
            ("processes", "CPU of all", "busiest, of a core", "requests never sent"),
            (
                (
                    str(generator.processes),
                    seconds(generator.cpu_s),
                    f"{generator.cpu_share:.0%}",
                    str(generator.unsent),
                ),
            ),
        ),
    )


def _table(groups: Sequence[Group]) -> Table:
    rows = tuple(
        (
            group.name,
            f"p{one.percentile:g}",
            f"needs {one.needed} samples" if one.value_s is None else seconds(one.value_s),
            seconds(one.low_s),
            seconds(one.high_s),
            f"{one.count:,}",
        )
        for group in groups
        for one in group.latency
    )
    return Table(("answers", "percentile", "latency", "from", "to", "samples"), rows)


def _nines(wanted: float) -> float:
    return -math.log10(1 - wanted / 100)
