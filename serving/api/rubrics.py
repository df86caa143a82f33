"""What a caller defines for scoring, messages to domain: competencies of its own, and weights of signals."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from serving.api.fields import check_count, check_length, language, required_text
from serving.domain.competency import COMPETENCIES, SIGNALS, CompetencyAnchor, CompetencyDefinition, SignalWeight
from serving.domain.errors import InvalidRequest, Reason
from serving.domain.limits import LIMITS
from viva.v1 import competency_pb2 as pb

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_LEVELS: Final = [1, 2, 3, 4, 5]


def definitions(
    messages: Sequence[pb.CompetencyDefinition], path: str = "config.custom_competencies"
) -> tuple[CompetencyDefinition, ...]:
    """The competencies that a caller defined.

    Raises:
        InvalidRequest: names the field below `path`.
    """
    check_count(len(messages), path, LIMITS.custom_competencies)
    found: list[CompetencyDefinition] = []
    for index, message in enumerate(messages):
        field = f"{path}[{index}]"
        name = _name(message.name, f"{field}.name", [other.name for other in found])
        spoken = language(message.language, f"{field}.language")
        if spoken is None:
            raise InvalidRequest(
                f"{field}.language is required", reason=Reason.FIELD_REQUIRED, field=f"{field}.language"
            )
        found.append(
            CompetencyDefinition(
                name,
                spoken,
                required_text(message.definition, f"{field}.definition", LIMITS.definition_chars),
                _sentences(message.indicators, f"{field}.indicators", LIMITS.indicators_min),
                _sentences(message.contrary, f"{field}.contrary", 0),
                _anchors(message.anchors, f"{field}.anchors"),
            )
        )
    return tuple(found)


def signal_weights(
    messages: Sequence[pb.SignalWeight], competencies: Sequence[str], path: str = "config.signal_weights"
) -> tuple[SignalWeight, ...]:
    """Weights of signals in the asked competencies.

    Raises:
        InvalidRequest: names the field below `path`.
    """
    check_count(len(messages), path, len(SIGNALS) * len(competencies))
    found: list[SignalWeight] = []
    for index, message in enumerate(messages):
        field = f"{path}[{index}]"
        _one_of(message.competency, competencies, f"{field}.competency")
        _one_of(message.signal, SIGNALS, f"{field}.signal")
        if not 0 < abs(message.points) <= LIMITS.signal_points:  # NaN is none of these either
            limit = f"{LIMITS.signal_points:g}"
            raise InvalidRequest(
                f"{field}.points is {message.points:g}; it must lie between -{limit} and {limit} and not be 0",
                field=f"{field}.points",
                metadata={"limit": limit},
            )
        if any((other.competency, other.signal) == (message.competency, message.signal) for other in found):
            raise InvalidRequest(f"{field} repeats {message.signal} of {message.competency}", field=field)
        found.append(SignalWeight(message.competency, message.signal, message.points))
    return tuple(found)


def _name(name: str, field: str, taken: Sequence[str]) -> str:
    check_length(name, field, LIMITS.competency_name_chars)
    if not _NAME.fullmatch(name):
        raise InvalidRequest(f"{field} is {name[:40]!r}; it must be a name in snake_case", field=field)
    if name in COMPETENCIES or name in taken:
        raise InvalidRequest(f"{field} is {name}, which is defined already", field=field)
    return name


def _sentences(texts: Sequence[str], field: str, least: int) -> tuple[str, ...]:
    check_count(len(texts), field, LIMITS.indicators, least)
    found = [required_text(text, f"{field}[{at}]", LIMITS.indicator_chars) for at, text in enumerate(texts)]
    for at, text in enumerate(found):
        if text in found[:at]:
            raise InvalidRequest(f"{field}[{at}] repeats an earlier one", field=f"{field}[{at}]")
    return tuple(found)


def _anchors(messages: Sequence[pb.CompetencyAnchor], field: str) -> tuple[CompetencyAnchor, ...]:
    if not messages:
        return ()
    if sorted(anchor.level for anchor in messages) != _LEVELS:
        raise InvalidRequest(f"{field} needs the levels 1 to 5 once each, or no anchor at all", field=field)
    found = [
        CompetencyAnchor(anchor.level, required_text(anchor.example, f"{field}[{at}].example", LIMITS.anchor_chars))
        for at, anchor in enumerate(messages)
    ]
    return tuple(sorted(found, key=lambda anchor: anchor.level))


def _one_of(value: str, known: Sequence[str], field: str) -> None:
    if value not in known:
        raise InvalidRequest(f"{field} is {value[:40]!r}; known here are {', '.join(known)}", field=field)
