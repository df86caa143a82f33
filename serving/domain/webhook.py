"""Events and where they are posted. Field names equal those of viva/v1/webhooks.proto."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from serving.domain.fields import given, output


class EventType(Enum):
    """What happened."""

    INTERVIEW_CREATED = "viva.interview.created"
    ANSWER_SCORED = "viva.answer.scored"
    ANSWER_FAILED = "viva.answer.failed"
    REPORT_CREATED = "viva.report.created"  # its data is an AtsResult
    DECISION_CREATED = "viva.decision.created"
    CONTEST_CREATED = "viva.contest.created"
    CONTEST_REVIEWED = "viva.contest.reviewed"
    CANDIDATE_ERASED = "viva.candidate.erased"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, written in the transaction that made it so.

    Attributes:
        event_id: UUID; the CloudEvents `id` and the `webhook-id`.
        subject: name of the resource.
        data: JSON values; ids, states and scores, nothing that a candidate said.
    """

    event_id: str
    type: EventType
    subject: str
    time: datetime
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WebhookEndpoint:
    """Where events are posted.

    Attributes:
        secrets: signing secrets with the time until which each signs; not part of the message.
    """

    name: str = given()
    uri: str = given(chars=(1, 2_000))
    event_types: tuple[str, ...] = given((), choices=tuple(one.value for one in EventType), unique=str)
    disabled: bool | None = given(None)
    disabled_reason: str = output()
    create_time: datetime | None = output(None)
    update_time: datetime | None = output(None)
    etag: str = given()
    secrets: tuple[Secret, ...] = output(())


@dataclass(frozen=True, slots=True)
class Secret:
    """A signing secret; `until` is None for the newest."""

    value: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """What became of sending one event to one endpoint."""

    event_id: str = output()
    event_type: str = output()
    state: str = output("waiting")
    attempt_count: int = output(0)
    last_error: str = output()
    attempt_time: datetime | None = output(None)


@dataclass(frozen=True, slots=True)
class AtsScore:
    """A competency's score."""

    name: str = output()
    score: float | None = output(None)


@dataclass(frozen=True, slots=True)
class AtsResult:
    """An interview's result in the words of applicant tracking systems: package, order, result."""

    package_id: str = output()
    package_name: str = output()
    order_id: str = output()
    candidate_id: str = output()
    status: str = output("completed")
    result_id: str = output()
    score: float | None = output(None)
    score_low: float | None = output(None)
    score_high: float | None = output(None)
    competency_scores: tuple[AtsScore, ...] = output(())
    recommendation: str = output()
    complete_time: datetime | None = output(None)
