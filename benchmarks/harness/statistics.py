"""Percentiles that say how sure they are, and what a number of samples can show at all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

PERCENTILES: Final = (50.0, 90.0, 95.0, 99.0, 99.9)
CLAIM: Final = 0.99  # confidence of "a percentile lies under a limit", as in MLPerf LoadGen
INTERVAL: Final = 0.95  # confidence of the intervals beside percentiles


@dataclass(frozen=True, slots=True)
class Percentile:
    """A percentile of latencies with its interval; lower is better.

    Attributes:
        percentile: above 0, below 100.
        count: samples that it is made of.
        needed: samples that a claim on this percentile needs at least; with fewer there is no number.
        value_s, low_s, high_s: the nearest-rank percentile and its 95% interval, seconds; None: too few samples.
    """

    percentile: float
    count: int
    needed: int
    value_s: float | None = None
    low_s: float | None = None
    high_s: float | None = None


def percentile(ordered: Sequence[float], wanted: float) -> Percentile:
    """A percentile of samples in ascending order, with the interval of order statistics that needs no distribution.

    The ranks of the interval are quantiles of a binomial: the number of samples below the true percentile (David and
    Nagaraja, Order Statistics, 7.1).
    """
    count, share, needed = len(ordered), wanted / 100, min_samples(wanted)
    if count < needed:
        return Percentile(wanted, count, needed)
    tail = (1 - INTERVAL) / 2
    low = binomial_quantile(tail, count, share)  # the first rank that is not surely below
    high = binomial_quantile(1 - tail, count, share) + 1
    rank = nearest_rank(count, wanted)
    return Percentile(wanted, count, needed, ordered[rank - 1], ordered[max(1, low) - 1], ordered[min(count, high) - 1])


def nearest_rank(count: int, wanted: float) -> int:
    """Rank, from 1, of the percentile among `count` samples in ascending order."""
    return math.ceil(count * (wanted / 100))


def min_samples(wanted: float, late: int = 0) -> int:
    """Fewest samples with `late` of them over a limit that show with 99% confidence that the percentile is under it.

    The least n with P(Binomial(n, 1 - percentile) <= late) <= 1%: MLPerf LoadGen's early stopping without tolerance
    (https://github.com/mlcommons/inference/blob/master/loadgen/early_stopping.cc). 459 for p99 with none over the
    limit, 662 with one.
    """
    if not 0 < wanted < 100:
        raise ValueError(f"a percentile lies between 0 and 100, not at {wanted:g}")
    over = 1 - wanted / 100
    # Doubling and bisection: the probability falls as samples are added.
    high = late + 1
    while binomial_cdf(late, high, over) > 1 - CLAIM:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if binomial_cdf(late, middle, over) > 1 - CLAIM else (low, middle)
    return high


def shows(count: int, late: int, wanted: float) -> bool:
    """Whether `late` of `count` samples over a limit show with 99% confidence that the percentile is under it."""
    return count > 0 and binomial_cdf(late, count, 1 - wanted / 100) <= 1 - CLAIM


def binomial_cdf(successes: int, trials: int, chance: float) -> float:
    """P(Binomial(trials, chance) <= successes), summed outward from the largest term so that nothing underflows."""
    if successes < 0:
        return 0.0
    if successes >= trials:
        return 1.0
    terms = (_log_term(k, trials, chance) for k in range(successes, -1, -1))
    total = 0.0
    for log_term in terms:
        term = math.exp(log_term)
        total += term
        if term < total * 1e-18 and log_term < -40:
            break
    return min(1.0, total)


def binomial_quantile(probability: float, trials: int, chance: float) -> int:
    """The least k with P(Binomial(trials, chance) <= k) >= probability."""
    # Beyond ten standard deviations from the mean nothing is left of a probability that a float can hold apart from 0.
    spread = 10 * math.sqrt(trials * chance * (1 - chance)) + 10
    low = max(0, math.floor(trials * chance - spread))
    total = 0.0
    for k in range(low, trials + 1):
        total += math.exp(_log_term(k, trials, chance))
        if total >= probability:
            return k
    return trials


def _log_term(successes: int, trials: int, chance: float) -> float:
    choose = math.lgamma(trials + 1) - math.lgamma(successes + 1) - math.lgamma(trials - successes + 1)
    return choose + successes * math.log(chance) + (trials - successes) * math.log1p(-chance)
