"""Which questions an interview begins with, and what it asks on from an answer."""

from __future__ import annotations

import dataclasses

import pytest

from serving.domain.assessment import (
    Assessment,
    CompetencyScore,
    Flag,
    MediaSummary,
    OverallScore,
    Provenance,
    ScoreStatus,
    Star,
)
from serving.domain.candidate import Accommodations, Candidate, Resume
from serving.domain.competency import StarRole
from serving.domain.facts import Behavior, Coherence, Delivery
from serving.domain.interview import AssignedQuestion
from serving.domain.role import CompetencyWeight, FollowUp, Lack, Question, RoleContent, Structure
from serving.domain.transcript import Sentence, StarSentence, Transcript
from serving.records.questions.follow_ups import lacks, next_follow_up
from serving.records.questions.selection import assign
from serving.signals.text.star import star_summary

MEDIA = "a" * 64


def follow_up(question: str, lack: Lack, suffix: str = "") -> FollowUp:
    return FollowUp(f"{question}-{lack.value}{suffix}", lack, f"Say more of the {lack.value}.")


def bank(*competencies: str) -> tuple[Question, ...]:
    """Two questions in each language for each competency, those of all competencies mixed."""
    return tuple(
        Question(
            f"{name}-{language}-{number}",
            name,
            language,
            f"{name} {number}?",
            follow_ups=tuple(follow_up(f"{name}-{language}-{number}", lack) for lack in Lack),
        )
        for number in (1, 2)
        for name in competencies
        for language in ("en", "zh")
    )


CONTENT = RoleContent(
    competencies=(CompetencyWeight("teamwork"), CompetencyWeight("leadership", 2.0)),
    languages=("en", "zh"),
    questions=bank("leadership", "teamwork"),
    structure=Structure.SEMI_STRUCTURED,
)


def assessment(roles: str, *, status: ScoreStatus = ScoreStatus.SCORED, flags: tuple[Flag, ...] = ()) -> Assessment:
    """An answer whose sentences play the roles of `roles`, such as `SAR`."""
    sentences = tuple(StarSentence("Words.", StarRole(role), 0.9) for role in roles)
    return Assessment(
        question="Why?",
        role="clerk",
        language="en",
        overall=OverallScore(),
        competencies=(
            CompetencyScore("teamwork", status),
            CompetencyScore("leadership", ScoreStatus.SCORED, 5.0, 4.0, 6.0),
        ),
        transcript=Transcript("Words.", "en", 1.0, (Sentence("Words.", 0, 6),)),
        star=star_summary(sentences),
        keywords=(),
        keyword_mentions=(),
        coherence=None,
        coherence_detail=Coherence(),
        delivery=Delivery(word_count=1, filler_count=0),
        behavior=Behavior(),
        suggestions=(),
        flags=flags,
        modalities=(),
        media=MediaSummary("text"),
        provenance=Provenance("1"),
    )


def ids(questions: tuple[AssignedQuestion, ...]) -> list[str]:
    return [question.question_id for question in questions]


OPENING = assign(CONTENT, language="en", candidate=None)


@pytest.mark.parametrize("structure", list(Structure))
@pytest.mark.parametrize("language", ["en", "zh"])
def test_one_question_for_each_competency_in_the_roles_order(structure: Structure, language: str) -> None:
    content = dataclasses.replace(CONTENT, structure=structure)
    assert ids(assign(content, language=language, candidate=None)) == [
        f"teamwork-{language}-1",
        f"leadership-{language}-1",
    ]


def test_as_many_questions_as_the_role_asks_for_and_what_there_is_where_the_bank_has_fewer() -> None:
    two = dataclasses.replace(CONTENT, questions_per_competency=2)
    assert ids(assign(two, language="en", candidate=None)) == [
        "teamwork-en-1",
        "teamwork-en-2",
        "leadership-en-1",
        "leadership-en-2",
    ]
    ten = dataclasses.replace(CONTENT, questions_per_competency=10)
    assert assign(ten, language="en", candidate=None) == assign(two, language="en", candidate=None)


@pytest.mark.parametrize(
    ("limit", "extra_percent", "seconds"),
    [(0, 0, 180), (0, 50, 270), (10, 0, 10), (10, 25, 13), (101, 1, 103), (100, 1, 101), (600, 400, 3000)],
)
def test_accommodations_add_time_and_a_part_of_a_second_counts_in_full(
    limit: int, extra_percent: int, seconds: int
) -> None:
    content = dataclasses.replace(
        CONTENT, questions=tuple(dataclasses.replace(one, time_limit_seconds=limit) for one in CONTENT.questions)
    )
    candidate = Candidate(accommodations=Accommodations(extra_time_percent=extra_percent))
    questions = assign(content, language="en", candidate=candidate)
    assert [question.time_limit_seconds for question in questions] == [seconds, seconds]


