"""Which follow-up a semi-structured interview asks next, by what the answers so far lacked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from serving.domain.assessment import Assessment, ScoreStatus
from serving.domain.competency import StarRole
from serving.domain.interview import AssignedQuestion
from serving.domain.role import FollowUp, Lack, RoleContent, Structure

MAX_FOLLOW_UPS: Final = 3  # where the role says none

# The most useful first. A result shows whether what was done worked, and whoever has told the rest can add it in a
# sentence; actions are what a competency is shown by. Task and situation frame both and show little by themselves, the
# task more: it says what was expected.
_BY_USE: Final = (
    (StarRole.RESULT, Lack.RESULT),
    (StarRole.ACTION, Lack.ACTION),
    (StarRole.TASK, Lack.TASK),
    (StarRole.SITUATION, Lack.SITUATION),
)


def lacks(assessment: Assessment, competency: str) -> tuple[Lack, ...]:
    """What the answer lacked, the most useful to ask for first.

    Only EVIDENCE where `competency` could not be scored: of so little said, no part is missed more than another. Else
    the missing parts of STAR; a situation without a task lacks neither, nor the reverse.
    """
    if any(
        score.name == competency and score.status is ScoreStatus.INSUFFICIENT_EVIDENCE
        for score in assessment.competencies
    ):
        return (Lack.EVIDENCE,)
    missing = set(assessment.star.missing)
    frame = {StarRole.SITUATION.value, StarRole.TASK.value}
    if not frame <= missing:
        missing -= frame
    return tuple(lack for role, lack in _BY_USE if role.value in missing)


def next_follow_up(
    content: RoleContent, questions: Sequence[AssignedQuestion], lacking: Mapping[str, Sequence[Lack]]
) -> AssignedQuestion | None:
    """The follow-up to ask next, None where there is none.

    Answers are looked at in the order in which their questions were assigned. Each takes one follow-up at most, an
    answer to a follow-up none; in a structured role there are none at all. Equal arguments give an equal result.

    Args:
        content: of the revision that the questions were assigned from.
        questions: of the interview, with the follow-ups that were asked.
        lacking: what each scored answer lacked (see `lacks`), by the question's id.
    """
    asked = {question.question_id for question in questions}
    followed = [question.follows for question in questions if question.follows]
    limit = MAX_FOLLOW_UPS if content.max_follow_ups is None else content.max_follow_ups
    if content.structure is not Structure.SEMI_STRUCTURED or len(followed) >= limit:
        return None
    bank = {question.question_id: question.follow_ups for question in content.questions}
    for question in questions:
        if question.follows or question.question_id in followed or question.question_id not in lacking:
            continue
        unasked = [one for one in bank[question.question_id] if one.follow_up_id not in asked]
        if found := _first(unasked, lacking[question.question_id]):
            return AssignedQuestion(
                question_id=found.follow_up_id,
                competency=question.competency,
                text=found.text,
                time_limit_seconds=question.time_limit_seconds,
                follows=question.question_id,
                lack=found.lack.value,
            )
    return None


def _first(follow_ups: Sequence[FollowUp], lacking: Sequence[Lack]) -> FollowUp | None:
    return next((one for lack in lacking for one in follow_ups if one.lack is lack), None)
