"""Assessments: domain to message and back.

Domain dataclasses and messages have the same field names (a test proves it), so one generic conversion serves all.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from enum import Enum
from typing import Any

from google.protobuf.message import Message

from serving.domain.assessment import Assessment
from viva.v1 import assessment_pb2 as pb


def to_message(assessment: Assessment) -> pb.Assessment:
    """The message of an assessment; None becomes an absent field."""
    message = pb.Assessment()
    _fill(message, assessment)
    return message


def from_message(message: pb.Assessment) -> Assessment:
    """The assessment of a message.

    Raises:
        ValueError: an enum-like field holds an unknown word; the message names it.
    """
    result = _read(message, Assessment)
    assert isinstance(result, Assessment)
    return result


def _fill(message: Message, value: Any) -> None:
    for field in dataclasses.fields(value):
        item = getattr(value, field.name)
        if item is None:
            continue
        if dataclasses.is_dataclass(item):
            target = getattr(message, field.name)
            target.SetInParent()
            _fill(target, item)
        elif isinstance(item, tuple):
            target = getattr(message, field.name)
            for element in item:
                if dataclasses.is_dataclass(element):
                    _fill(target.add(), element)
                else:
                    target.append(element)
        else:
            setattr(message, field.name, item.value if isinstance(item, Enum) else item)


def _read(message: Message, kind: Any) -> Any:
    hints = _hints(kind)
    values: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        hint = hints[field.name]
        raw = getattr(message, field.name)
        arguments = typing.get_args(hint)
        if isinstance(hint, types.UnionType):  # `X | None`: presence decides
            values[field.name] = raw if message.HasField(field.name) else None
        elif typing.get_origin(hint) is tuple:
            element = arguments[0]
            values[field.name] = tuple(_read(r, element) if dataclasses.is_dataclass(element) else r for r in raw)
        elif dataclasses.is_dataclass(hint):
            values[field.name] = _read(raw, hint)
        elif isinstance(hint, type) and issubclass(hint, Enum):
            values[field.name] = hint(raw)
        else:
            values[field.name] = raw
    return kind(**values)


_HINTS: dict[type, Mapping[str, Any]] = {}


def _hints(kind: type) -> Mapping[str, Any]:
    if kind not in _HINTS:
        _HINTS[kind] = typing.get_type_hints(kind)
    return _HINTS[kind]
