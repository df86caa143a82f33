"""Schedules: their rate, their shape, and that equal seeds repeat them."""

import itertools
import math
from pathlib import Path

import numpy as np
import pytest

from benchmarks.harness.arrivals import schedule, segments
from benchmarks.harness.core import BenchError
from benchmarks.harness.shapes import Arrivals, CampusDay, Offline, Poisson, Ramp, Replay, Server, Spike

SHAPES: list[Arrivals] = [
    Poisson("poisson", 50.0, 200.0),
    Ramp("ramp", 0.0, 100.0, 200.0),
    Ramp("ramp", 100.0, 0.0, 200.0),
    Spike("spike", 20.0, 200.0, 100.0, 30.0, 300.0),
    CampusDay("campus_day", 10_000, 2400.0),
]


def counts(times: np.ndarray, edges: list[float]) -> list[int]:
    return [int(((times >= low) & (times < high)).sum()) for low, high in itertools.pairwise(edges)]


def near(count: int, mean: float) -> bool:
    """Within five standard deviations of a Poisson count."""
    return abs(count - mean) < 5 * math.sqrt(mean)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{shape.shape}")
def test_times_are_sorted_repeatable_and_as_many_as_the_rate_says(shape: Arrivals) -> None:
    times = schedule(shape, seed=1)
    assert (np.diff(times) >= 0).all()
    assert times[0] >= 0
    assert times[-1] <= shape.duration_s  # type: ignore[union-attr]
    assert (times == schedule(shape, seed=1)).all()
    assert len(times) != len(schedule(shape, seed=2)) or (times != schedule(shape, seed=2)).any()
    assert near(len(times), sum(part.mean_count for part in segments(shape)))  # type: ignore[arg-type]


def test_poisson_gaps_are_exponential() -> None:
    gaps = np.diff(schedule(Poisson("poisson", 50.0, 400.0), seed=3))
    assert gaps.mean() == pytest.approx(1 / 50, rel=0.05)
    assert gaps.std() == pytest.approx(1 / 50, rel=0.05)
    assert (gaps > 1 / 50).mean() == pytest.approx(math.exp(-1), abs=0.02)


def test_a_ramp_grows_with_the_square_of_time() -> None:
    times = schedule(Ramp("ramp", 0.0, 100.0, 200.0), seed=4)
    first, second = counts(times, [0, 100, 200])
    assert near(first, 2500)
    assert near(second, 7500)


def test_a_spike_is_where_it_was_put() -> None:
    before, spike, after = counts(schedule(SHAPES[3], seed=5), [0, 100, 130, 300])
    assert near(before, 2000)
    assert near(spike, 6000)
    assert near(after, 3400)


def test_a_campus_day_has_its_dip_its_evening_and_its_deadline() -> None:
    hour = 100.0  # a day in 2400 s
    hours = counts(schedule(SHAPES[4], seed=6), [hour * index for index in range(25)])
    night, morning, lunch, evening, deadline = hours[4], hours[10], hours[12], hours[21], hours[23]
    assert night < lunch < morning < evening < deadline
    assert near(deadline, 2000)
    assert near(sum(hours), 10_000)


def test_rates_are_multiples_of_a_factor() -> None:
    assert near(len(schedule(Poisson("poisson", 0.5, 100.0), seed=7, factor=40.0)), 2000)


def test_offline_is_all_at_once() -> None:
    assert schedule(Offline("offline", 7), seed=1).tolist() == [0.0] * 7


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("trace.csv", "id,time_s\na,12.5\nb,10\nc,11\n"),
        ("trace.jsonl", '{"time_s": 12.5}\n{"time_s": 10}\n{"time_s": 11}\n'),
    ],
)
def test_a_trace_is_replayed_from_its_first_time(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    assert schedule(Replay("replay", str(path), stretch=2.0), seed=0).tolist() == [0.0, 2.0, 5.0]


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("trace.csv", "time\n1\n", "entry 1: time_s is None"),
        ("trace.csv", "time_s\n1\nsoon\n", "entry 2: time_s is 'soon'"),
        ("trace.csv", "time_s\nnan\n", "entry 1: time_s is nan"),
        ("trace.csv", "time_s\n", "holds no times"),
        ("trace.jsonl", "{]\n", "Expecting"),
    ],
)
def test_a_broken_trace_names_file_and_entry(tmp_path: Path, name: str, text: str, problem: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(BenchError, match=problem) as caught:
        schedule(Replay("replay", str(path)), seed=0)
    assert str(path) in str(caught.value)


def test_a_search_has_no_schedule_and_a_missing_trace_is_named(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="search"):
        schedule(Server("server", 10, 10), seed=0)
    with pytest.raises(BenchError, match="none.csv: No such file"):
        schedule(Replay("replay", str(tmp_path / "none.csv")), seed=0)