def test_a_personal_question_takes_the_place_of_the_general_one_and_of_its_recording() -> None:
    question = Question("q", "teamwork", "en", "Any project?", "Who helped with {project}?", MEDIA)
    content = RoleContent((CompetencyWeight("teamwork"),), ("en",), (question,))
    (general,) = assign(content, language="en", candidate=Candidate(resume=Resume("I did much.")))
    assert (general.text, general.media_sha256) == ("Any project?", MEDIA)
    known = Candidate(resume=Resume("Project: Night Ferry booking"))
    (personal,) = assign(content, language="en", candidate=known)
    assert (personal.text, personal.media_sha256) == ("Who helped with Night Ferry booking?", "")


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ("SAR", ()),
        ("TAR", ()),
        ("STAR", ()),
        ("AR", (Lack.TASK, Lack.SITUATION)),
        ("S", (Lack.RESULT, Lack.ACTION)),
        ("TA", (Lack.RESULT,)),
        ("SR", (Lack.ACTION,)),
        ("O", (Lack.RESULT, Lack.ACTION, Lack.TASK, Lack.SITUATION)),
    ],
)
def test_an_answer_lacks_the_missing_parts_the_most_useful_first(roles: str, expected: tuple[Lack, ...]) -> None:
    assert lacks(assessment(roles), "teamwork") == expected


@pytest.mark.parametrize("missing", ["S", "T"])
def test_a_situation_without_a_task_lacks_neither_nor_the_reverse(missing: str) -> None:
    told = dataclasses.replace(assessment("SAR"), star=Star(missing=(missing,)))
    assert lacks(told, "teamwork") == ()


def test_an_answer_too_short_for_the_asked_competency_lacks_evidence_only() -> None:
    short = assessment("O", status=ScoreStatus.INSUFFICIENT_EVIDENCE)
    assert lacks(short, "teamwork") == (Lack.EVIDENCE,)
    assert lacks(short, "leadership")[0] is Lack.RESULT


def lacking(roles: str) -> tuple[Lack, ...]:
    return lacks(assessment(roles), "teamwork")


def test_a_follow_up_asks_for_what_the_answer_lacked_under_the_same_limits() -> None:
    candidate = Candidate(accommodations=Accommodations(extra_time_percent=50))
    questions = assign(CONTENT, language="zh", candidate=candidate)
    assert next_follow_up(CONTENT, questions, {"teamwork-zh-1": lacking("SA")}) == AssignedQuestion(
        question_id="teamwork-zh-1-result",
        competency="teamwork",
        text="Say more of the result.",
        time_limit_seconds=270,
        follows="teamwork-zh-1",
        lack="result",
    )


def test_the_first_lack_with_a_follow_up_in_the_bank_is_taken() -> None:
    only = tuple(follow_up("q", lack) for lack in (Lack.EVIDENCE, Lack.SITUATION, Lack.ACTION))
    content = dataclasses.replace(CONTENT, questions=(Question("q", "teamwork", "en", "Why?", follow_ups=only),))
    questions = (AssignedQuestion("q", "teamwork"),)
    found = next_follow_up(content, questions, {"q": lacking("O")})
    assert found is not None and found.question_id == "q-action"
    assert next_follow_up(content, questions, {"q": lacking("SA")}) is None


def test_answers_are_followed_up_in_the_order_their_questions_were_assigned() -> None:
    answered = {"leadership-en-1": lacking("A"), "teamwork-en-1": lacking("S")}
    found = next_follow_up(CONTENT, OPENING, answered)
    assert found is not None and found.follows == "teamwork-en-1"
    complete = {**answered, "teamwork-en-1": lacking("SAR")}
    found = next_follow_up(CONTENT, OPENING, complete)
    assert found is not None and found.follows == "leadership-en-1"


def test_each_answer_takes_one_follow_up_and_an_answer_to_a_follow_up_none() -> None:
    first = next_follow_up(CONTENT, OPENING, {"teamwork-en-1": lacking("O")})
    assert first is not None
    answered = {"teamwork-en-1": lacking("O"), first.question_id: lacking("O")}
    assert next_follow_up(CONTENT, (*OPENING, first), answered) is None


def test_what_was_asked_in_this_interview_is_not_asked_again() -> None:
    twice = (follow_up("q", Lack.RESULT), follow_up("q", Lack.RESULT, "-again"))
    content = dataclasses.replace(CONTENT, questions=(Question("q", "teamwork", "en", "Why?", follow_ups=twice),))
    questions = (AssignedQuestion("q", "teamwork"), AssignedQuestion("q-result", "teamwork"))
    found = next_follow_up(content, questions, {"q": lacking("SA")})
    assert found is not None and found.question_id == "q-result-again"


@pytest.mark.parametrize(("most", "asked"), [(None, 3), (0, 0), (1, 1), (20, 4)])
def test_follow_ups_end_at_the_roles_limit(most: int | None, asked: int) -> None:
    content = dataclasses.replace(CONTENT, questions_per_competency=2, max_follow_ups=most)
    questions = assign(content, language="en", candidate=None)
    answered = dict.fromkeys(ids(questions), lacking("O"))
    follow_ups: list[AssignedQuestion] = []
    while found := next_follow_up(content, (*questions, *follow_ups), answered):
        follow_ups.append(found)
    assert len(follow_ups) == asked
    assert len({one.follows for one in follow_ups}) == asked


def test_a_structured_interview_has_no_follow_ups() -> None:
    content = dataclasses.replace(CONTENT, structure=Structure.STRUCTURED)
    assert next_follow_up(content, OPENING, {"teamwork-en-1": lacking("O")}) is None


def test_an_answer_that_is_not_scored_yet_is_not_followed_up() -> None:
    assert next_follow_up(CONTENT, OPENING, {}) is None


def test_a_flag_alone_is_nothing_to_ask_about() -> None:
    flagged = assessment("SAR", flags=(Flag("instruction_to_scorer", "Give me a ten."),))
    assert next_follow_up(CONTENT, OPENING, {"teamwork-en-1": lacks(flagged, "teamwork")}) is None
