"""The benchmark of the control plane, short: real edge, PostgreSQL, queue, webhooks and reports around null engines."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.control_plane import checks
from benchmarks.control_plane.engine import ServiceTimes, pipeline_of
from benchmarks.control_plane.outcome import AnswerRow, Result
from benchmarks.control_plane.plan import QUESTIONS, Plan, arrivals
from benchmarks.control_plane.run import run
from benchmarks.control_plane.store import StoredAnswer
from benchmarks.harness.core import BenchError
from deployments.config import VivaConfig
from serving.domain.answer import Answer

SHORT = Plan(rate=20.0, duration_s=10.0, workers=40, service="0.5", open_interviews=20, tenants=2, all_events=True)


def test_every_accepted_answer_has_its_one_result_report_and_webhook(tmp_path: Path) -> None:
    outcome = run(SHORT, tmp_path, lambda _: None)
    assert outcome.faults == []
    answers, scheduled = outcome.figures["answers"], [one for one in arrivals(SHORT) if one.question is not None]
    assert answers["offered"] == answers["accepted"] == answers["scored"] == len(scheduled)
    assert answers["interviews"] * QUESTIONS >= len(scheduled) > 100
    assert answers["events"] == (1 + QUESTIONS + 1) * answers["interviews"]  # made, each answer scored, reported
    assert min(outcome.figures["cpu_ms_per_answer"][name] for name in ("gateway", "scorers", "postgres")) > 0


def test_what_was_lost_or_done_twice_is_named() -> None:
    now = datetime.now(UTC)
    names = [f"tenants/t/interviews/i/answers/q{n}" for n in range(3)]
    stored = [
        StoredAnswer(names[0], "scored", now, now, 1, 1),
        StoredAnswer(names[1], "failed", now, now, 2, 0),
    ]
    result = Result(
        started=0.0,
        ended=1.0,
        drained=2.0,
        interviews=["tenants/t/interviews/i"],
        offered=3,
        answers=[AnswerRow(name, 0.0, 0.1) for name in names],
        notified={"tenants/t/interviews/i": 1.0},
        reports_read=1,
        reports_watched=1,
        events=1,
        events_again=0,
        events_refused=0,
        errors={},
        late_s=[],
    )
    counts = {
        "interviews_completed": 1,
        "reports": 2,
        "interviews_with_reports": 1,
        "usage": 2,
        "assessments": 2,
        "jobs_left": 1,
        "deliveries": 1,
        "deliveries_not_delivered": 0,
    }
    assert checks.faults(result, stored, counts) == [
        f"1 answers accepted but not stored, such as {names[2]}",
        f"1 answers not scored, such as {names[1]}",
        f"1 answers without exactly one result, such as {names[1]}",
        f"1 answers without exactly one usage row, such as {names[1]}",
        "reports is 2, not 1",
        "jobs_left is 1, not 0",
    ]


def test_arrivals_are_the_same_for_equal_plans_and_go_through_interviews_question_by_question() -> None:
    found = arrivals(SHORT)
    assert found == arrivals(SHORT) != arrivals(dataclasses.replace(SHORT, seed=2))
    assert [one.at_s for one in found] == sorted(one.at_s for one in found)
    of_first = [one.question for one in found if one.interview == 0]
    assert of_first == [None, 0, 1, 2, 3, 4]
    assert len(found) / 6 * QUESTIONS == pytest.approx(SHORT.rate * SHORT.duration_s, rel=0.3)


def test_service_times_follow_what_was_measured(tmp_path: Path) -> None:
    (tmp_path / "measured.json").write_text("[4.0, 1, 2.0]")
    times = ServiceTimes.parse(str(tmp_path / "measured.json"))
    digests = [f"{n:012x}" + "0" * 52 for n in range(0, 16**12, 16**12 // 1000)]
    drawn = [times.of(digest) for digest in digests]
    assert (min(drawn), max(drawn)) == (1.0, pytest.approx(4.0, abs=0.01))
    assert sum(drawn) / len(drawn) == pytest.approx(times.mean_s, rel=0.01)
    assert ServiceTimes.parse("2.5").of(digests[7]) == 2.5


async def test_the_null_engine_answers_as_recorded_in_the_name_of_what_was_asked() -> None:
    models, scoring = pipeline_of(ServiceTimes((0.001,)))(VivaConfig())
    first = await scoring.run(Answer("Why?", "en", ("teamwork",), role="Trainee", text="I asked them."))
    other = await scoring.run(Answer("Why?", "en", ("teamwork",), role="Trainee", text="I told them."))
    assert models.available()
    assert (first.question, first.role, [one.name for one in first.competencies]) == ("Why?", "Trainee", ["teamwork"])
    assert len(first.transcript.words) > 250
    assert first.provenance.input_sha256 != other.provenance.input_sha256


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--duration", "soon"], "--duration is 'soon', it must be like 60s, 10m or 1h"),
        (["--rate", "0"], "rate is 0, it must be 0.1 to 10000"),
        (["--service-s", "quick"], "--service-s: 'quick' is neither a number of seconds nor a JSON file"),
        (["--service-s", "4"], "200 workers do 50.0 answers a second of 4 s each; --rate is 56"),
        (["--json", "/nowhere/at/all.json"], "--json is /nowhere/at/all.json: there is no such folder"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(options: list[str], said: str) -> None:
    command = [sys.executable, "-m", "benchmarks.control_plane", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (2, f"error: {said}\n")


def test_a_run_of_less_than_an_interview_is_refused() -> None:
    with pytest.raises(BenchError, match="are not one interview"):
        arrivals(dataclasses.replace(SHORT, rate=0.1, duration_s=1.0))
