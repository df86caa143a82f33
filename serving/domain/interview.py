"""Interviews. Field names equal those of viva/v1/interviews.proto."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from serving.domain.fields import given, output
from serving.domain.job import Rank
from serving.domain.policy import Consents, PolicyDecision


class InterviewState(Enum):
    """Where an interview stands. Only OPEN takes answers; COMPLETED, CANCELLED and EXPIRED are final, but COMPLETED is
    SCORING again while an answer is scored again."""

    OPEN = "open"
    SCORING = "scoring"  # takes no more answers; some are not scored yet
    COMPLETED = "completed"  # has its report
    CANCELLED = "cancelled"
    EXPIRED = "expired"  # its deadline passed before an answer came


class Priority(Enum):
    """How soon answers are scored: all of a higher one first, tenants taking turns within each."""

    LIVE = "live"
    INTERACTIVE = "interactive"
    BULK = "bulk"

    @property
    def rank(self) -> Rank:
        """As the queue takes it."""
        return Rank[self.name]


@dataclass(frozen=True, slots=True)
class AssignedQuestion:
    """A question as this candidate gets it; `follows` and `lack` are set for follow-ups only."""

    question_id: str = output()
    competency: str = output()
    text: str = output()
    media_sha256: str = output()
    time_limit_seconds: int = output(180)
    follows: str = output()
    lack: str = output()
    answer: str = output()


@dataclass(frozen=True, slots=True)
class Interview:
    """One candidate's interview for one revision of a role.

    Attributes:
        media_until, report_until: when retention ends for its media and for all of it; not part of the message.
    """

    name: str = given()
    candidate: str = given(chars=(1, 200))
    role_revision: str = given(chars=(1, 200))
    language: str = given()
    jurisdictions: tuple[str, ...] = given((), count=(0, 20), unique=str)
    consents: Consents = given(Consents())
    deadline_time: datetime | None = given(None)
    priority: Priority = given(Priority.INTERACTIVE)
    questions: tuple[AssignedQuestion, ...] = output(())
    state: InterviewState = output(InterviewState.OPEN)
    policy: PolicyDecision = output(PolicyDecision())
    report: str = output()
    create_time: datetime | None = output(None)
    update_time: datetime | None = output(None)
    end_time: datetime | None = output(None)
    etag: str = given()
    media_until: datetime | None = output(None)
    report_until: datetime | None = output(None)
