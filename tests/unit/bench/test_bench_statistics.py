"""Percentiles, their intervals, and what a number of samples can show."""

import math
import random

import pytest

from benchmarks.harness.statistics import binomial_cdf, binomial_quantile, min_samples, percentile, shows


@pytest.mark.parametrize(
    # Of MLPerf LoadGen's table for early stopping: p99 and p90 at 99% confidence.
    ("wanted", "late", "least"),
    [(99, 0, 459), (99, 1, 662), (99, 2, 838), (90, 0, 44), (90, 1, 64), (95, 0, 90), (50, 0, 7), (99.9, 0, 4603)],
)
def test_the_least_number_of_samples(wanted: float, late: int, least: int) -> None:
    assert min_samples(wanted, late) == least
    assert shows(least, late, wanted)
    assert not shows(least - 1, late, wanted)
    assert not shows(least, late + 1, wanted)


@pytest.mark.parametrize("wanted", [0, 100, -1, 101])
def test_a_percentile_lies_between_0_and_100(wanted: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 100"):
        min_samples(wanted)


@pytest.mark.parametrize(("trials", "chance"), [(10, 0.3), (60, 0.99), (200, 0.01), (50, 0.5)])
def test_the_binomial_is_exact(trials: int, chance: float) -> None:
    terms = [math.comb(trials, k) * chance**k * (1 - chance) ** (trials - k) for k in range(trials + 1)]
    for k in range(0, trials + 1, 3):
        assert binomial_cdf(k, trials, chance) == pytest.approx(sum(terms[: k + 1]), rel=1e-9)
    for probability in (0.025, 0.5, 0.975):
        k = binomial_quantile(probability, trials, chance)
        assert sum(terms[: k + 1]) >= probability > sum(terms[:k])


def test_too_few_samples_give_no_number() -> None:
    found = percentile([1.0] * 458, 99)
    assert (found.value_s, found.low_s, found.high_s) == (None, None, None)
    assert (found.count, found.needed) == (458, 459)


def test_a_percentile_is_the_nearest_rank_within_its_interval() -> None:
    found = percentile([float(value) for value in range(1, 1001)], 99)
    assert found.value_s == 990
    assert found.low_s is not None
    assert found.high_s is not None
    assert found.low_s < 990 < found.high_s


def test_intervals_hold_the_true_percentile_as_often_as_they_say() -> None:
    chance, true, inside, times = random.Random(1), -math.log(0.05), 0, 400
    for _ in range(times):
        found = percentile(sorted(chance.expovariate(1.0) for _ in range(300)), 95)
        assert found.low_s is not None
        assert found.high_s is not None
        inside += found.low_s <= true <= found.high_s
    assert inside / times >= 0.93  # 95% and what they are rounded up to, less four standard deviations


def test_large_counts_neither_underflow_nor_take_long() -> None:
    assert min_samples(99, 1000) > 100_000
    assert binomial_quantile(0.5, 1_000_000, 0.999) == 999_000
    assert shows(1_000_000, 9_000, 99)
    assert not shows(1_000_000, 9_900, 99)
