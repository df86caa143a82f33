"""What was asked, and how the answer may be looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from google.protobuf import json_format
from google.protobuf.message import Message

from viva.v1 import competency_pb2
from viva.v1 import scoring_pb2 as pb

MODALITIES: Final = ("speech", "language", "face", "expression")
_MESSAGES: Final[Mapping[str, type[Message]]] = {
    "custom_competencies": competency_pb2.CompetencyDefinition,
    "signal_weights": competency_pb2.SignalWeight,
}


@dataclass(frozen=True)
class AnswerOptions:
    """Options of one answer; the server checks their values.

    Attributes:
        question: the interviewer's question, at most 2,000 characters; empty: relevance is not judged.
        language: `en` or `zh`; empty: detected.
        competencies: names to score; empty: all of them.
        role: the job role, at most 200 characters.
        sentences: your own sentence split of a text answer; empty: the server splits.
        allow: modalities that may run although they are off by default (`expression`).
        deny: modalities that must not run.
        voice_consent: False switches the analysis of the voice off; None leaves it to the policy.
        face_consent: the same for face and gestures.
        consent_time: when consent was given, an aware datetime.
        custom_competencies: competencies of your own, each with the fields of `viva.v1.CompetencyDefinition`.
        signal_weights: points for delivery and behaviour, each with the fields of `viva.v1.SignalWeight`; by default
            they have none.

    Raises:
        ValueError: an unknown modality, one that is both allowed and denied, a naive `consent_time`, or a definition
            with an unknown field.
    """

    question: str = ""
    language: str = ""
    competencies: tuple[str, ...] = ()
    role: str = ""
    sentences: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    voice_consent: bool | None = None
    face_consent: bool | None = None
    consent_time: datetime | None = None
    custom_competencies: tuple[Mapping[str, Any], ...] = ()
    signal_weights: tuple[Mapping[str, Any], ...] = ()

    def __post_init__(self) -> None:
        for name in ("competencies", "sentences", "allow", "deny"):
            # A bare string is a sequence of letters: almost always a slip.
            if isinstance(getattr(self, name), str):
                raise ValueError(f"{name} must be a sequence of strings, not a string")
            object.__setattr__(self, name, tuple(getattr(self, name)))
        unknown = sorted({*self.allow, *self.deny} - set(MODALITIES))
        if unknown:
            raise ValueError(f"unknown modality {unknown[0]!r}; known are {', '.join(MODALITIES)}")
        both = sorted({*self.allow} & {*self.deny})
        if both:
            raise ValueError(f"modality {both[0]!r} is both allowed and denied")
        if self.consent_time is not None and self.consent_time.tzinfo is None:
            raise ValueError("consent_time must have a time zone")
        for name, kind in _MESSAGES.items():
            values = getattr(self, name)
            if isinstance(values, Mapping):
                raise ValueError(f"{name} must be a sequence of mappings, not a mapping")
            object.__setattr__(self, name, tuple(values))
            for index, value in enumerate(values):
                _parse(value, kind, f"{name}[{index}]")

    def to_config(self) -> pb.AnswerConfig:
        """The message of the contract."""
        config = pb.AnswerConfig(
            question=self.question,
            language=self.language,
            competencies=self.competencies,
            role=self.role,
            sentences=self.sentences,
        )
        for name, kind in _MESSAGES.items():
            getattr(config, name).extend(_parse(value, kind, name) for value in getattr(self, name))
        for name in self.allow:
            setattr(config.modality_policy, name, pb.ModalityPolicy.PERMISSION_ALLOWED)
        for name in self.deny:
            setattr(config.modality_policy, name, pb.ModalityPolicy.PERMISSION_DENIED)
        if self.voice_consent is not None:
            config.consent.voice_analysis = self.voice_consent
        if self.face_consent is not None:
            config.consent.face_analysis = self.face_consent
        if self.consent_time is not None:
            config.consent.consent_time.FromDatetime(self.consent_time)
        return config


def _parse(value: Any, kind: type[Message], name: str) -> Message:
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} must be a mapping with the fields of {kind.__name__}")
    try:
        return json_format.ParseDict(dict(value), kind())
    except json_format.ParseError as error:
        raise ValueError(f"{name}: {error}") from None
