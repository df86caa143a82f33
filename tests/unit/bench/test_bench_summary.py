"""What observations come to: figures, verdicts, and runs that measure the generator."""

from pathlib import Path

import pytest

from benchmarks.harness import result_file
from benchmarks.harness.core import BenchError, Outcome, Priority
from benchmarks.harness.result import Probe, Search
from benchmarks.harness.scenario import ErrorSlo, GoodputSlo, Slos, WarmUp
from benchmarks.harness.session import check_warm_up
from benchmarks.harness.shapes import Offline
from tests.unit.bench import runs
from tests.unit.bench.runs import asking, observation, scenario, steady


def test_figures_of_a_run() -> None:
    seen = [*steady(lambda index: 0.1), *(observation(index, 0.0, Outcome.REFUSED) for index in range(100))]
    made = runs.run(asking(99, 1.0), seen)
    assert made.total.count == 1100
    assert made.total.outcomes[Outcome.OK] == 1000
    assert made.total.codes == {"OK": 1000, "RESOURCE_EXHAUSTED": 100}
    assert made.total.offered_per_s == pytest.approx(11)
    assert made.total.throughput_per_s == pytest.approx(10, rel=0.01)
    assert made.total.latency[0].value_s == pytest.approx(0.1)
    assert sum(made.timeline.offered) == 1100
    assert sum(made.timeline.ok) == 1000
    assert sum(made.timeline.refused) == 100
    assert made.timeline.outstanding[-1] == 0


def test_goodput_counts_what_came_within_the_limit() -> None:
    made = runs.run(asking(99, 1.0), steady(lambda index: 2.0 if index % 4 == 0 else 0.5))
    assert made.total.goodput_per_s == pytest.approx(0.75 * made.total.throughput_per_s)
    assert runs.run(scenario(), steady(lambda index: 2.0)).total.goodput_per_s > 9


def test_a_warm_up_is_in_the_series_and_not_in_the_figures() -> None:
    seen = steady(lambda index: 9.0 if index < 100 else 0.1)
    made = runs.run(asking(99, 1.0, warm_up=WarmUp(seconds=10.0)), seen)
    assert made.total.count == 900
    assert made.held
    assert made.timeline.max_s[0] == 9.0
    assert made.timeline.warm_up_s == 10.0


@pytest.mark.parametrize(
    ("late", "count", "state"),
    [(0, 1000, "held"), (2, 1000, "held"), (8, 1000, "unproven"), (20, 1000, "missed"), (0, 458, "unproven")],
)
def test_a_percentile_is_claimed_with_enough_samples_only(late: int, count: int, state: str) -> None:
    made = runs.run(asking(99, 1.0), steady(lambda index: 2.0 if index < late else 0.1, count))
    assert [verdict.state for verdict in made.verdicts] == [state]
    assert made.held is (state == "held")


def test_a_percentile_at_its_limit_is_not_missed() -> None:
    (verdict,) = runs.run(asking(90, 1.0), steady(lambda index: 2.0 if index < 10 else 0.1, 100)).verdicts
    assert (verdict.state, verdict.measured) == ("unproven", pytest.approx(0.1))


def test_an_answer_without_an_assessment_is_over_every_limit() -> None:
    seen = steady(lambda index: 0.1)
    refused = [observation(one.intended_s, 0.0, Outcome.REFUSED) for one in seen[:20]]
    (verdict,) = runs.run(asking(99, 1.0), [*refused, *seen[20:]]).verdicts
    assert verdict.state == "missed"
    assert verdict.measured is None
    assert verdict.detail == "p99 lies among answers without an assessment; 20 of 1000 over 1 s"


def test_goodput_and_errors_have_bounds() -> None:
    slos = Slos(goodput=(GoodputSlo(9.0), GoodputSlo(11.0)), errors=(ErrorSlo(0.0), ErrorSlo(0.1)))
    seen = steady(lambda index: 0.1)
    seen[5] = observation(0.5, 0.1, Outcome.FAILED)
    seen[6] = observation(0.6, 0.1, Outcome.REFUSED)  # a refusal is no error
    made = runs.run(scenario(slos=slos), seen)
    assert [verdict.state for verdict in made.verdicts] == ["held", "missed", "missed", "held"]
    assert made.verdicts[2].measured == 0.001


