"""Ratios between results, over repeated runs."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from benchmarks.harness.core import BenchError
from benchmarks.harness.result import Result, Run
from benchmarks.harness.statistics import INTERVAL, binomial_cdf


def _latency(run: Run, wanted: float) -> float | None:
    return next((one.value_s for one in run.total.latency if one.percentile == wanted), None)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that runs are compared by.

    Attributes:
        unit: `/s` or `s`.
        better: `higher` or `lower`.
    """

    name: str
    unit: str
    better: str
    of: Callable[[Run], float | None]


FIGURES: Final = (
    Figure("throughput", "/s", "higher", lambda run: run.total.throughput_per_s),
    Figure("goodput", "/s", "higher", lambda run: run.total.goodput_per_s),
    Figure("p50", "s", "lower", lambda run: _latency(run, 50)),
    Figure("p95", "s", "lower", lambda run: _latency(run, 95)),
    Figure("p99", "s", "lower", lambda run: _latency(run, 99)),
)


@dataclass(frozen=True, slots=True)
class Ratio:
    """A figure of one result divided by that of the first.

    Attributes:
        median, base_median: of the runs; None: a run has too few samples for the figure.
        ratio: median of the ratios of runs of the same number; low, high: its interval.
        coverage: confidence of the interval: with few runs it is the whole span, and less than 95%.
    """

    figure: Figure
    target: str
    median: float | None
    base_median: float | None
    ratio: float | None
    low: float | None
    high: float | None
    coverage: float


def compare(results: Sequence[Result]) -> list[Ratio]:
    """Every result after the first against the first; results of one target (alternating runs) count as one.

    Raises:
        BenchError: fewer than two targets, another scenario or another number of runs, or a void run.
    """
    merged: dict[tuple[str, str], Result] = {}
    for result in results:
        key = result.target, result.address
        earlier = merged.get(key)
        if earlier is not None and earlier.scenario != result.scenario:
            raise BenchError(f"{result.target}: its results are of different scenarios")
        merged[key] = result if earlier is None else replace(earlier, runs=earlier.runs + result.runs)
    base, *others = merged.values()
    if not others:
        raise BenchError(
            f"results of two targets are needed; all are of {base.target} at {base.address or 'no address'}"
        )
    for result in (base, *others):
        _check(base, result)
    return [_ratio(figure, base, other) for other in others for figure in FIGURES]


def _check(base: Result, result: Result) -> None:
    if result.search is not None:
        raise BenchError(f"{result.target}: a search is compared by its rate, not by its runs")
    # How many processes send, and how late they may be, is no part of what is asked of a target.
    theirs, first = (replace(one.scenario, generators=1, max_lateness_s=1) for one in (result, base))
    if theirs != first:
        raise BenchError(f"{result.target}: scenario {result.scenario.name} is not that of {base.target}")
    if len(result.runs) != len(base.runs):
        raise BenchError(f"{result.target} has {len(result.runs)} runs, {base.target} has {len(base.runs)}")
    for number, run in enumerate(result.runs, start=1):
        if run.generator.void:
            raise BenchError(f"{result.target}: run {number} is void: {run.generator.void}")


def _ratio(figure: Figure, base: Result, other: Result) -> Ratio:
    pairs = [(figure.of(theirs), figure.of(first)) for theirs, first in zip(other.runs, base.runs, strict=True)]
    known = [(theirs, first) for theirs, first in pairs if theirs is not None and first]
    if len(known) < len(pairs):
        return Ratio(figure, other.target, None, None, None, None, None, 0.0)
    ratios = sorted(theirs / first for theirs, first in known)
    rank, coverage = median_rank(len(ratios))
    return Ratio(
        figure,
        other.target,
        statistics.median(theirs for theirs, _ in known),
        statistics.median(first for _, first in known),
        statistics.median(ratios),
        ratios[rank - 1],
        ratios[-rank],
        coverage,
    )


def median_rank(count: int) -> tuple[int, float]:
    """Rank from either end of the order statistics that hold the median between them, and how sure that is.

    The narrowest that is 95% sure; with fewer than six samples none is, and it is the whole span.
    """
    rank = 1
    while 2 * (rank + 1) <= count and 1 - 2 * binomial_cdf(rank, count, 0.5) >= INTERVAL:
        rank += 1
    return rank, max(0.0, 1 - 2 * binomial_cdf(rank - 1, count, 0.5))
