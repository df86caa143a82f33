"""Records to messages and back.

Dataclasses of the domain and messages of the contract have the same field names (a test proves it), so one conversion
serves all. What a record has and its message lacks stays inside.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeAlias, TypeVar

from google.protobuf import any_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2, status_pb2

from serving.domain.fields import invalid, limit_of
from serving.domain.submission import Failure

R = TypeVar("R")
M = TypeVar("M", bound=Message)

ERROR_DOMAIN = "viva.dev"


def to_message(record: Any, message: M) -> M:
    """Fill a message from a record; None becomes an absent field."""
    kind: type = type(record)
    for name, put in _puts(kind, message.DESCRIPTOR):
        value = getattr(record, name)
        if value is not None:
            put(message, name, value)
    return message


def from_message(message: Message, kind: type[R], path: str = "", *, given: bool = False) -> R:
    """The record of a message.

    Args:
        path: where the message stands in its request.
        given: read only what callers set; the rest has its default.

    Raises:
        InvalidRequest: names a field whose enum has an unknown value, or a time that is none.
        ValueError: an enum-like text holds an unknown word; the message names it.
    """
    hints = _hints(typing.cast(type, kind))
    known = message.DESCRIPTOR.fields_by_name
    values: dict[str, Any] = {}
    for one in dataclasses.fields(kind):  # type: ignore[arg-type]  # records are dataclasses
        if one.name in known and not (given and limit_of(one).output):
            field, where = known[one.name], f"{path}.{one.name}" if path else one.name
            found = _get(message, field, hints[one.name], where, given)
            if found is not _ABSENT:
                values[one.name] = found
    return kind(**values)


def merged(current: R, message: Message, mask: FieldMask, allowed: Collection[str], path: str) -> R:
    """A record with the fields of `message` that a mask names; without one, with all that are set.

    Raises:
        InvalidRequest: a field that callers cannot change.
    """
    paths = list(mask.paths)
    for index, name in enumerate(paths):
        if name not in allowed and name != "*":
            where = f"update_mask.paths[{index}]"
            raise invalid(where, f"is {name[:60]!r}; what can be changed is {', '.join(sorted(allowed))}")
    if "*" in paths:
        paths = list(allowed)
    if not paths:
        paths = [field.name for field, _ in message.ListFields() if field.name in allowed]
    new = from_message(message, type(current), path, given=True)
    return dataclasses.replace(current, **{name: getattr(new, name) for name in paths})  # type: ignore[type-var]


def time_of(message: Message, field: str) -> datetime | None:
    """A time of a request, None when it is absent. Raises `InvalidRequest`."""
    return _time(getattr(message, field), field) if message.HasField(field) else None


def failure_status(failure: Failure) -> status_pb2.Status:
    """`google.rpc.Status` of a stored failure."""
    packed = any_pb2.Any()
    packed.Pack(error_details_pb2.ErrorInfo(reason=failure.reason, domain=ERROR_DOMAIN))
    return status_pb2.Status(code=failure.code, message=failure.message, details=[packed])


_ABSENT: Any = object()


_Put: TypeAlias = Callable[[Any, str, Any], None]


@cache
def _puts(kind: type, descriptor: Descriptor) -> tuple[tuple[str, _Put], ...]:
    """What puts the value of each field that a record and its message share.

    Found out once for each pair: an assessment has thousands of values, and to ask each what it is would take longer
    than to set it.
    """
    known, hints = descriptor.fields_by_name, _hints(kind)
    names = [one.name for one in dataclasses.fields(kind) if one.name in known]
    return tuple((name, _put(known[name], hints[name])) for name in names)


def _put(field: FieldDescriptor, hint: Any) -> _Put:
    if field.message_type is None:
        word = _number(field) if any(isinstance(one, type) and issubclass(one, Enum) for one in _kinds(hint)) else None
        if typing.get_origin(hint) is tuple:
            return lambda message, name, value: getattr(message, name).extend(map(word, value) if word else value)
        return (lambda message, name, value: setattr(message, name, word(value))) if word else setattr
    if typing.get_origin(hint) is tuple:
        return _put_records
    if field.message_type is Timestamp.DESCRIPTOR:
        return lambda message, name, value: getattr(message, name).FromDatetime(value.astimezone(UTC))
    if field.message_type is status_pb2.Status.DESCRIPTOR:
        return lambda message, name, value: getattr(message, name).CopyFrom(failure_status(value))
    if field.message_type.GetOptions().map_entry:
        return lambda message, name, value: getattr(message, name).update(value)
    return _put_record


def _put_records(message: Any, name: str, value: tuple[Any, ...]) -> None:
    target = getattr(message, name)
    for record in value:
        to_message(record, target.add())


def _put_record(message: Any, name: str, value: Any) -> None:
    target = getattr(message, name)
    target.SetInParent()
    to_message(value, target)


def _kinds(hint: Any) -> tuple[Any, ...]:
    """The types that a hint names."""
    return typing.get_args(hint) or (hint,)


def _number(field: FieldDescriptor) -> Callable[[Enum], Any]:
    """What a field holds for an enum's word: the word itself, or its number in the contract."""
    if field.enum_type is None:
        return lambda value: value.value
    numbers = {_word(field, one.name): one.number for one in field.enum_type.values}
    return lambda value: numbers.get(value.value, 0)  # what the contract lacks is unspecified (`MediaKind.DETECT`)


def _word(field: Any, name: str) -> str:
    """`STATE_OPEN` of the enum State to `open`."""
    prefix = "".join(f"_{char}" if char.isupper() else char.upper() for char in field.enum_type.name).strip("_")
    return name.removeprefix(f"{prefix}_").lower()


def _get(message: Message, field: Any, hint: Any, path: str, given: bool) -> Any:
    raw = getattr(message, field.name)
    if isinstance(hint, types.UnionType):  # `X | None`: presence decides
        if field.enum_type is not None and not raw:
            return None
        if field.has_presence and not message.HasField(field.name):
            return None
        hint = next(one for one in typing.get_args(hint) if one is not types.NoneType)
    if typing.get_origin(hint) is tuple:
        element = typing.get_args(hint)[0]
        return tuple(_value(item, field, element, f"{path}[{index}]", given) for index, item in enumerate(raw))
    return _value(raw, field, hint, path, given)


def _value(raw: Any, field: Any, hint: Any, path: str, given: bool) -> Any:
    if isinstance(raw, Timestamp):
        return _time(raw, path)
    if dataclasses.is_dataclass(hint):
        return from_message(raw, typing.cast(type, hint), path, given=given)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _enum(raw, field, hint, path)
    if typing.get_origin(hint) in (dict, Mapping):
        return dict(raw)
    return raw


def _time(raw: Timestamp, path: str) -> datetime:
    try:
        return raw.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise invalid(path, "is no time between the years 1 and 9999") from None


def _enum(raw: Any, field: Any, hint: type[Enum], path: str) -> Any:
    if field.enum_type is None:
        return hint(raw)
    if raw == 0:
        return _ABSENT
    word = field.enum_type.values_by_number.get(raw)
    if word is None:
        raise invalid(path, f"has an unknown value {raw}")
    return hint(_word(field, word.name))


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    return typing.get_type_hints(kind)
