"""Reports, and what people decided on them. Field names equal those of viva/v1/reports.proto."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from serving.domain.assessment import OverallScore
from serving.domain.fields import given, output
from serving.domain.policy import PolicyDecision
from serving.domain.screening import Recommendation


@dataclass(frozen=True, slots=True)
class ReportCompetency:
    """A competency over all answers to its questions; scores out of 10, None where none scored it."""

    name: str = output()
    weight: float = output(0.0)
    status: str = output()
    score: float | None = output(None)
    low: float | None = output(None)
    high: float | None = output(None)
    answer_count: int = output(0)


@dataclass(frozen=True, slots=True)
class ReportAnswer:
    """An answer in a report: `scored`, `failed`, `cancelled` or `unanswered`."""

    question_id: str = output()
    answer: str = output()
    state: str = output()
    assessment_revision: int = output(0)


@dataclass(frozen=True, slots=True)
class Report:
    """What an interview came to."""

    name: str = output()
    candidate: str = output()
    role_revision: str = output()
    role_display_name: str = output()
    language: str = output()
    overall: OverallScore = output(OverallScore())
    competencies: tuple[ReportCompetency, ...] = output(())
    answers: tuple[ReportAnswer, ...] = output(())
    recommendations: tuple[Recommendation, ...] = output(())
    policy: PolicyDecision = output(PolicyDecision())
    cause: str = output()
    create_time: datetime | None = output(None)


class Outcome(Enum):
    """What a person decided."""

    ADVANCE = "advance"
    HOLD = "hold"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's decision with its reason."""

    name: str = given()
    outcome: Outcome | None = given(None)
    reason: str = given(chars=(10, 2_000))
    decider: str = given(chars=(1, 200))
    report: str = given(chars=(1, 300))
    recommendations: tuple[Recommendation, ...] = output(())
    create_time: datetime | None = output(None)


class ContestState(Enum):
    """Where a contest stands."""

    OPEN = "open"
    REVIEWED = "reviewed"


class Verdict(Enum):
    """What came of a review."""

    UPHELD = "upheld"
    CORRECTED = "corrected"  # the transcript; the answer is scored again
    OVERRULED = "overruled"  # the overall score


@dataclass(frozen=True, slots=True)
class Review:
    """A person's review of a contest."""

    verdict: Verdict | None = given(None)
    reason: str = given(chars=(10, 2_000))
    reviewer: str = given(chars=(1, 200))
    corrected_transcript: str = given(chars=(0, 20_000))
    overruled_score: float | None = given(None, value=(0, 10))
    report: str = output()
    create_time: datetime | None = output(None)


@dataclass(frozen=True, slots=True)
class Contest:
    """That a candidate contests a report, or one answer of it."""

    name: str = given()
    report: str = given(chars=(1, 300))
    answer: str = given(chars=(0, 300))
    statement: str = given(chars=(1, 2_000))
    state: ContestState = output(ContestState.OPEN)
    review: Review | None = output(None)
    create_time: datetime | None = output(None)


@dataclass(frozen=True, slots=True)
class QuestionFeedback:
    """Advice on one answer; `question_id` is not part of the message."""

    question: str = output()
    suggestions: tuple[str, ...] = output(())
    transcript: str = output()
    question_id: str = output()


@dataclass(frozen=True, slots=True)
class CandidateFeedback:
    """A report as its candidate may see it; `competencies` is empty unless the tenant shows scores."""

    role_display_name: str = output()
    language: str = output()
    questions: tuple[QuestionFeedback, ...] = output(())
    competencies: tuple[ReportCompetency, ...] = output(())
    policy: PolicyDecision = output(PolicyDecision())
    contest_notice: str = output()


@dataclass(frozen=True, slots=True)
class ReportLink:
    """A signed link."""

    uri: str = output()
    expire_time: datetime | None = output(None)


class Audience(Enum):
    """Who a link is for."""

    RECRUITER = "recruiter"
    CANDIDATE = "candidate"


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """How satisfied a candidate was; `name` is not part of the message."""

    name: str = output()
    rating: int = given(0, value=(1, 5))
    fairness: int = given(0, value=(0, 5))
    comment: str = given(chars=(0, 2_000))
    create_time: datetime | None = output(None)
