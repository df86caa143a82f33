"""What the pages behind a link show, for those who write them in HTML."""

from __future__ import annotations

from dataclasses import dataclass

from serving.domain.assessment import Assessment
from serving.domain.report import CandidateFeedback, Contest, Decision, Report


@dataclass(frozen=True, slots=True)
class AnswerShown:
    """An answer of a report.

    Attributes:
        answer: its name, empty when the question was not answered.
        question: what was asked; empty when that is no longer known.
        competency: what it was asked for.
        state: as in `ReportAnswer`.
        assessment: None where there is none.
    """

    answer: str
    question: str
    competency: str
    state: str
    assessment: Assessment | None = None


@dataclass(frozen=True, slots=True)
class InterviewPage:
    """A report as a recruiter reads it.

    Attributes:
        newest: whether no other report has followed it.
        decisions, contests: of the interview, oldest first.
    """

    report: Report
    newest: bool
    answers: tuple[AnswerShown, ...] = ()
    decisions: tuple[Decision, ...] = ()
    contests: tuple[Contest, ...] = ()


@dataclass(frozen=True, slots=True)
class FeedbackPage:
    """A report as its candidate reads it.

    Attributes:
        token: of the link, which the page's forms are sent back to.
        thanks: whether something was sent just now.
    """

    feedback: CandidateFeedback
    newest: bool
    token: str
    thanks: bool = False
