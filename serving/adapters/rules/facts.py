"""The facts that a rule may name, as values and in words."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Any, Final, get_args, get_origin, get_type_hints

from serving.domain.screening import ScreeningFacts

GROUPS: Final[Mapping[str, Any]] = get_type_hints(ScreeningFacts)
"""The dataclass of each group, such as `report`."""

FIELDS: Final = {group: get_type_hints(kind) for group, kind in GROUPS.items()}
"""The type of each field of each group."""

_MOST_CHARS: Final = 300  # of a value in words; a résumé may list a hundred skills

Values = dict[str, dict[str, Any]]


def values(facts: ScreeningFacts) -> Values:
    """The facts that are known, by group and field, in types that CEL takes."""
    return {
        group: {
            field.name: _plain(value)
            for field in dataclasses.fields(kind)
            if (value := getattr(getattr(facts, group), field.name)) is not None
        }
        for group, kind in GROUPS.items()
    }


def may_be_unknown(group: str, field: str) -> bool:
    """Whether a fact can be None."""
    return NoneType in get_args(FIELDS[group][field])


def has_keys(group: str, field: str) -> bool:
    """Whether a fact is a map."""
    return get_origin(FIELDS[group][field]) is Mapping


@dataclass(frozen=True, slots=True)
class Reference:
    """A fact that a clause names; `key` is that of an entry of a map."""

    group: str
    field: str
    key: str | None = None

    def in_words(self, known: Values) -> str:
        """`report.overall = 7.4`, or `report.overall is not known`."""
        name = f"{self.group}.{self.field}"
        value = known[self.group].get(self.field)
        if self.key is not None:
            name += f"[{json.dumps(self.key, ensure_ascii=False)}]"
            value = value.get(self.key) if value else None
        if value is None:
            return f"{name} is not known"
        # Six digits: enough to see on which side of a threshold a score lies.
        words = f"{value:.6g}" if isinstance(value, float) else json.dumps(value, ensure_ascii=False)
        return f"{name} = {words if len(words) <= _MOST_CHARS else words[:_MOST_CHARS] + ' ...'}"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value
