"""What alternating runs come to, and when they are void."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import yardsticks
from benchmarks.harness.core import BenchError, Modality, Observation, Outcome, Priority, Request, Sample
from benchmarks.harness.generators import Sent
from benchmarks.harness.plan import Plan
from benchmarks.harness.scenario import Scenario
from benchmarks.harness.shapes import Offline, Poisson, Server
from benchmarks.harness.summary import summarise as summarise_run
from benchmarks.yardsticks_runs import Alternation, OneCompetency, StackRun
from benchmarks.yardsticks_stacks import Choices, names_of
from benchmarks.yardsticks_summary import cores, summarise

SAMPLES = tuple(Sample(name, Modality.TEXT, "en", "Why?", ("teamwork", "leadership"), text="x") for name in "ab")
SCENARIO = Scenario(
    name="offline",
    about="test",
    arrivals=Offline("offline", 2),
    mix={Modality.TEXT: 1.0},
    deadline_s={Modality.TEXT: 10.0},
)


def stack_run(wall_s: float, scores: Mapping[str, str], stages_s: Mapping[str, float] | None = None) -> StackRun:
    requests = tuple(Request(sample, 0.0, 10.0) for sample in SAMPLES)
    seen = tuple(
        Observation(
            sample_id=sample.sample_id,
            modality=sample.modality,
            priority=Priority.INTERACTIVE,
            intended_s=0.0,
            sent_s=0.0,
            done_s=wall_s,
            outcome=Outcome.OK,
            code="OK",
        )
        for sample in SAMPLES
    )
    run = summarise_run(SCENARIO, Plan((), requests, 0.0), Sent(seen, (), (0.0,), (wall_s,)), started="now")
    hashes = {name: frozenset({digest}) for name, digest in scores.items()}
    return StackRun(run, 3.0, hashes, stages_s or {})


EQUAL = {"a": "1", "b": "2"}
SETTINGS: Mapping[str, Mapping[str, object]] = {name: {} for name in ("viva", "raw", "mosec")}


def test_eta_is_the_compute_of_the_rounds_raw_run_over_cores_and_wall() -> None:
    runs = {
        "viva": [stack_run(4.0, EQUAL), stack_run(8.0, EQUAL)],
        "raw": [
            stack_run(3.0, EQUAL, {"vad": 1.0, "asr_en": 2.0}),
            stack_run(3.0, EQUAL, {"vad": 2.0, "asr_en": 4.0}),
        ],
    }
    found = summarise(SCENARIO, runs, SETTINGS)
    assert found.stacks["viva"].eta == pytest.approx((3 / (cores() * 4), 6 / (cores() * 8)))
    assert found.stacks["viva"].cpu_s_per_answer == (1.5, 1.5)
    assert found.raw_stages_s == {"asr_en": 1.5, "vad": 0.75}
    assert found.void == ()
    throughput = next(one for one in found.ratios if one["figure"] == "throughput")
    assert throughput["target"] == "raw"
    assert throughput["ratio"] == pytest.approx((4 / 3 + 8 / 3) / 2)


def test_a_stack_that_scores_an_answer_differently_makes_the_runs_void() -> None:
    runs = {"viva": [stack_run(4.0, EQUAL)], "mosec": [stack_run(4.0, {"a": "1", "b": "3"})]}
    found = summarise(SCENARIO, runs, SETTINGS)
    assert found.void == ("1 answers have different assessments",)
    assert found.scores.compared == 2
    assert found.scores.different == {"b": {"viva": ("2",), "mosec": ("3",)}}


def rounds(names: tuple[str, ...], count: int, tell: Callable[[str], None] = print) -> Alternation:
    return Alternation(SCENARIO, OneCompetency(None), names, count, Choices(), tell)  # type: ignore[arg-type]


def test_every_round_runs_every_stack_in_another_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Alternation, "_stack", lambda self, name, number: stack_run(4.0, EQUAL))
    assert [name for name, _ in rounds(("viva", "mosec", "litserve"), 3).run()] == [
        *("viva", "mosec", "litserve"),
        *("mosec", "litserve", "viva"),
        *("litserve", "viva", "mosec"),
    ]


@pytest.mark.parametrize(("late", "made"), [(0, 1), (1, 2), (2, 3), (3, 3)])
def test_a_void_run_is_made_again_twice_at_most(monkeypatch: pytest.MonkeyPatch, late: int, made: int) -> None:
    fine = stack_run(4.0, EQUAL)
    generator = replace(fine.run.generator, void="the generator sent 0.0686 s late")
    void = replace(fine, run=replace(fine.run, generator=generator))
    tries = iter([void] * late + [fine] * 3)
    numbers: list[int] = []

    def stack(self: Alternation, name: str, number: int) -> StackRun:
        numbers.append(number)
        return next(tries)

    monkeypatch.setattr(Alternation, "_stack", stack)
    told: list[str] = []
    (_, one), *_ = rounds(("mosec",), 1, told.append).run()
    assert numbers == [0] * made
    assert one is (void if late == 3 else fine)
    assert told[1:] == ["mosec: the generator sent 0.0686 s late; once more"] * min(late, 2)


def test_void_runs_are_shown_and_not_compared(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fine = stack_run(4.0, EQUAL)
    void = replace(fine, run=replace(fine.run, generator=replace(fine.run.generator, void="it was late")))
    monkeypatch.setattr(Alternation, "run", lambda self: iter([("viva", fine), ("mosec", void)]))
    monkeypatch.setattr(yardsticks, "check", lambda names: None)
    monkeypatch.setattr("benchmarks.harness.corpus.load", lambda folder: None)
    page = tmp_path / "page.html"
    done = CliRunner().invoke(
        yardsticks.main, ["run", "--corpus", str(tmp_path), "--stacks", "viva,mosec", "--html", str(page)]
    )
    assert (done.exit_code, page.exists()) == (1, False)
    assert "void: mosec, run 1: it was late" in done.output


@pytest.mark.parametrize(
    ("names", "complaint"), [("viva,nobody", "no stack is called 'nobody'"), ("raw,raw", "raw is there twice")]
)
def test_stacks_that_are_not_there_are_named(names: str, complaint: str) -> None:
    with pytest.raises(BenchError, match=complaint):
        names_of(names)


def test_a_search_becomes_one_rate_for_all_stacks() -> None:
    search = replace(SCENARIO, name="server", arrivals=Server("server", 100, 50))
    asked = yardsticks._asked(search, 5, 4.0, None)
    assert asked.arrivals == Poisson("poisson", 4.0, 25.0)
    assert asked.repetitions == 5
    with pytest.raises(BenchError, match="--rate: is required"):
        yardsticks._asked(search, 5, None, None)
    with pytest.raises(BenchError, match="--rate: offline sends all answers at once"):
        yardsticks._asked(SCENARIO, 5, 4.0, None)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--stacks", "viva,nobody"], "no stack is called 'nobody'"),
        (["--stacks", "raw"], "no corpus at"),
        (["--stacks", "raw", "--scenario", "server", "--rate", "1"], "raw has no server to send to"),
        (["--stacks", "raw", "--scenario", "missing.yaml"], "missing.yaml"),
    ],
)
def test_what_cannot_be_run_is_one_line_and_exit_code_2(tmp_path: Path, options: list[str], complaint: str) -> None:
    done = CliRunner().invoke(yardsticks.main, ["run", "--corpus", str(tmp_path / "none"), *options])
    assert done.exit_code == 2
    assert complaint in done.output and done.output.count("\n") == 1
