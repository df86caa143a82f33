"""Filters of lists: comparisons joined by AND, the part of AIP-160 that an index can serve."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from serving.domain.fields import invalid

_TERM: Final = re.compile(
    r'\s*(?P<field>[a-z_][a-z0-9_.]*)\s*(?P<op><=|>=|!=|=|<|>)\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s"]+))\s*'
)
_AND: Final = re.compile(r"AND\s")
_MOST_CHARS: Final = 1_000
_MOST_TERMS: Final = 20


@dataclass(frozen=True, slots=True)
class Comparison:
    """`column operator value`; the value has the column's type."""

    column: str
    operator: str
    value: Any


def parse(text: str, columns: Mapping[str, str]) -> tuple[Comparison, ...]:
    """The comparisons of a filter.

    Args:
        columns: SQL type of each field that may be named.

    Raises:
        InvalidRequest: names the place in the filter.
    """
    if len(text) > _MOST_CHARS:
        raise invalid("filter", f"has {len(text)} characters, the limit is {_MOST_CHARS}", limit=_MOST_CHARS)
    found: list[Comparison] = []
    place = 0
    while text[place:].strip():
        if found:
            joint = _AND.match(text, place)
            if joint is None or len(found) == _MOST_TERMS:
                raise invalid("filter", f"needs AND, and at most {_MOST_TERMS} comparisons, at character {place + 1}")
            place = joint.end()
        term = _TERM.match(text, place)
        if term is None:
            raise invalid("filter", f'needs a comparison such as state = "OPEN" at character {place + 1}')
        found.append(_comparison(term, columns))
        place = term.end()
    return tuple(found)


def _comparison(term: re.Match[str], columns: Mapping[str, str]) -> Comparison:
    name, operator = term["field"], "<>" if term["op"] == "!=" else term["op"]
    if name not in columns:
        raise invalid("filter", f"names {name[:40]}; known are {', '.join(sorted(columns))}")
    text = term["bare"] if term["quoted"] is None else re.sub(r"\\(.)", r"\1", term["quoted"])
    try:
        return Comparison(name, operator, _value(name, text, columns[name]))
    except ValueError:
        raise invalid("filter", f"compares {name} with {text[:40]!r}, which is no {columns[name]}") from None


def _value(name: str, text: str, kind: str) -> Any:
    if kind == "timestamptz":
        time = datetime.fromisoformat(text)
        if time.tzinfo is None:
            raise ValueError("a time needs its zone")
        return time
    if kind == "double precision":
        return float(text)
    if "\0" in text:
        raise ValueError("a text cannot hold NUL")
    if name == "state":  # `OPEN`, `STATE_OPEN` and `open` are the same
        return text.lower().removeprefix("state_")
    return text
