"""What events say, and what they never say."""

import json
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from google.protobuf import json_format

from serving.api import messages
from serving.domain import names
from serving.domain.assessment import OverallScore
from serving.domain.candidate import ErasureReceipt
from serving.domain.interview import Interview, InterviewState
from serving.domain.report import Contest, ContestState, Decision, Outcome, Report, ReportCompetency, Review, Verdict
from serving.domain.screening import Recommendation
from serving.domain.submission import AnswerResult, AnswerState, CompetencyResult, Failure, Submission
from serving.domain.webhook import Event, EventType
from serving.records import events
from viva.v1.webhooks_pb2 import AtsResult

_NOW = datetime(2026, 11, 25, 10, 0, 0, 250_000, tzinfo=UTC)
_INTERVIEW = Interview(
    name="tenants/acme/interviews/7",
    candidate="tenants/acme/candidates/Ann.1",
    role_revision="tenants/acme/roles/clerk/revisions/3",
    deadline_time=datetime(2026, 12, 1, 18, 0, tzinfo=timezone(timedelta(hours=8))),
)
_ANSWER = Submission(name=f"{_INTERVIEW.name}/answers/q1", question_id="q1", text="SPOKEN words", end_time=_NOW)
_REPORT = Report(
    name=f"{_INTERVIEW.name}/reports/2",
    candidate=_INTERVIEW.candidate,
    role_revision=_INTERVIEW.role_revision,
    role_display_name="Clerk",
    overall=OverallScore(7.25, 6.5, 8.0),
    competencies=(
        ReportCompetency("teamwork", 0.5, "scored", 7.25, 6.5, 8.0, 1),
        ReportCompetency("integrity", 0.5, "insufficient_evidence"),
    ),
    create_time=_NOW,
)
_REVIEW = Review(Verdict.OVERRULED, "SPOKEN reason of a person", "Bo", "SPOKEN transcript", 8.0, "", _NOW)
_CONTEST = Contest(
    name=f"{_INTERVIEW.name}/contests/c",
    report=_REPORT.name,
    answer=_ANSWER.name,
    statement="SPOKEN statement",
)
_RECEIPT = ErasureReceipt("ab" * 32, 1, 2, 3, 4, 5, _NOW)


def _all() -> list[Event]:
    scored = Submission(
        name=_ANSWER.name,
        question_id="q1",
        text="SPOKEN words",
        state=AnswerState.SCORED,
        result=AnswerResult(2, (CompetencyResult("teamwork", "scored", 7.0, 6.0, 8.0), CompetencyResult("x", "no"))),
    )
    failed = Submission(
        name=_ANSWER.name,
        question_id="q1",
        state=AnswerState.FAILED,
        error=Failure(3, "MEDIA_EMPTY", "SPOKEN message"),
    )
    reviewed = Contest(
        _CONTEST.name, _REPORT.name, _ANSWER.name, "SPOKEN statement", ContestState.REVIEWED, _REVIEW, _NOW
    )
    decision = Decision(f"{_INTERVIEW.name}/decisions/d", Outcome.HOLD, "SPOKEN reason of it", "Bo", _REPORT.name)
    return [
        events.interview_created(_INTERVIEW, _NOW),
        events.answer_scored(scored, _NOW),
        events.answer_failed(failed, _NOW),
        events.report_created(_REPORT, _INTERVIEW, _NOW),
        events.decision_created(decision, _NOW),
        events.contest_created(_CONTEST, _NOW),
        events.contest_reviewed(reviewed, _NOW),
        events.candidate_erased("acme", _RECEIPT, _NOW),
    ]


def test_every_type_has_an_event_of_json_values_without_anybodys_words() -> None:
    made = _all()
    assert {one.type for one in made} == set(EventType)
    for event in made:
        text = json.dumps(event.data, allow_nan=False)
        assert json.loads(text) == event.data
        assert "SPOKEN" not in text
        assert "Bo" not in text
        assert event.time == _NOW
        assert event.subject.startswith("tenants/acme/")
    assert len({UUID(one.event_id) for one in made}) == len(made)


def test_a_later_event_of_the_same_name_has_another_id() -> None:
    first, second = (events.interview_created(_INTERVIEW, _NOW) for _ in range(2))
    assert first.event_id != second.event_id


