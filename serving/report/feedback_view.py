"""From a candidate's feedback to everything that their page prints."""

from __future__ import annotations

from dataclasses import dataclass

from serving.domain.pages import FeedbackPage
from serving.report.result_view import CompetencyRow, PolicyView, competency_rows, policy_view
from serving.report.wording import Wording

RATINGS = ("1", "2", "3", "4", "5")


@dataclass(frozen=True, slots=True)
class QuestionView:
    """A question with advice on its answer; `number` is its place, from 1."""

    number: str
    question_id: str
    question: str
    suggestions: tuple[str, ...]
    transcript: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FeedbackView:
    """The page; its forms are sent to addresses below `token`."""

    lang: str
    title: str
    role: str
    newest: bool
    thanks: bool
    token: str
    questions: tuple[QuestionView, ...]
    competencies: tuple[CompetencyRow, ...]
    policy: PolicyView
    contest_notice: str
    ratings: tuple[tuple[str, str], ...]


def build_feedback_view(page: FeedbackPage, t: Wording) -> FeedbackView:
    """View of a page in the language of `t`."""
    feedback = page.feedback
    return FeedbackView(
        lang=t.tag,
        title=f"{t('feedback_title')} · {feedback.role_display_name}",
        role=feedback.role_display_name,
        newest=page.newest,
        thanks=page.thanks,
        token=page.token,
        questions=tuple(
            QuestionView(str(index), one.question_id, one.question, one.suggestions, _paragraphs(one.transcript))
            for index, one in enumerate(feedback.questions, start=1)
        ),
        competencies=competency_rows(feedback.competencies, t),
        policy=policy_view(feedback.policy, t),
        contest_notice=feedback.contest_notice,
        ratings=tuple((value, t.name("rating", value)) for value in RATINGS),
    )


def _paragraphs(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())
