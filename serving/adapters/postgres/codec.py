"""Records as JSON and back: dataclasses, tuples, mappings, enums and times, by their type hints."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any


def to_plain(value: Any) -> Any:
    """JSON values of a record."""
    if dataclasses.is_dataclass(value):
        return {one.name: to_plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: to_plain(item) for key, item in value.items()}
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, datetime) else value


def from_plain(value: Any, hint: Any) -> Any:
    """The record of JSON values; a field that they lack (it is younger than they are) has its default."""
    if value is None:
        return None
    if isinstance(hint, types.UnionType):
        return from_plain(value, next(one for one in typing.get_args(hint) if one is not types.NoneType))
    origin = typing.get_origin(hint)
    if origin is tuple:
        element = typing.get_args(hint)[0]
        return tuple(from_plain(item, element) for item in value)
    if origin is typing.Literal or hint is Any:
        return value
    if origin is not None:  # Mapping[str, T]
        return {key: from_plain(item, typing.get_args(hint)[1]) for key, item in value.items()}
    if dataclasses.is_dataclass(hint):
        hints = _hints(typing.cast(type, hint))
        return typing.cast(type, hint)(
            **{name: from_plain(item, hints[name]) for name, item in value.items() if name in hints}
        )
    if hint is datetime:
        return datetime.fromisoformat(value)
    return hint(value) if issubclass(hint, Enum | float) else value


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    return typing.get_type_hints(kind)