def test_an_interview_is_told_with_its_state_and_its_times_in_utc() -> None:
    assert events.interview_created(_INTERVIEW, _NOW).data == {
        "interview": "tenants/acme/interviews/7",
        "candidate": "tenants/acme/candidates/Ann.1",
        "role_revision": "tenants/acme/roles/clerk/revisions/3",
        "state": InterviewState.OPEN.value,
        "deadline_time": "2026-12-01T10:00:00Z",
    }


def test_a_scored_answer_is_told_with_its_scores_and_a_failed_one_with_its_reason() -> None:
    _, scored, failed, *_ = _all()
    base = {"answer": _ANSWER.name, "interview": _INTERVIEW.name, "question_id": "q1"}
    assert scored.data == {
        **base,
        "state": "scored",
        "assessment_revision": 2,
        "competency_scores": [{"name": "teamwork", "score": 7.0}, {"name": "x"}],
    }
    assert failed.data == {**base, "state": "failed", "reason": "MEDIA_EMPTY"}


def test_a_reviewed_contest_is_told_with_its_verdict() -> None:
    *_, contest, reviewed, _ = _all()
    base = {"contest": _CONTEST.name, "interview": _INTERVIEW.name, "report": _REPORT.name, "answer": _ANSWER.name}
    assert contest.data == {**base, "state": "open"}
    assert reviewed.data == {**base, "state": "reviewed", "verdict": "overruled", "following_report": ""}


def test_a_report_is_an_ats_result_in_protobufs_own_json() -> None:
    data = events.report_created(_REPORT, _INTERVIEW, _NOW).data
    assert data == {
        "package_id": "tenants/acme/roles/clerk",
        "package_name": "Clerk",
        "order_id": _INTERVIEW.name,
        "candidate_id": "Ann.1",
        "status": "completed",
        "result_id": _REPORT.name,
        "score": 7.25,
        "score_low": 6.5,
        "score_high": 8.0,
        "competency_scores": [{"name": "teamwork", "score": 7.25}, {"name": "integrity"}],
        "recommendation": "",
        "complete_time": "2026-11-25T10:00:00.250000Z",
    }
    message = json_format.ParseDict(dict(data), AtsResult())
    assert message == messages.to_message(events.ats_result(_REPORT, _INTERVIEW, _NOW), AtsResult())
    written = json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    assert written.keys() == data.keys()


def test_a_report_without_a_score_has_none() -> None:
    empty = Report(name=_REPORT.name, candidate=_REPORT.candidate, role_revision=_REPORT.role_revision)
    data = events.report_created(empty, _INTERVIEW, _NOW).data
    assert not {"score", "score_low", "score_high"} & data.keys()
    assert data["competency_scores"] == []
    assert data["complete_time"] == "2026-11-25T10:00:00.250000Z"


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ((), ""),
        ((("advance", "true"),), "advance"),
        ((("advance", "false"),), "review"),
        ((("advance", "unknown"),), "review"),
        ((("advance", "true"), ("review", "true")), "review"),
        ((("advance", "true"), ("review", "false"), ("advance", "unknown")), "advance"),
        ((("review", "false"),), "review"),
    ],
)
def test_one_recommendation_comes_of_all_rules(rules: tuple[tuple[str, str], ...], expected: str) -> None:
    recommendations = tuple(Recommendation(recommends=word, value=value) for word, value in rules)
    report = Report(
        name=_REPORT.name,
        candidate=_REPORT.candidate,
        role_revision=_REPORT.role_revision,
        recommendations=recommendations,
    )
    assert events.ats_result(report, _INTERVIEW, _NOW).recommendation == expected


def test_an_erased_candidate_is_named_by_a_hash_only() -> None:
    event = events.candidate_erased("acme", _RECEIPT, _NOW)
    assert event.subject == f"tenants/acme/candidates/sha256:{'ab' * 32}"
    assert names.without_candidate(_INTERVIEW.candidate).startswith("tenants/acme/candidates/sha256:")
    assert event.data["candidate_sha256"] == "ab" * 32
    assert event.data["interview_count"] == 1
