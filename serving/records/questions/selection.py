"""The questions that an interview begins with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from serving.domain.candidate import Candidate
from serving.domain.interview import AssignedQuestion
from serving.domain.role import Question, RoleContent
from serving.records.questions.personalisation import personal
from serving.records.questions.resume_facts import facts_of

TIME_LIMIT_S: Final = 180  # where the question says none
PER_COMPETENCY: Final = 1  # where the role says none


def assign(content: RoleContent, *, language: str, candidate: Candidate | None) -> tuple[AssignedQuestion, ...]:
    """The first questions of the bank for each competency, in the role's order of competencies.

    Every candidate gets the same ones, in a semi-structured role too: what differs between candidates is the wording
    where the bank has a personal one, the time that accommodations add, and later the follow-ups.

    Args:
        language: of the interview; questions in another are left out. A competency with fewer questions in it than
            the role asks for gives those.
        candidate: whose résumé and accommodations count; None where nothing is known.
    """
    facts = facts_of(candidate.resume if candidate else None)
    extra_percent = candidate.accommodations.extra_time_percent if candidate and candidate.accommodations else 0
    count = content.questions_per_competency or PER_COMPETENCY
    chosen: list[Question] = []
    for weighted in content.competencies:
        chosen += [
            question
            for question in content.questions
            if (question.competency, question.language) == (weighted.competency, language)
        ][:count]
    return tuple(_assigned(question, facts, extra_percent) for question in chosen)


def _assigned(question: Question, facts: Mapping[str, str], extra_percent: int) -> AssignedQuestion:
    text = personal(question.personal_text, facts)
    hundredths = (question.time_limit_seconds or TIME_LIMIT_S) * (100 + extra_percent)
    return AssignedQuestion(
        question_id=question.question_id,
        competency=question.competency,
        text=text or question.text,
        # The recorded interviewer says `text`; beside a personal question they would ask something else.
        media_sha256="" if text else question.media_sha256,
        time_limit_seconds=-(-hundredths // 100),
    )
