"""What a field of a record may hold, said beside the field, and the one check that reads it.

A record is a frozen dataclass whose field names equal those of its message in `viva.v1`. `given` marks what a caller
sends, `output` what only the server sets: it is dropped from what a caller sends.
"""

from __future__ import annotations

import dataclasses
import math
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from serving.domain.errors import InvalidRequest, Reason

_KEY: Final = "viva"


@dataclass(frozen=True, slots=True)
class Limit:
    """Limits of a field, all inclusive.

    Attributes:
        chars: least and most characters of a text; a least above 0 asks for a letter or digit too.
        count: least and most entries of a list.
        value: least and most of a number.
        pattern: a text must match it in full; `says` tells a caller what it is.
        choices: words that a text, or every entry of a list, may be.
        unique: what no two entries of a list may share.
        output: set by the server only.
    """

    chars: tuple[int, int] | None = None
    count: tuple[int, int] | None = None
    value: tuple[float, float] | None = None
    pattern: str = ""
    says: str = ""
    choices: Collection[str] = ()
    unique: Callable[[Any], object] | None = None
    output: bool = False


def given(
    default: Any = "",
    *,
    chars: tuple[int, int] | None = None,
    count: tuple[int, int] | None = None,
    value: tuple[float, float] | None = None,
    pattern: str = "",
    says: str = "",
    choices: Collection[str] = (),
    unique: Callable[[Any], object] | None = None,
) -> Any:
    """A field that callers set."""
    limit = Limit(chars, count, value, pattern, says, tuple(choices), unique)
    return field(default=default, metadata={_KEY: limit})


def output(default: Any = "") -> Any:
    """A field that only the server sets."""
    return field(default=default, metadata={_KEY: Limit(output=True)})


def limit_of(one: dataclasses.Field[Any]) -> Limit:
    """The limits of a dataclass's field."""
    found = one.metadata.get(_KEY, Limit())
    assert isinstance(found, Limit)
    return found


def check(record: Any, path: str) -> None:
    """Check every field that a caller sets, nested ones too.

    Args:
        record: a frozen dataclass with fields of `given` and `output`.
        path: where it stands in the request, such as `role.content`.

    Raises:
        InvalidRequest: names the first field at fault and its limit.
    """
    for one in dataclasses.fields(record):
        limit, value = limit_of(one), getattr(record, one.name)
        if not limit.output and value is not None:
            _check_value(value, limit, f"{path}.{one.name}" if path else one.name)


def _check_value(value: Any, limit: Limit, path: str) -> None:
    if isinstance(value, str):
        _check_text(value, limit, path)
    elif isinstance(value, bool):
        pass
    elif isinstance(value, int | float):
        if limit.value and not limit.value[0] <= value <= limit.value[1]:  # NaN lies nowhere
            least, most = (f"{end:g}" for end in limit.value)
            raise invalid(path, f"is {value:g}, it must be {least} to {most}", limit=most, actual=f"{value:g}")
        if not math.isfinite(value):
            raise invalid(path, f"is {value:g}, it must be a finite number")
    elif isinstance(value, tuple):
        _check_entries(value, limit, path)
    elif isinstance(value, Mapping):
        for index, (key, entry) in enumerate(value.items()):
            _check_value(key, limit, f"{path}[{index}].key")
            _check_value(entry, limit, f"{path}[{index}].value")
    elif dataclasses.is_dataclass(value):
        check(value, path)


def _check_text(value: str, limit: Limit, path: str) -> None:
    if "\0" in value:  # PostgreSQL stores none
        raise invalid(path, "holds a NUL character")
    if limit.chars:
        least, most = limit.chars
        if len(value) > most:
            raise invalid(path, f"has {len(value)} characters, the limit is {most}", limit=most, actual=len(value))
        if least and not any(unicodedata.category(char)[0] in "LN" for char in value):
            raise InvalidRequest(f"{path} must not be empty", reason=Reason.FIELD_REQUIRED, field=path)
        if len(value) < least:
            raise invalid(path, f"has {len(value)} characters, the least is {least}", limit=least, actual=len(value))
    if limit.pattern and value and not re.fullmatch(limit.pattern, value):
        raise invalid(path, f"is {value[:40]!r}, it must be {limit.says}")
    if limit.choices and value and value not in limit.choices:
        raise invalid(path, f"is {value[:40]!r}, it must be one of {', '.join(limit.choices)}")


def _check_entries(value: tuple[Any, ...], limit: Limit, path: str) -> None:
    if limit.count:
        least, most = limit.count
        if len(value) > most:
            raise invalid(path, f"has {len(value)} entries, the limit is {most}", limit=most, actual=len(value))
        if len(value) < least:
            raise InvalidRequest(
                f"{path} needs at least {least} entr{'y' if least == 1 else 'ies'}",
                reason=Reason.FIELD_REQUIRED,
                field=path,
            )
    seen: set[object] = set()
    entry_limit = dataclasses.replace(limit, count=None, unique=None)
    for index, entry in enumerate(value):
        if entry == "" and (limit.choices or limit.pattern):
            where = f"{path}[{index}]"
            raise InvalidRequest(f"{where} must not be empty", reason=Reason.FIELD_REQUIRED, field=where)
        _check_value(entry, entry_limit, f"{path}[{index}]")
        if limit.unique:
            key = limit.unique(entry)
            if key in seen:
                raise invalid(f"{path}[{index}]", f"repeats {key!s:.60}")
            seen.add(key)


def invalid(path: str, problem: str, **facts: object) -> InvalidRequest:
    """The error for a field that breaks its limit; `problem` goes on after the field's name."""
    return InvalidRequest(f"{path} {problem}", field=path, metadata={key: str(fact) for key, fact in facts.items()})
