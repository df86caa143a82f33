"""Where the time of an answer goes: the histograms of the target's metrics page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from benchmarks.harness.page_axis import from_zero
from benchmarks.harness.page_figure import Figure, Table, bars
from benchmarks.harness.page_format import digits, seconds
from benchmarks.harness.result import HistogramChange

_SUFFIX = "_seconds"


def stage_figures(histograms: Sequence[HistogramChange], answers: int) -> list[Figure]:
    """A figure for each histogram of seconds that tells parts apart by labels, stages first.

    Args:
        answers: assessments of the run, warm-up included, as the histograms are.
    """
    families: defaultdict[str, list[HistogramChange]] = defaultdict(list)
    for one in histograms:
        if one.name.endswith(_SUFFIX) and one.count:
            families[one.name].append(one)
    if not families or not answers:
        return [Figure("stages", "Stages", "No metrics page with histograms of seconds was read.")]
    names = sorted(families, key=lambda name: ("stage" not in name, name))
    return [_figure(name, families[name], answers) for name in names]


def upper_bound(histogram: HistogramChange, share: float) -> str:
    """The least bucket that holds `share` of the observations, as text; buckets know no more."""
    needed = share * histogram.count
    bound = next((bound for bound, count in histogram.buckets if count >= needed), "+Inf")
    try:
        return f"≤ {seconds(float(bound))}" if bound != "+Inf" else f"> {seconds(float(histogram.buckets[-2][0]))}"
    except (IndexError, ValueError):
        return bound


def _figure(name: str, parts: Sequence[HistogramChange], answers: int) -> Figure:
    ordered = sorted(parts, key=lambda one: one.total, reverse=True)
    x = from_zero((one.total / answers for one in ordered), "s")
    rows = tuple(
        (
            _label(one),
            seconds(one.total / answers),
            digits(one.count / answers),
            seconds(one.mean),
            upper_bound(one, 0.5),
            upper_bound(one, 0.95),
        )
        for one in ordered
    )
    return Figure(
        name,
        name,
        "Seconds for each assessment of the run. Parts may lie inside each other, wait, or run side by side: they need "
        "not add up to the latency.",
        bars=bars([(_label(one), one.total / answers, "a") for one in ordered], x, "s"),
        table=Table(("part", "seconds an answer", "times an answer", "mean", "p50", "p95"), rows),
    )


def _label(one: HistogramChange) -> str:
    return " ".join(one.labels[key] for key in sorted(one.labels)) or "all"
