"""Messages to domain: every violation names its field and its limit."""

from __future__ import annotations

import uuid
from typing import Final

from serving.api import rubrics
from serving.api.fields import check_length, has_letter, language
from serving.domain.answer import Answer, MediaKind, MediaRef, Modality, ModalityPolicy
from serving.domain.competency import COMPETENCIES
from serving.domain.errors import InvalidRequest, Reason
from serving.domain.limits import LIMITS
from viva.v1 import scoring_pb2 as pb

_KINDS: Final = {
    pb.MEDIA_KIND_UNSPECIFIED: MediaKind.DETECT,
    pb.MEDIA_KIND_AUDIO: MediaKind.AUDIO,
    pb.MEDIA_KIND_VIDEO: MediaKind.VIDEO,
}
_Permission = pb.ModalityPolicy.Permission


def request_id(value: str, field: str = "request_id", *, lenient: bool = False) -> str:
    """The caller's UUID4 in its canonical form, or a new one: for an empty value, and for a bad one when `lenient`.

    Raises:
        InvalidRequest: it is something else; what it is, is not repeated.
    """
    if not value:
        return str(uuid.uuid4())
    try:
        parsed = uuid.UUID(value)
    except ValueError:
        parsed = None
    if parsed is None or parsed.version != 4 or str(parsed) != value.lower():
        if lenient:
            return str(uuid.uuid4())
        raise InvalidRequest(f"{field} must be a UUID version 4 or empty", field=field)
    return str(parsed)


def media_kind(value: pb.MediaKind, field: str) -> MediaKind:
    """Declared kind of media."""
    if value not in _KINDS:
        raise InvalidRequest(f"{field} has an unknown value {value}", field=field)
    return _KINDS[value]


def check_text(text: str, field: str = "text") -> None:
    """Raise `InvalidRequest` for an answer's text that is too long, or says nothing."""
    check_length(text, field, LIMITS.text_chars, Reason.TEXT_TOO_LONG)
    if not has_letter(text):
        raise InvalidRequest(f"{field} holds no letter or digit", reason=Reason.TEXT_EMPTY, field=field)


def text_answer(config: pb.AnswerConfig, text: str) -> Answer:
    """A validated text answer; `text` is kept verbatim."""
    check_text(text)
    sentences = tuple(config.sentences)
    if len(sentences) > LIMITS.sentences:
        raise InvalidRequest(
            f"config.sentences has {len(sentences)} sentences, the limit is {LIMITS.sentences}",
            field="config.sentences",
            metadata={"limit": str(LIMITS.sentences), "actual": str(len(sentences))},
        )
    return _answer(config, text=text, sentences=sentences)


def media_answer(config: pb.AnswerConfig, media: MediaRef) -> Answer:
    """A validated media answer."""
    if config.sentences:
        raise InvalidRequest("config.sentences is for text answers only", field="config.sentences")
    return _answer(config, media=media)


def check_config(config: pb.AnswerConfig) -> None:
    """Raise what `text_answer` and `media_answer` would raise for the config alone; lets uploads fail early."""
    _answer(config)


def _answer(
    config: pb.AnswerConfig,
    *,
    text: str | None = None,
    media: MediaRef | None = None,
    sentences: tuple[str, ...] = (),
) -> Answer:
    check_length(config.question, "config.question", LIMITS.question_chars)
    check_length(config.role, "config.role", LIMITS.role_chars)
    definitions = rubrics.definitions(config.custom_competencies)
    competencies = _competencies(config, tuple(definition.name for definition in definitions))
    return Answer(
        question=config.question.strip(),
        language=language(config.language, "config.language"),
        competencies=competencies,
        role=config.role.strip(),
        sentences=sentences,
        text=text,
        media=media,
        policy=_policy(config),
        definitions=definitions,
        signal_weights=rubrics.signal_weights(config.signal_weights, competencies),
    )


def _competencies(config: pb.AnswerConfig, own: tuple[str, ...]) -> tuple[str, ...]:
    known = (*COMPETENCIES, *own)
    for index, name in enumerate(config.competencies):
        field = f"config.competencies[{index}]"
        if name not in known:
            raise InvalidRequest(
                f"{field} is {name[:40]!r}, which nobody defined; known are {', '.join(known)}",
                reason=Reason.UNKNOWN_COMPETENCY,
                field=field,
                metadata={"supported": ",".join(known)},
            )
        if name in config.competencies[:index]:
            raise InvalidRequest(f"{field} repeats {name}", field=field)
    return tuple(config.competencies) or known


def _policy(config: pb.AnswerConfig) -> ModalityPolicy:
    """Denials with the reason that the report will state. Consent withheld outweighs the policy."""
    policy, consent = config.modality_policy, config.consent
    permissions = {
        Modality.SPEECH: policy.speech,
        Modality.LANGUAGE: policy.language,
        Modality.FACE: policy.face,
        Modality.EXPRESSION: policy.expression or _Permission.PERMISSION_DENIED,  # off unless explicitly allowed
    }
    denied: dict[Modality, str] = {}
    for modality, permission in permissions.items():
        if permission not in _Permission.values():
            field = f"config.modality_policy.{modality.value}"
            raise InvalidRequest(f"{field} has an unknown value {permission}", field=field)
        if permission == _Permission.PERMISSION_DENIED:
            denied[modality] = "not_allowed_by_policy"
    if consent.HasField("voice_analysis") and not consent.voice_analysis:
        denied[Modality.SPEECH] = "no_consent"
    if consent.HasField("face_analysis") and not consent.face_analysis:
        denied[Modality.FACE] = denied[Modality.EXPRESSION] = "no_consent"
    return ModalityPolicy(tuple((modality, denied[modality]) for modality in Modality if modality in denied))
