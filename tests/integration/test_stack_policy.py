"""What the law of a place forbids is not done, as the model server itself can tell, and the record says why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tritonclient.grpc import InferenceServerClient

from serving.adapters.triton.endpoint import read_endpoint
from tests import media, texts
from tests.employers import Employer, consents, employer, modalities
from tests.stack import Stack
from viva.v1 import answers_pb2, interviews_pb2, policy_pb2
from viva_client import AnswerOptions, FailedPreconditionError, VivaClient

FACE_MODELS = ("face_detector", "face_mesh", "body_pose")
EXPRESSION = "face_expression"


@pytest.fixture(scope="module")
def ours(stack: Stack) -> Iterator[Employer]:
    with employer(stack.address) as made:
        yield made


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A face that talks, 5 s."""
    return media.face_video(tmp_path_factory.mktemp("film") / "a.mp4", 5, size=(320, 240))


class Calls:
    """How often each model was called since this was made, by the model server's own count."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._before = {name: self._count(name) for name in (*FACE_MODELS, EXPRESSION)}

    def of(self, model: str) -> int:
        return self._count(model) - self._before[model]

    def _count(self, model: str) -> int:
        endpoint = read_endpoint(self._stack.data_dir / "run")
        assert endpoint is not None
        with InferenceServerClient(endpoint.grpc) as triton:
            versions = triton.get_inference_statistics(model).model_stats
        assert versions
        return sum(one.inference_stats.success.count + one.inference_stats.fail.count for one in versions)


@pytest.fixture
def calls(stack: Stack) -> Calls:
    return Calls(stack)


def _denied(policy: policy_pb2.PolicyDecision) -> dict[str, tuple[str, str, str]]:
    return {one.modality: (one.reason, one.jurisdiction, one.source) for one in policy.denied}


def test_in_the_european_union_the_expression_model_is_not_called_and_the_report_says_by_which_law(
    ours: Employer, film: Path, calls: Calls
) -> None:
    interview = ours.invite(ours.role(), jurisdictions=["EU"], consents=consents("analysis", "voice", "face"))
    filmed = ours.ended(ours.send(interview, "q1", film))
    assert filmed.state == answers_pb2.Answer.STATE_SCORED
    assert modalities(filmed)["face"] == ("ran", "")
    assert modalities(filmed)["expression"] == ("skipped", "forbidden_in_jurisdiction")
    assert calls.of(EXPRESSION) == 0
    assert min(calls.of(model) for model in FACE_MODELS) > 0
    ours.write(interview, "q2", texts.LEADER)
    report = ours.report(interview)
    assert list(report.policy.jurisdictions) == ["EU"]
    reason, jurisdiction, source = _denied(report.policy)["expression"]
    assert (reason, jurisdiction) == ("forbidden_in_jurisdiction", "EU")
    assert "2024/1689" in source and "5(1)(f)" in source
    assert report.answers[0].assessment == filmed.assessment


def test_where_nothing_forbids_it_and_a_caller_asks_for_it_the_expression_model_is_called(
    client: VivaClient, film: Path, calls: Calls
) -> None:
    client.score_media(film, AnswerOptions(language="en", allow=("expression",)))
    assert calls.of(EXPRESSION) > 0


@pytest.mark.parametrize(
    ("given", "reason", "obligation"),
    [
        (consents("analysis", "voice"), "NOTICE_MISSING", "notice"),
        (consents("voice", "face", notice=True), "CONSENT_MISSING", "analysis_consent"),
    ],
)
def test_illinois_takes_no_answer_without_notice_and_consent(
    ours: Employer, given: policy_pb2.Consents, reason: str, obligation: str
) -> None:
    interview = ours.invite(ours.role(), jurisdictions=["US-IL"], consents=given)
    with pytest.raises(FailedPreconditionError) as refused:
        ours.write(interview, "q1", texts.LEADER)
    assert refused.value.reason == reason
    assert [field for field, _ in refused.value.fields] == [f"interview.{obligation}"]
    assert refused.value.metadata == {"obligation": obligation, "jurisdiction": "US-IL"}
    assert list(ours.client.answers.list(parent=interview.name)) == []
    ours.client.interviews.update(
        interviews_pb2.Interview(name=interview.name, consents=consents("analysis", "voice", "face", notice=True))
    )
    assert ours.ended(ours.write(interview, "q1", texts.LEADER)).state == answers_pb2.Answer.STATE_SCORED


def test_without_consent_to_the_face_no_face_model_is_called(ours: Employer, film: Path, calls: Calls) -> None:
    given = consents("analysis", "voice", notice=True)
    interview = ours.invite(ours.role(), jurisdictions=["US-IL"], consents=given)
    answer = ours.ended(ours.send(interview, "q1", film))
    assert answer.state == answers_pb2.Answer.STATE_SCORED
    assert {model: calls.of(model) for model in (*FACE_MODELS, EXPRESSION)} == dict.fromkeys(
        (*FACE_MODELS, EXPRESSION), 0
    )
    assert modalities(answer)["speech"] == ("ran", "")
    assert modalities(answer)["face"] == modalities(answer)["expression"] == ("skipped", "no_consent")
    assert answer.assessment.behavior.frame_count == 0


def test_consent_that_is_withdrawn_cancels_what_waits_and_what_is_being_scored(ours: Employer, tmp_path: Path) -> None:
    clips = [media.speech_clip(tmp_path / f"{n}.wav", 40 + n, codec="pcm_s16le") for n in range(2)]
    given = consents("analysis", "voice", notice=True)
    role = ours.role()
    interview = ours.invite(role, jurisdictions=["US-IL"], consents=given)
    waiting = [ours.send(interview, f"q{n + 1}", clip) for n, clip in enumerate(clips)]
    refused = policy_pb2.Consents(analysis=False)
    updated = ours.client.interviews.update(interviews_pb2.Interview(name=interview.name, consents=refused))
    assert [one.name for one in updated.policy.missing][-1:] == ["analysis_consent"]
    later = ours.invite(role)
    for n, clip in enumerate(clips):  # by the time that these are scored, the others would be as well
        ours.send(later, f"q{n + 1}", clip)
    ours.report(later)
    for one in waiting:
        found = ours.client.answers.get(one.name)
        assert found.state == answers_pb2.Answer.STATE_CANCELLED
        assert not found.HasField("assessment")
    for name, count in ((interview.name, 0), (later.name, 2)):
        assert len(list(ours.client.tenants.list_usage_records(parent=name))) == count
    report = ours.report(interview)
    assert [one.state for one in report.answers] == ["cancelled", "cancelled"]
    assert not report.overall.HasField("score")


def test_china_keeps_media_in_its_own_storage_or_not_at_all(ours: Employer, film: Path, stack: Stack) -> None:
    given = consents("analysis", "voice", "face", notice=True)
    interview = ours.invite(ours.role(), jurisdictions=["CN"], consents=given)
    assert interview.policy.storage_class == "cn"
    before = _objects(stack)
    with pytest.raises(FailedPreconditionError) as refused:
        ours.client.answers.upload_media(film.read_bytes() + b"cn", interview=interview.name)
    assert refused.value.reason == "STORAGE_CLASS_MISSING"
    assert refused.value.metadata == {"storage_class": "cn"}
    assert "'cn'" in refused.value.message
    assert _objects(stack) == before
    assert ours.ended(ours.write(interview, "q1", texts.LEADER)).state == answers_pb2.Answer.STATE_SCORED


def test_media_that_was_not_sent_for_it_does_not_reach_an_interview_in_china(ours: Employer, film: Path) -> None:
    given = consents("analysis", "voice", "face", notice=True)
    interview = ours.invite(ours.role(), jurisdictions=["CN"], consents=given)
    elsewhere = ours.client.answers.upload_media(film)
    answer = answers_pb2.Answer(question_id="q1", media_sha256=elsewhere.sha256)
    with pytest.raises(FailedPreconditionError) as refused:
        ours.client.answers.submit(answer, parent=interview.name)
    assert (refused.value.reason, refused.value.metadata) == ("STATE_INVALID", {"storage_class": "cn"})
    assert [field for field, _ in refused.value.fields] == ["answer.media_sha256"]


def _objects(stack: Stack) -> set[Path]:
    return set((stack.data_dir / "objects").rglob("*"))
