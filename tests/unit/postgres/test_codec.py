"""Records as JSON values and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Literal

from serving.adapters.postgres.codec import from_plain, to_plain


class _Word(Enum):
    ONE = "one"
    TWO = "two"


@dataclass(frozen=True, slots=True)
class _Leaf:
    word: _Word
    share: float = 0.5


@dataclass(frozen=True, slots=True)
class _Tree:
    name: str
    at: datetime | None = None
    leaves: tuple[_Leaf, ...] = ()
    words: tuple[_Word, ...] = ()
    by_name: Mapping[str, float] | None = None
    language: Literal["en", "zh"] = "en"
    anything: Any = None


_AT = datetime(2026, 11, 25, 21, tzinfo=UTC)
_TREE = _Tree("t", _AT, (_Leaf(_Word.TWO, 1.0),), (_Word.ONE,), {"a": 2.0}, "zh", {"k": [1, None]})


def test_a_record_survives_with_all_that_it_is_made_of() -> None:
    plain = to_plain(_TREE)
    assert plain == {
        "name": "t",
        "at": "2026-11-25T21:00:00+00:00",
        "leaves": [{"word": "two", "share": 1.0}],
        "words": ["one"],
        "by_name": {"a": 2.0},
        "language": "zh",
        "anything": {"k": [1, None]},
    }
    assert from_plain(plain, _Tree) == _TREE


def test_what_is_missing_has_its_default_and_what_is_unknown_is_passed_over() -> None:
    found = from_plain({"name": "t", "leaves": [{"word": "one", "share": 1}], "gone": 3}, _Tree)
    assert found == _Tree("t", leaves=(_Leaf(_Word.ONE, 1.0),))
    assert type(found.leaves[0].share) is float  # JSON knows no difference


def test_a_time_of_a_column_is_taken_as_it_is() -> None:
    assert from_plain({"name": "t", "at": _AT}, _Tree) == _Tree("t", _AT)
