"""The simulator against closed forms of queueing theory."""

import math
import random
import statistics
from collections.abc import Callable
from functools import partial

import pytest
import simpy

from benchmarks.capacity.intervals import Interval
from benchmarks.capacity.stations import SharedCores


def sojourns(cores: float, demand: float, rate: float, service: Callable[[random.Random], float], seed: int) -> float:
    """Mean time in system of Poisson arrivals at one station, after a warm-up."""
    env, dice, times = simpy.Environment(), random.Random(seed), []
    station = SharedCores(env, cores)
    count, warm_up = 12_000, 2_000

    def arrive() -> simpy.events.ProcessGenerator:
        for number in range(count):
            yield env.timeout(dice.expovariate(rate))
            began = env.now

            def done(number: int = number, began: float = began) -> None:
                if number >= warm_up:
                    times.append(env.now - began)

            station.serve(service(dice), demand, done)

    env.process(arrive())
    env.run()
    assert len(times) == count - warm_up
    return sum(times) / len(times)


def erlang_c(servers: int, load: float) -> float:
    """Probability of waiting in M/M/c (Kleinrock, Queueing Systems I, 3.5)."""
    busy = load**servers / math.factorial(servers) / (1 - load / servers)
    return busy / (sum(load**k / math.factorial(k) for k in range(servers)) + busy)


@pytest.mark.parametrize(("servers", "load"), [(1, 0.5), (2, 1.6), (8, 6.0)])
def test_a_core_each_has_the_mean_of_m_m_c(servers: int, load: float) -> None:
    seen = Interval.of([sojourns(servers, 1.0, load, lambda dice: dice.expovariate(1.0), seed) for seed in range(8)])
    expected = 1 + erlang_c(servers, load) / (servers - load)
    assert seen.low <= expected <= seen.high
    assert seen.mean == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize(
    "service",
    [lambda dice: 1.0, lambda dice: dice.expovariate(1.0), lambda dice: 0.1 if dice.random() < 0.9 else 9.1],
    ids=["constant", "exponential", "two-valued"],
)
def test_one_shared_core_has_the_mean_of_m_g_1_ps_whatever_the_distribution(
    service: Callable[[random.Random], float],
) -> None:
    seen = Interval.of([sojourns(1.0, 1.0, 0.6, service, seed) for seed in range(8)])
    assert seen.low <= 1 / (1 - 0.6) <= seen.high
    assert seen.mean == pytest.approx(2.5, rel=0.1)


def test_unequal_claims_have_the_means_of_discriminatory_processor_sharing() -> None:
    """Two exponential classes on one core (Fayolle, Mitrani, Iasnogorodski 1980)."""
    rates, means, claims = (0.3, 0.15), (1.0, 2.0), (4.0, 1.0)
    loads = [rate * mean for rate, mean in zip(rates, means, strict=True)]
    runs = [_shared(rates, means, claims, seed) for seed in range(8)]
    weight = sum(claims[k] * (1 - loads[k]) / means[k] for k in (0, 1))
    for ours, other in ((0, 1), (1, 0)):
        advantage = loads[other] * (claims[other] - claims[ours]) / means[ours] / weight
        expected = means[ours] / (1 - sum(loads)) * (1 + advantage)
        seen = Interval.of([run[ours] for run in runs])
        assert seen.low <= expected <= seen.high
        assert seen.mean == pytest.approx(expected, rel=0.1)


def _shared(
    rates: tuple[float, float], means: tuple[float, float], claims: tuple[float, float], seed: int
) -> tuple[float, float]:
    """Mean time in system of each class."""
    env, dice = simpy.Environment(), random.Random(seed)
    station = SharedCores(env, 1.0)
    times: tuple[list[float], list[float]] = ([], [])

    def arrive(ours: int) -> simpy.events.ProcessGenerator:
        while True:
            yield env.timeout(dice.expovariate(rates[ours]))
            began = env.now
            done = partial(lambda began: times[ours].append(env.now - began), began)
            station.serve(dice.expovariate(1 / means[ours]), 1.0, done, claims[ours])

    env.process(arrive(0))
    env.process(arrive(1))
    env.run(until=20_000)
    return statistics.fmean(times[0][500:]), statistics.fmean(times[1][500:])


def test_demands_that_fit_slow_nobody_down_and_those_that_do_not_slow_all_alike() -> None:
    env = simpy.Environment()
    station = SharedCores(env, 2.0)
    ended: dict[str, float] = {}
    station.serve(10.0, 1.0, lambda: ended.setdefault("first", env.now))
    station.serve(4.0, 1.0, lambda: ended.setdefault("second", env.now))
    env.run(until=4.5)
    assert ended == {"second": 4.0}
    station.serve(1.0, 3.0, lambda: ended.setdefault("greedy", env.now))  # takes all there is, as two cores are two
    env.run()
    # Demand 1 + 2 on 2 cores: a second of work takes 1.5, for both.
    assert ended == {"second": 4.0, "greedy": pytest.approx(6.0), "first": pytest.approx(10.5)}
    station.settle()
    # Work is conserved: 10 + 4 + 2 core-seconds.
    assert station.busy_core_s == pytest.approx(16.0)