def test_a_generator_that_lags_makes_a_run_void() -> None:
    late = [observation(index / 10, 0.5, late_s=0.2 if index % 10 == 0 else 0.0) for index in range(1000)]
    made = runs.run(asking(99, 1.0), late)
    assert [verdict.state for verdict in made.verdicts] == ["held"]
    assert "0.2 s late (p99), more than 0.05 s" in made.generator.void
    assert not made.held


def test_what_was_never_sent_makes_a_run_void() -> None:
    made = runs.run(scenario(), [*steady(lambda index: 0.1), observation(99.0, 40.0, Outcome.UNSENT)])
    assert made.generator.void.startswith("1 requests were never sent")


def test_offline_counts_from_the_first_send_to_the_last_assessment() -> None:
    asked = scenario(Offline("offline", 100))
    seen = [observation(0.0, (index + 1) / 10, late_s=index / 1000) for index in range(100)]
    made = runs.run(asked, seen, duration_s=0.0)
    assert made.total.throughput_per_s == pytest.approx(10)
    assert made.total.offered_per_s is None
    assert made.rate_per_s is None
    assert not made.generator.void
    slow = [observation(0.0, 10.0, late_s=index / 20) for index in range(100)]
    assert runs.run(asked, slow, duration_s=0.0).generator.void
    assert not runs.run(asked, slow, duration_s=0.0, measures_itself=True).generator.void


def test_unequal_scores_of_one_answer_are_found() -> None:
    seen = [observation(0.0, 0.1, scores=scores) for scores in ("a", "a", "b")]
    other_way = observation(0.0, 0.1, priority=Priority.BULK, scores="c")
    made = runs.run(scenario(), [*seen, other_way])
    assert (made.compared, made.unequal_scores) == (1, 1)


def test_an_slo_that_no_answer_of_the_warm_up_met_is_impossible() -> None:
    seen = [observation(0.0, 0.4), observation(0.0, 0.3), observation(0.0, 0.1, Outcome.REFUSED)]
    check_warm_up(asking(99, 0.35), seen)
    with pytest.raises(BenchError, match=r"slos.latency\[0\].limit_s: 0.2 s is impossible here: .* 0.3 s"):
        check_warm_up(asking(99, 0.2), seen)


def test_a_result_is_read_as_it_was_written(tmp_path: Path) -> None:
    asked = asking(99, 1.0, warm_up=WarmUp(count=3, seconds=1.5))
    written = runs.result(asked, [runs.run(asked, steady(lambda index: 0.1))])
    path = tmp_path / "deep" / "result.json"
    result_file.write(written, path)
    assert result_file.read(path) == written
    assert [file.name for file in path.parent.iterdir()] == ["result.json"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"schema": 1', '"schema": 2', "schema is 2, this version reads 1"),
        ('"target": "viva"', '"target": 5', "target: "),
        ('"target"', '"aim"', "is it a result"),
        ('"wall_s"', '"wall"', "runs.0.wall"),
        ('"needed"', '"need"', "runs.0.groups.0.latency.0.need"),
        ("{", "", "is it a result"),
    ],
)
def test_another_file_is_no_result(tmp_path: Path, old: str, new: str, problem: str) -> None:
    path = tmp_path / "result.json"
    result_file.write(runs.result(scenario(), [runs.run(scenario(), steady(lambda index: 0.1))]), path)
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(BenchError, match=problem):
        result_file.read(path)


def test_a_search_ends_in_a_share_of_the_offline_rate() -> None:
    search = Search(10.0, (Probe(7.5, True, 0),), 7.5, 0.05)
    assert search.of_offline == 0.75
    assert Search(10.0, (), None, 0.05).of_offline is None
