"""The search for the highest rate."""

import pytest

from benchmarks.harness.search import highest_rate


@pytest.mark.parametrize("true_rate", [0.3, 4.0, 7.4, 7.6, 9.9, 14.5])
def test_the_highest_rate_is_found_within_its_tolerance(true_rate: float) -> None:
    tried: list[float] = []

    def holds(rate: float) -> bool:
        tried.append(rate)
        return rate <= true_rate

    found = highest_rate(10.0, holds, 0.05)
    assert found is not None
    assert found <= true_rate <= found * 1.05
    assert found in tried
    assert min(rate for rate in tried if rate > true_rate) / found - 1 <= 0.05
    assert tried[0] == 7.5
    assert len(tried) < 20


def test_a_server_that_holds_nothing_ends_the_search() -> None:
    tried: list[float] = []
    assert highest_rate(10.0, lambda rate: tried.append(rate) or False, 0.05) is None  # type: ignore[func-returns-value]
    assert min(tried) >= 10 / 64


def test_more_than_the_offline_rate_is_hardly_tried() -> None:
    tried: list[float] = []
    assert highest_rate(10.0, lambda rate: tried.append(rate) or True, 0.05) == 15.0  # type: ignore[func-returns-value]
    assert max(tried) == 15.0
