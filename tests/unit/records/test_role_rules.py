"""What must hold between the fields of a role, and that every violation names its field."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from serving.domain import fields
from serving.domain.competency import COMPETENCIES, CompetencyDefinition
from serving.domain.errors import InvalidRequest, Reason
from serving.domain.role import CompetencyWeight, FollowUp, Lack, Question, RoleContent
from serving.records import role_rules

INNOVATION = CompetencyDefinition("innovation", "en", "Finds new ways.", ("I tried.", "I built.", "I asked."))
CONTENT = RoleContent(
    competencies=(CompetencyWeight("teamwork"), CompetencyWeight("innovation", 0.5)),
    languages=("en", "zh"),
    questions=(
        Question("t-en", "teamwork", "en", "Who helped?", "Who helped with {project} at {employer}?"),
        Question(
            "t-zh",
            "teamwork",
            "zh",
            "谁帮了你？",
            "做{project}时谁帮了你？",
            follow_ups=(FollowUp("t-zh-r"), FollowUp("t-zh-a")),
        ),
        Question("i-en", "innovation", "en", "What was new?", follow_ups=(FollowUp("i-en-r", Lack.ACTION, "How?"),)),
        Question("i-zh", "innovation", "zh", "有什么新意？", time_limit_seconds=10),
    ),
    custom_competencies=(INNOVATION,),
)


def with_question(at: int, **changes: Any) -> RoleContent:
    questions = list(CONTENT.questions)
    questions[at] = dataclasses.replace(questions[at], **changes)
    return dataclasses.replace(CONTENT, questions=tuple(questions))


def refused(content: RoleContent, path: str = "role.content") -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        role_rules.check(content, path)
    assert caught.value.message.startswith(caught.value.field)
    return caught.value


def test_a_role_from_which_interviews_can_be_made_passes_as_it_is() -> None:
    assert role_rules.check(CONTENT) is CONTENT


def test_a_competency_that_nobody_defined_is_unknown() -> None:
    error = refused(dataclasses.replace(CONTENT, custom_competencies=()))
    assert error.field == "role.content.competencies[1].competency"
    assert error.reason is Reason.UNKNOWN_COMPETENCY
    assert error.metadata["supported"] == ",".join(COMPETENCIES)
    assert "innovation" in error.message


def test_the_path_is_the_callers() -> None:
    error = refused(dataclasses.replace(CONTENT, custom_competencies=()), "content")
    assert error.field == "content.competencies[1].competency"


def test_a_question_of_a_competency_that_is_not_the_roles_is_refused() -> None:
    error = refused(with_question(3, competency="leadership"))
    assert error.field == "role.content.questions[3].competency"
    assert error.reason is Reason.UNKNOWN_COMPETENCY
    assert error.metadata["supported"] == "teamwork,innovation"


def test_a_question_in_a_language_that_is_not_the_roles_is_refused() -> None:
    error = refused(dataclasses.replace(CONTENT, languages=("en",)))
    assert (error.field, error.reason) == ("role.content.questions[1].language", Reason.FIELD_INVALID)
    assert error.metadata["supported"] == "en"


def test_each_competency_needs_a_question_in_each_language_and_the_error_names_all_that_lack_one() -> None:
    error = refused(dataclasses.replace(CONTENT, questions=CONTENT.questions[:1]))
    assert (error.field, error.reason) == ("role.content.questions", Reason.FIELD_INVALID)
    assert error.metadata["missing"] == "innovation/en,teamwork/zh,innovation/zh"
    assert "innovation in en, teamwork in zh, innovation in zh" in error.message


@pytest.mark.parametrize("taken", ["t-zh-r", "t-en", "i-zh", "i-en"])
def test_a_follow_up_may_not_have_the_id_of_another_or_of_a_question_before_or_after_it(taken: str) -> None:
    error = refused(with_question(2, follow_ups=(FollowUp("new"), FollowUp(taken))))
    assert (error.field, error.reason) == (
        "role.content.questions[2].follow_ups[1].follow_up_id",
        Reason.FIELD_INVALID,
    )
    assert taken in error.message


def test_question_ids_are_unique() -> None:
    assert refused(with_question(2, question_id="t-en")).field == "role.content.questions[2].question_id"


@pytest.mark.parametrize(
    ("template", "says"),
    [("What of {salary}?", "{salary}"), ("你在{公司}做了什么？", "{公司}"), ("What of {project?", "brace")],
)
def test_a_personal_text_has_known_slots_and_no_stray_brace(template: str, says: str) -> None:
    error = refused(with_question(1, personal_text=template))
    assert (error.field, error.reason) == ("role.content.questions[1].personal_text", Reason.FIELD_INVALID)
    assert says in error.message
    assert error.metadata["supported"] == "project,employer,skill,degree,school"


@pytest.mark.parametrize("seconds", [1, 9])
def test_a_time_limit_is_the_default_or_ten_seconds_at_least(seconds: int) -> None:
    error = refused(with_question(0, time_limit_seconds=seconds))
    assert error.field == "role.content.questions[0].time_limit_seconds"
    assert error.metadata == {"limit": "10", "actual": str(seconds)}
    role_rules.check(with_question(0, time_limit_seconds=10))


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), float("inf")])
def test_weights_are_left_to_the_check_of_single_fields_which_holds_them_above_zero(weight: float) -> None:
    content = dataclasses.replace(CONTENT, competencies=(CompetencyWeight("teamwork", weight),))
    with pytest.raises(InvalidRequest) as caught:
        fields.check(content, "role.content")
    assert caught.value.field == "role.content.competencies[0].weight"
