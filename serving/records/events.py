"""Events: what each says. Ids, states and scores, and no word of a candidate or of a person who reviews.

An event is written in the transaction that made it so, and that can happen once only: a job can be finished once, a
name stored once, a contest reviewed once. So a random id does: what was committed is never emitted again. An id made of
the name would be worse, since a name can be used again after a deletion, and receivers drop ids that they know.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from serving.domain import names
from serving.domain.candidate import ErasureReceipt
from serving.domain.interview import Interview
from serving.domain.report import Contest, Decision, Report
from serving.domain.submission import Submission
from serving.domain.webhook import AtsResult, AtsScore, Event, EventType


def interview_created(interview: Interview, time: datetime) -> Event:
    data = {
        "interview": interview.name,
        "candidate": interview.candidate,
        "role_revision": interview.role_revision,
        "state": interview.state,
        "deadline_time": interview.deadline_time,
    }
    return _event(EventType.INTERVIEW_CREATED, interview.name, time, data)


def answer_scored(answer: Submission, time: datetime) -> Event:
    """A new assessment of an answer; scores out of 10, absent where a competency could not be scored."""
    result = answer.result
    data = {
        **_answer(answer),
        "assessment_revision": result.revision if result else 0,
        "competency_scores": tuple(AtsScore(one.name, one.score) for one in result.competencies) if result else (),
    }
    return _event(EventType.ANSWER_SCORED, answer.name, time, data)


def answer_failed(answer: Submission, time: datetime) -> Event:
    """`reason` is one of the catalogue of errors."""
    data = {**_answer(answer), "reason": answer.error.reason if answer.error else ""}
    return _event(EventType.ANSWER_FAILED, answer.name, time, data)


def report_created(report: Report, interview: Interview, time: datetime) -> Event:
    return _event(EventType.REPORT_CREATED, report.name, time, _values(ats_result(report, interview, time)))


def decision_created(decision: Decision, time: datetime) -> Event:
    data = {
        "decision": decision.name,
        "interview": names.parent_of(decision.name),
        "report": decision.report,
        "outcome": decision.outcome,
    }
    return _event(EventType.DECISION_CREATED, decision.name, time, data)


def contest_created(contest: Contest, time: datetime) -> Event:
    return _event(EventType.CONTEST_CREATED, contest.name, time, _contest(contest))


def contest_reviewed(contest: Contest, time: datetime) -> Event:
    """`following_report` is the report that followed, empty where none has (yet)."""
    review = contest.review
    data = {
        **_contest(contest),
        "verdict": review.verdict if review else None,
        "following_report": review.report if review else "",
    }
    return _event(EventType.CONTEST_REVIEWED, contest.name, time, data)


def candidate_erased(tenant: str, receipt: ErasureReceipt, time: datetime) -> Event:
    """The event that outlives an erasure: its subject has the hash of the candidate's name in place of the id."""
    subject = f"tenants/{tenant}/candidates/sha256:{receipt.candidate_sha256}"
    return _event(EventType.CANDIDATE_ERASED, subject, time, _values(receipt))


def ats_result(report: Report, interview: Interview, time: datetime) -> AtsResult:
    """A report in the words of applicant tracking systems: the role is a package, the interview an order."""
    return AtsResult(
        package_id=names.parent_of(report.role_revision),
        package_name=report.role_display_name,
        order_id=interview.name,
        candidate_id=names.id_of(report.candidate),
        result_id=report.name,
        score=report.overall.score,
        score_low=report.overall.low,
        score_high=report.overall.high,
        competency_scores=tuple(AtsScore(one.name, one.score) for one in report.competencies),
        recommendation=_recommendation(report),
        complete_time=report.create_time or time,
    )


def _recommendation(report: Report) -> str:
    if not report.recommendations:
        return ""
    holding = {one.recommends for one in report.recommendations if one.value == "true"}
    return "advance" if holding == {"advance"} else "review"


def _answer(answer: Submission) -> dict[str, Any]:
    return {
        "answer": answer.name,
        "interview": names.parent_of(answer.name),
        "question_id": answer.question_id,
        "state": answer.state,
    }


def _contest(contest: Contest) -> dict[str, Any]:
    return {
        "contest": contest.name,
        "interview": names.parent_of(contest.name),
        "report": contest.report,
        "answer": contest.answer,
        "state": contest.state,
    }


def _event(kind: EventType, subject: str, time: datetime, data: Mapping[str, Any]) -> Event:
    return Event(str(uuid.uuid4()), kind, subject, time, _values(data))


def _values(value: Any) -> Any:
    """JSON values as protobuf maps them: what is None is left out, times are RFC 3339 in UTC."""
    if dataclasses.is_dataclass(value):
        value = {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: _values(item) for key, item in value.items() if item is not None}
    if isinstance(value, tuple):
        return [_values(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.value if isinstance(value, Enum) else value
