"""Every violation names its field, its limit and its reason."""

import uuid

import pytest

from serving.api import requests
from serving.domain.answer import MediaKind, MediaRef, Modality
from serving.domain.competency import COMPETENCIES
from serving.domain.errors import InvalidRequest, Reason
from serving.domain.limits import LIMITS
from viva.v1 import scoring_pb2 as pb

ALLOWED = pb.ModalityPolicy.PERMISSION_ALLOWED
DENIED = pb.ModalityPolicy.PERMISSION_DENIED


def _refused(config: pb.AnswerConfig, text: str = "Hello.") -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        requests.text_answer(config, text)
    return caught.value


@pytest.mark.parametrize(
    ("config", "text", "field", "reason"),
    [
        (pb.AnswerConfig(language="fr"), "Hello.", "config.language", Reason.UNKNOWN_LANGUAGE),
        (pb.AnswerConfig(language="EN"), "Hello.", "config.language", Reason.UNKNOWN_LANGUAGE),
        (
            pb.AnswerConfig(competencies=["teamwork", "charm"]),
            "Hello.",
            "config.competencies[1]",
            Reason.UNKNOWN_COMPETENCY,
        ),
        (
            pb.AnswerConfig(competencies=["teamwork", "teamwork"]),
            "Hello.",
            "config.competencies[1]",
            Reason.FIELD_INVALID,
        ),
        (
            pb.AnswerConfig(question="q" * (LIMITS.question_chars + 1)),
            "Hello.",
            "config.question",
            Reason.FIELD_INVALID,
        ),
        (pb.AnswerConfig(role="r" * (LIMITS.role_chars + 1)), "Hello.", "config.role", Reason.FIELD_INVALID),
        (
            pb.AnswerConfig(sentences=["a"] * (LIMITS.sentences + 1)),
            "Hello.",
            "config.sentences",
            Reason.FIELD_INVALID,
        ),
        (pb.AnswerConfig(), "", "text", Reason.TEXT_EMPTY),
        (pb.AnswerConfig(), " \n…!?", "text", Reason.TEXT_EMPTY),
        (pb.AnswerConfig(), "字" * (LIMITS.text_chars + 1), "text", Reason.TEXT_TOO_LONG),
        (
            pb.AnswerConfig(modality_policy=pb.ModalityPolicy(face=9)),  # type: ignore[arg-type]
            "Hello.",
            "config.modality_policy.face",
            Reason.FIELD_INVALID,
        ),
    ],
)
def test_a_violation_names_its_field_and_reason(config: pb.AnswerConfig, text: str, field: str, reason: Reason) -> None:
    error = _refused(config, text)
    assert (error.field, error.reason) == (field, reason)


def test_a_limit_itself_passes_and_one_more_tells_limit_and_actual() -> None:
    assert requests.text_answer(pb.AnswerConfig(), "x" * LIMITS.text_chars).text == "x" * LIMITS.text_chars
    error = _refused(pb.AnswerConfig(), "x" * (LIMITS.text_chars + 1))
    assert error.metadata == {"limit": "20000", "actual": "20001"}


def test_no_competency_asked_means_all_and_the_asked_order_is_kept() -> None:
    assert requests.text_answer(pb.AnswerConfig(), "Hello.").competencies == COMPETENCIES
    asked = pb.AnswerConfig(competencies=["teamwork", "communication"])
    assert requests.text_answer(asked, "Hello.").competencies == ("teamwork", "communication")


def test_expression_is_denied_unless_it_is_allowed_in_so_many_words() -> None:
    silent = requests.text_answer(pb.AnswerConfig(), "Hello.").policy
    assert silent.reason_against(Modality.EXPRESSION) == "not_allowed_by_policy"
    assert silent.reason_against(Modality.FACE) == ""
    allowed = pb.AnswerConfig(modality_policy=pb.ModalityPolicy(expression=ALLOWED))
    assert requests.text_answer(allowed, "Hello.").policy.reason_against(Modality.EXPRESSION) == ""


def test_consent_withheld_outweighs_the_policy_and_consent_absent_does_not() -> None:
    policy = pb.ModalityPolicy(face=ALLOWED, expression=ALLOWED, speech=DENIED)
    withheld = pb.AnswerConfig(modality_policy=policy, consent=pb.Consent(face_analysis=False))
    result = requests.text_answer(withheld, "Hello.").policy
    assert [result.reason_against(modality) for modality in (Modality.FACE, Modality.EXPRESSION, Modality.SPEECH)] == [
        "no_consent",
        "no_consent",
        "not_allowed_by_policy",
    ]
    absent = requests.text_answer(pb.AnswerConfig(consent=pb.Consent()), "Hello.").policy
    assert absent.reason_against(Modality.SPEECH) == ""


def test_sentences_are_refused_with_media(tmp_path) -> None:  # type: ignore[no-untyped-def]
    media = MediaRef(tmp_path / "a", 1, "0" * 64, MediaKind.DETECT)
    with pytest.raises(InvalidRequest) as caught:
        requests.media_answer(pb.AnswerConfig(sentences=["a"]), media)
    assert caught.value.field == "config.sentences"


def test_a_request_id_is_a_uuid4_or_made() -> None:
    given = str(uuid.uuid4())
    assert requests.request_id(given) == given
    assert uuid.UUID(requests.request_id("")).version == 4
    for bad in ("1", str(uuid.uuid1()), "{" + given + "}"):
        with pytest.raises(InvalidRequest, match="request_id"):
            requests.request_id(bad)
