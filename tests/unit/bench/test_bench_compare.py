"""Ratios over repeated runs."""

from dataclasses import replace

import pytest

from benchmarks.harness.compare import compare, median_rank
from benchmarks.harness.core import BenchError
from benchmarks.harness.result import Result
from benchmarks.harness.shapes import Poisson
from tests.unit.bench import runs
from tests.unit.bench.runs import scenario, steady


def made(target: str, *latencies_s: float) -> Result:
    asked = scenario(repetitions=len(latencies_s))
    return runs.result(asked, [runs.run(asked, steady(lambda index: one)) for one in latencies_s], target)  # noqa: B023


def test_runs_of_the_same_number_are_divided() -> None:
    ratios = {one.figure.name: one for one in compare([made("slow", 0.2, 0.4, 0.6), made("fast", 0.1, 0.1, 0.1)])}
    p50 = ratios["p50"]
    assert (p50.target, p50.median, p50.base_median) == ("fast", pytest.approx(0.1), pytest.approx(0.4))
    assert p50.ratio == pytest.approx(1 / 4)
    assert (p50.low, p50.high) == (pytest.approx(1 / 6), pytest.approx(1 / 2))
    assert p50.coverage == 0.75
    assert ratios["throughput"].ratio == pytest.approx(1, rel=0.01)


def test_alternating_results_of_a_target_are_one() -> None:
    results = [made("slow", 0.2), made("fast", 0.1), made("slow", 0.4), made("fast", 0.1)]
    assert [one.ratio for one in compare(results) if one.figure.name == "p50"] == [pytest.approx(0.375)]


def test_too_few_samples_are_no_ratio() -> None:
    asked = scenario()
    few = [runs.result(asked, [runs.run(asked, steady(lambda index: 0.1, 100))], name) for name in "ab"]
    ratios = {one.figure.name: one.ratio for one in compare(few)}
    assert ratios["p99"] is None
    assert ratios["p95"] == pytest.approx(1)


def test_what_is_not_alike_is_not_compared() -> None:
    one = made("one", 0.1)
    other = scenario(Poisson("poisson", 11.0, 100.0))
    void = replace(one.runs[0], generator=replace(one.runs[0].generator, void="it lagged"))
    for results, problem in (
        ([one, one], "two targets are needed"),
        ([one, made("two", 0.1, 0.1)], "scenario made is not that of one"),
        ([one, runs.result(other, one.runs, "two")], "scenario made is not that of one"),
        ([one, made("two", 0.1), made("two", 0.1)], "two has 2 runs, one has 1"),
        ([one, runs.result(one.scenario, [void], "two")], "two: run 1 is void: it lagged"),
    ):
        with pytest.raises(BenchError, match=problem):
            compare(results)


@pytest.mark.parametrize(("count", "rank", "coverage"), [(1, 1, 0.0), (5, 1, 0.9375), (6, 1, 0.96875), (20, 6, 0.9586)])
def test_the_median_lies_between_order_statistics(count: int, rank: int, coverage: float) -> None:
    # Nonparametric tables: for 20 samples the 6th and the 15th, 95.9%.
    assert median_rank(count) == (rank, pytest.approx(coverage, abs=1e-4))
