"""What is asked of an answer, as JSON values, and the domain's answer of it: one form for engines and peers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from google.protobuf import json_format

from benchmarks.harness.core import Sample
from serving.api import assessments, requests
from serving.domain.answer import Answer, MediaKind, MediaRef
from serving.domain.assessment import Assessment
from serving.domain.errors import InvalidRequest
from viva.v1.scoring_pb2 import AnswerConfig

_NO_SHA256: Final = "0" * 64  # nobody reads the provenance of these


def options_of(sample: Sample) -> dict[str, Any]:
    """The fields of `viva.v1.AnswerConfig`, and `text` of a text answer or the `kind` of media."""
    options: dict[str, Any] = {
        "question": sample.question,
        "language": sample.language,
        "competencies": list(sample.competencies),
    }
    return options | ({"text": sample.text} if sample.path is None else {"kind": sample.modality.value})


def answer_of(options: Mapping[str, Any], media: MediaRef | None) -> Answer:
    """The answer that the API would make of the same options.

    Raises:
        InvalidRequest: see the API's conversion.
    """
    fields = dict(options)
    text, kind = fields.pop("text", ""), fields.pop("kind", MediaKind.DETECT.value)
    try:
        config, declared = json_format.ParseDict(fields, AnswerConfig()), MediaKind(kind)
    except (json_format.ParseError, ValueError) as error:
        raise InvalidRequest(f"options: {error}", field="options") from error
    if media is None:
        return requests.text_answer(config, text)
    return requests.media_answer(config, replace(media, kind=declared))


def answer_to(sample: Sample) -> Answer:
    """The answer that a sample stands for, its media where they lie. Raises OSError when they are not there."""
    media = None
    if sample.path is not None:
        media = MediaRef(sample.path, sample.path.stat().st_size, _NO_SHA256)
    return answer_of(options_of(sample), media)


def json_of(assessment: Assessment) -> dict[str, Any]:
    """The assessment as the API's clients see it in JSON."""
    return json_format.MessageToDict(
        assessments.to_message(assessment),
        preserving_proto_field_name=True,
        always_print_fields_with_no_presence=True,
    )
