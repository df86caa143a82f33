"""Records as JSON and back: dataclasses, tuples, mappings, enums and times, by their type hints."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, Final

_AS_THEY_ARE: Final = frozenset((str, int, float, bool, types.NoneType))


def to_plain(value: Any) -> Any:
    """JSON values of a record."""
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if dataclasses.is_dataclass(kind):
        return {name: to_plain(getattr(value, name)) for name in _names(kind)}
    if isinstance(value, tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: to_plain(item) for key, item in value.items()}
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, datetime) else value


def from_plain(value: Any, hint: Any) -> Any:
    """The record of JSON values; a field that they lack (it is younger than they are) has its default.

    A time may also come as one, where a column holds it.
    """
    return None if value is None else _reader(hint)(value)


@cache
def _reader(hint: Any) -> Callable[[Any], Any]:
    """What makes a value of a type, found out once for each: looking at hints takes longer than reading by them."""
    if isinstance(hint, types.UnionType):
        return _reader(next(one for one in typing.get_args(hint) if one is not types.NoneType))
    origin = typing.get_origin(hint)
    if origin is tuple:
        element = typing.get_args(hint)[0]
        return lambda value: tuple(from_plain(item, element) for item in value)
    if origin is typing.Literal or hint is Any:
        return _same
    if origin is not None:  # Mapping[str, T]
        item_hint = typing.get_args(hint)[1]
        return lambda value: {key: from_plain(item, item_hint) for key, item in value.items()}
    if dataclasses.is_dataclass(hint):
        return _record_reader(typing.cast(type, hint))
    if hint is datetime:
        return lambda value: value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return hint if issubclass(hint, Enum | float) else _same


def _record_reader(kind: type) -> Callable[[Any], Any]:
    readers = {name: _reader(hint) for name, hint in typing.get_type_hints(kind).items()}
    plain = frozenset(name for name, reader in readers.items() if reader is _same)

    def read(value: Mapping[str, Any]) -> Any:
        return kind(
            **{
                name: item if item is None or name in plain else readers[name](item)
                for name, item in value.items()
                if name in readers
            }
        )

    return read


def _same(value: Any) -> Any:
    return value


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(one.name for one in dataclasses.fields(kind))
