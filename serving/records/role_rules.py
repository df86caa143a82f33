"""What must hold between the fields of a role's content."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from serving.domain.competency import COMPETENCIES
from serving.domain.errors import InvalidRequest, Reason
from serving.domain.fields import invalid
from serving.domain.role import Question, RoleContent
from serving.records.questions.personalisation import SLOTS, fault

_TIME_LIMIT_S: Final = (10, 600)


def check(content: RoleContent, path: str = "role.content") -> RoleContent:
    """The content as it is, when an interview can be made from it in each of its languages.

    Limits of single fields, weights among them, are `serving.domain.fields.check`'s and come first.
    `custom_competencies` and `signal_weights` are checked where they are read from messages (`serving.api.rubrics`);
    here the names of the former count as defined.

    Args:
        path: where the content stands in the request.

    Raises:
        InvalidRequest: names the first field at fault: a competency that nobody defined or that is not the role's
            (UNKNOWN_COMPETENCY), a question in a language that is not the role's, an id used twice, a time limit under
            the least, a personal text with an unknown slot or a stray brace, or a competency without a question in
            one of the languages.
    """
    defined = (*COMPETENCIES, *(one.name for one in content.custom_competencies))
    for at, weighted in enumerate(content.competencies):
        _check_known(weighted.competency, defined, f"{path}.competencies[{at}].competency", "defined")
    own = tuple(weighted.competency for weighted in content.competencies)
    for at, question in enumerate(content.questions):
        _check_question(question, own, content.languages, f"{path}.questions[{at}]")
    _check_ids(content.questions, f"{path}.questions")
    _check_coverage(content, own, f"{path}.questions")
    return content


def _check_known(competency: str, known: Sequence[str], path: str, what: str) -> None:
    if competency not in known:
        raise InvalidRequest(
            f"{path} is {competency[:40]!r}; {what} are {', '.join(known)}",
            reason=Reason.UNKNOWN_COMPETENCY,
            field=path,
            metadata={"supported": ",".join(known)},
        )


def _check_question(question: Question, competencies: Sequence[str], languages: Sequence[str], path: str) -> None:
    _check_known(question.competency, competencies, f"{path}.competency", "the role's")
    if question.language not in languages:
        problem = f"is {question.language!r}; the role's are {', '.join(languages)}"
        raise invalid(f"{path}.language", problem, supported=",".join(languages))
    least, most = _TIME_LIMIT_S
    if 0 < question.time_limit_seconds < least:  # 0 stands for the default
        problem = f"is {question.time_limit_seconds}, it must be {least} to {most}"
        raise invalid(f"{path}.time_limit_seconds", problem, limit=least, actual=question.time_limit_seconds)
    if problem := fault(question.personal_text):
        raise invalid(f"{path}.personal_text", problem, supported=",".join(SLOTS))


def _check_ids(questions: Sequence[Question], path: str) -> None:
    """Answers are kept by question id, and follow-ups are answered like questions: one set of ids for both."""
    seen: set[str] = set()
    for at, question in enumerate(questions):
        if question.question_id in seen:
            raise invalid(f"{path}[{at}].question_id", f"repeats {question.question_id}")
        seen.add(question.question_id)
    for at, question in enumerate(questions):
        for index, follow_up in enumerate(question.follow_ups):
            if follow_up.follow_up_id in seen:
                field = f"{path}[{at}].follow_ups[{index}].follow_up_id"
                raise invalid(field, f"repeats {follow_up.follow_up_id}, an id of another question or follow-up")
            seen.add(follow_up.follow_up_id)


def _check_coverage(content: RoleContent, competencies: Sequence[str], path: str) -> None:
    there = {(question.competency, question.language) for question in content.questions}
    missing = [
        (name, language) for language in content.languages for name in competencies if (name, language) not in there
    ]
    if missing:
        problem = f"lacks a question for {', '.join(f'{name} in {language}' for name, language in missing)}"
        raise invalid(path, problem, missing=",".join(f"{name}/{language}" for name, language in missing))
