"""Interviews that go on by what was said, and that follow what a candidate needs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import media, texts
from tests.employers import Employer, consents, employer, eventually, modalities, question
from tests.stack import Stack
from viva.v1 import answers_pb2, candidates_pb2, interviews_pb2, roles_pb2

_BEGINNING, _, _END = texts.LEADER.rpartition("In the end")
WITHOUT_RESULT = _BEGINNING.strip()
RESULT = f"In the end{_END}"


@pytest.fixture(scope="module")
def ours(stack: Stack) -> Iterator[Employer]:
    with employer(stack.address) as made:
        yield made


def _asking_on() -> roles_pb2.Question:
    asked = [
        roles_pb2.FollowUp(follow_up_id="did", lack=roles_pb2.FollowUp.LACK_ACTION, text="What did you do?"),
        roles_pb2.FollowUp(follow_up_id="came", lack=roles_pb2.FollowUp.LACK_RESULT, text="What came of it?"),
    ]
    return question("fair", "leadership", follow_ups=asked, time_limit_seconds=100)


def test_an_answer_without_a_result_is_asked_for_it_and_the_interview_ends_with_what_is_said_then(
    ours: Employer,
) -> None:
    role = ours.role(_asking_on(), structure=roles_pb2.RoleContent.STRUCTURE_SEMI_STRUCTURED)
    interview = ours.invite(role)
    client = ours.client
    first = client.interviews.next_question(name=interview.name)
    assert (first.question.question_id, first.pending) == ("fair", False)
    ours.write(interview, "fair", WITHOUT_RESULT)

    def asked_on() -> interviews_pb2.AssignedQuestion | None:
        following = client.interviews.next_question(name=interview.name)
        assert following.pending or following.HasField("question"), "the interview ended without a follow-up"
        return following.question if following.HasField("question") else None

    found = eventually(asked_on)
    assert (found.question_id, found.follows, found.lack) == ("came", "fair", "result")
    assert (found.competency, found.text, found.time_limit_seconds) == ("leadership", "What came of it?", 100)
    assert client.interviews.next_question(name=interview.name).question == found
    assert client.interviews.get(interview.name).state == interviews_pb2.Interview.STATE_OPEN
    ours.write(interview, "came", RESULT)
    report = ours.report(interview)
    assert [(one.question_id, one.state) for one in report.answers] == [("fair", "scored"), ("came", "scored")]
    assert [one.assessment.transcript.text for one in report.answers] == [WITHOUT_RESULT, RESULT]
    assert report.competencies[0].answer_count == sum(
        one.assessment.competencies[0].status == "scored" for one in report.answers
    )
    assert client.interviews.get(interview.name).state == interviews_pb2.Interview.STATE_COMPLETED
    assert not client.interviews.next_question(name=interview.name).HasField("question")


def test_a_whole_answer_is_asked_nothing_more_and_in_a_structured_role_none_is(ours: Employer) -> None:
    for structure, text in (
        (roles_pb2.RoleContent.STRUCTURE_SEMI_STRUCTURED, texts.LEADER),
        (roles_pb2.RoleContent.STRUCTURE_STRUCTURED, WITHOUT_RESULT),
    ):
        interview = ours.invite(ours.role(_asking_on(), structure=structure))
        ours.write(interview, "fair", text)
        assert [one.question_id for one in ours.report(interview).answers] == ["fair"]


def test_a_candidate_gets_the_time_and_the_way_of_answering_that_they_need(ours: Employer) -> None:
    needs = candidates_pb2.Accommodations(
        extra_time_percent=50, text_instead_of_speech=True, modalities_off=["speech", "face"]
    )
    candidate = candidates_pb2.Candidate(name=f"{ours.name}/candidates/needs-time", accommodations=needs)
    ours.client.candidates.update(candidate, allow_missing=True)
    role = ours.role(
        question("q1", "teamwork", time_limit_seconds=120),
        question("q2", "leadership", time_limit_seconds=60),
    )
    interview = ours.invite(role, "needs-time", consents=consents("analysis", "voice", "face"))
    assert [one.time_limit_seconds for one in interview.questions] == [180, 90]
    assert [one.time_limit_seconds for one in ours.invite(role).questions] == [120, 60]
    for asked in ("q1", "q2"):
        ours.write(interview, asked, texts.LEADER)
    report = ours.report(interview)
    denied = {one.modality: (one.reason, one.jurisdiction) for one in report.policy.denied}
    assert denied["speech"] == denied["face"] == denied["expression"] == ("accommodation", "")
    other = ours.invite(role)
    for asked in ("q1", "q2"):
        ours.write(other, asked, texts.LEADER)
    # Nothing is held against who writes.
    assert report.overall == ours.report(other).overall


def test_a_modality_that_a_candidate_needs_off_stays_off_although_they_consented(
    ours: Employer, tmp_path: Path
) -> None:
    needs = candidates_pb2.Accommodations(modalities_off=["face"])
    candidate = candidates_pb2.Candidate(name=f"{ours.name}/candidates/unseen", accommodations=needs)
    ours.client.candidates.update(candidate, allow_missing=True)
    interview = ours.invite(ours.role(), "unseen", consents=consents("analysis", "voice", "face"))
    answer = ours.ended(ours.send(interview, "q1", media.face_video(tmp_path / "a.mp4", 4, size=(320, 240))))
    assert answer.state == answers_pb2.Answer.STATE_SCORED
    assert modalities(answer)["speech"] == ("ran", "")
    assert modalities(answer)["face"] == ("skipped", "accommodation")
    assert answer.assessment.behavior.frame_count == 0


def test_a_need_that_is_told_after_the_invitation_counts_for_the_open_interview(ours: Employer, tmp_path: Path) -> None:
    interview = ours.invite(ours.role(), "later", consents=consents("analysis", "voice", "face"))
    candidate = candidates_pb2.Candidate(name=f"{ours.name}/candidates/later")
    candidate.accommodations.modalities_off.append("face")
    ours.client.candidates.update(candidate)
    assert "accommodation" in [one.reason for one in ours.client.interviews.get(interview.name).policy.denied]
    answer = ours.ended(ours.send(interview, "q1", media.face_video(tmp_path / "a.mp4", 4, size=(320, 240))))
    assert modalities(answer)["face"] == ("skipped", "accommodation")
