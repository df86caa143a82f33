from dataclasses import replace

import numpy as np
import pytest

from benchmarks.capacity.ask import Ask
from benchmarks.capacity.bottlenecks import resources
from benchmarks.capacity.season import draw
from benchmarks.capacity.simulation import Outcome, Simulation
from benchmarks.capacity.sizing import Effort, Sizer
from benchmarks.capacity.slo import Slo
from benchmarks.harness.core import BenchError, Modality
from tests.unit.capacity.plans import SHAPES, an_ask

QUICK = Effort(runs=2, answers=1_500)


def simulated(ask: Ask, nodes: int, seed: int = 0) -> Outcome:
    arrivals = draw(ask.season, ask.season.window_s - 1200, ask.season.window_s, np.random.default_rng(seed))
    return Simulation(Sizer(ask, QUICK).plant(nodes), ask.services, arrivals, seed).run()


def test_equal_seeds_give_equal_outcomes_and_others_give_others() -> None:
    ask = an_ask()
    one, again, other = simulated(ask, 3), simulated(ask, 3), simulated(ask, 3, seed=1)
    assert (one.done_s == again.done_s).all()
    assert one.used == again.used
    assert one.done_s[:50].tolist() != other.done_s[:50].tolist()


def test_every_answer_is_done_and_more_workers_are_never_worse() -> None:
    ask = an_ask()
    means = []
    for nodes in (2, 3, 4, 8):
        outcome = simulated(ask, nodes)
        assert (outcome.done_s > 0).all()
        means.append(outcome.done_s.mean())
    assert means == sorted(means, reverse=True)


def test_the_utilisation_law_holds_in_the_simulation() -> None:
    ask = an_ask()
    sizer = Sizer(ask, Effort(runs=3, answers=3_000))
    estimate = sizer.at(4)
    by_law = {one.name: one.used for one in resources(sizer, estimate)}
    assert estimate.used["worker_cores"] == pytest.approx(by_law["worker cores"], rel=0.08)
    assert estimate.used["edge"] == pytest.approx(by_law["edge cores"], rel=0.08)


def test_the_smallest_fleet_holds_and_the_next_smaller_does_not() -> None:
    sizer = Sizer(an_ask(), QUICK)
    best = sizer.smallest()
    assert best.holds
    assert best.turnaround[95.0].high <= 30.0
    assert best.nodes > 1
    assert not sizer.at(best.nodes - 1).holds


def test_twice_the_answers_need_about_twice_the_fleet_and_cost_about_twice_as_much() -> None:
    once, twice = (Sizer(an_ask(answers=count), QUICK).smallest() for count in (100_000, 200_000))
    assert twice.nodes == pytest.approx(2 * once.nodes, abs=1.5)
    day = 24 * 3600.0
    workers = [one.nodes * SHAPES["worker"].price_per_hour * 24 for one in (once, twice)]
    rest = [one.fleet.price(day) - worker for one, worker in zip((once, twice), workers, strict=True)]
    assert rest[0] == rest[1] == pytest.approx(24 * 0.6)


def test_a_longer_limit_needs_no_more_and_a_backlog_is_allowed_where_it_drains_in_time() -> None:
    short, long = (Sizer(replace(an_ask(), slo=Slo(95.0, limit)), QUICK) for limit in (15.0, 1800.0))
    assert long.smallest().nodes < short.smallest().nodes
    # It is smaller than the peak needs, which the long limit makes up for.
    assert long.capacity_per_s(long.smallest().nodes) < long.peak.rate_per_s


def test_bulk_waits_for_what_somebody_waits_for() -> None:
    ask = an_ask(bulk=0.5)
    arrivals = draw(ask.season, ask.season.window_s - 1200, ask.season.window_s, np.random.default_rng(0))
    outcome = Simulation(Sizer(ask, QUICK).plant(2), ask.services, arrivals, 0).run()
    assert np.percentile(outcome.done_s[~arrivals.bulk], 95) < 0.5 * np.percentile(outcome.done_s[arrivals.bulk], 95)


def test_what_saturates_first_is_named_first() -> None:
    services = {kind: replace(one, database_core_s=1.0) for kind, one in an_ask().services.items()}
    sizer = Sizer(replace(an_ask(), services=services), QUICK)
    found = resources(sizer, sizer.at(8))
    assert found[0].name == "Postgres cores"
    assert found[0].saturates_at == pytest.approx(8 / (1.0 * sizer.peak.rate_per_s))
    unknown = resources(Sizer(an_ask(), QUICK), sizer.at(8))[-1]
    assert (unknown.name, unknown.used, unknown.saturates_at) == ("Postgres cores", None, None)


def test_a_limit_below_the_service_time_is_refused_with_both_figures() -> None:
    with pytest.raises(BenchError, match=r"^slo: p95=1s cannot be held by any fleet: on an idle one p95 is \d.\d+ s"):
        Sizer(replace(an_ask(), slo=Slo(95.0, 1.0)))


def test_a_database_that_is_too_small_is_refused_with_both_figures() -> None:
    services = {kind: replace(one, database_core_s=1.8) for kind, one in an_ask().services.items()}
    with pytest.raises(BenchError, match=r"^database: the peak needs 10.0 cores of Postgres, its machine has 8$"):
        Sizer(replace(an_ask(), services=services))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("p95=0", "its time must be above 0"),
        ("p95=0s", "its time must be above 0"),
        ("p0=5s", "its percentile must be above 0 and below 100"),
        ("p100=5s", "its percentile must be above 0 and below 100"),
        ("95=5s", "it must look like p95=60s"),
        ("p95=-5s", "it must look like p95=60s"),
        ("p95=nan", "it must look like p95=60s"),
    ],
)
def test_an_slo_that_says_nothing_is_refused(text: str, message: str) -> None:
    with pytest.raises(BenchError, match=f"^slo is {text!r}, {message}"):
        Slo.parse(text)


def test_an_slo_in_other_units() -> None:
    assert Slo.parse("p99.9=2m") == Slo(99.9, 120.0)
    assert Slo.parse("p50=500ms") == Slo(50.0, 0.5)
    assert Slo.parse("p50=3") == Slo(50.0, 3.0)


def test_a_mix_of_text_alone_needs_no_lengths() -> None:
    assert Sizer(an_ask(mix={Modality.TEXT: 1.0}), QUICK).smallest().nodes == 1
