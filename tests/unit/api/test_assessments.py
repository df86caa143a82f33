"""The domain's assessment and the contract's are one thing in two notations."""

import dataclasses
import types
import typing

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from serving.api import assessments
from serving.domain.assessment import (
    Assessment,
    CompetencyScore,
    Contribution,
    MediaSummary,
    ModalityReport,
    ModalityState,
    OverallScore,
    Provenance,
    ScoreStatus,
    Star,
)
from serving.domain.competency import StarRole
from serving.domain.facts import Behavior, Coherence, Delivery, Interval, Smile
from serving.domain.transcript import Sentence, StarSentence, Transcript, Word
from viva.v1 import assessment_pb2 as pb


def _differences(kind: type, descriptor: Descriptor, path: str) -> list[str]:
    hints = typing.get_type_hints(kind)
    names = {field.name for field in descriptor.fields}
    found = [f"{path}.{name}" for name in names ^ {field.name for field in dataclasses.fields(kind)}]
    for name in names & hints.keys():
        field: FieldDescriptor = descriptor.fields_by_name[name]
        hint = hints[name]
        optional = isinstance(hint, types.UnionType)
        if field.message_type is None and not field.is_repeated and field.has_presence != optional:
            found.append(f"{path}.{name}: presence")
        if typing.get_origin(hint) is tuple:
            hint = typing.get_args(hint)[0]
            if not field.is_repeated:
                found.append(f"{path}.{name}: repetition")
        if dataclasses.is_dataclass(hint):
            found += _differences(hint, field.message_type, f"{path}.{name}")
    return found


def test_every_field_of_the_domain_is_in_the_contract_with_the_same_presence_and_repetition() -> None:
    assert _differences(Assessment, pb.Assessment.DESCRIPTOR, "Assessment") == []


@pytest.fixture
def assessment() -> Assessment:
    return Assessment(
        question="Why?",
        role="clerk",
        language="en",
        overall=OverallScore(6.5, 5.0, 8.0),
        competencies=(
            CompetencyScore(
                "teamwork", ScoreStatus.SCORED, 6.5, 5.0, 8.0, (Contribution("base", 5.0), Contribution("result", 1.5))
            ),
            CompetencyScore("leadership", ScoreStatus.INSUFFICIENT_EVIDENCE, reason="too_little_said"),
        ),
        transcript=Transcript("Hi.", "en", 1.0, (Sentence("Hi.", 0, 3, 0.0, 0.5),), (Word("Hi.", 0.0, 0.5, 0.9),)),
        star=Star((StarSentence("Hi.", StarRole.OTHER, 0.5),), complete=False, missing=("A", "R")),
        keywords=("hi",),
        keyword_mentions=(),
        coherence=None,
        coherence_detail=Coherence(question=0.0),
        delivery=Delivery(word_count=1, filler_count=0, pauses=(Interval(0.1, 0.9),)),
        behavior=Behavior(smile=Smile(2, 3.5)),
        suggestions=("say more",),
        flags=(),
        modalities=(ModalityReport("speech", ModalityState.RAN),),
        media=MediaSummary("audio", decoded_s=0.0),
        provenance=Provenance("1"),
    )


def test_an_assessment_survives_the_way_to_the_wire_and_back(assessment: Assessment) -> None:
    wire = assessments.to_message(assessment).SerializeToString()
    assert assessments.from_message(pb.Assessment.FromString(wire)) == assessment


def test_none_is_absent_and_zero_is_present(assessment: Assessment) -> None:
    message = assessments.to_message(assessment)
    assert not message.HasField("coherence")
    assert message.coherence_detail.HasField("question")
    assert not message.competencies[1].HasField("score")
    assert message.media.HasField("decoded_s")


def test_an_unknown_word_in_a_message_is_an_error_that_names_it(assessment: Assessment) -> None:
    message = assessments.to_message(assessment)
    message.competencies[0].status = "excellent"
    with pytest.raises(ValueError, match="excellent"):
        assessments.from_message(message)
