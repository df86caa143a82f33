"""The files of a labelled set: one JSON object a line, what each must hold, and what is wrong with a bad one.

A set's name is its file's (`pairs.jsonl`); its language is the line's `language`, else the folder `en` or `zh` that the
file lies under. docs/evaluation.md shows a line of each.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

COMPETENCIES: Final = (
    "communication",
    "teamwork",
    "problem_solving",
    "stress_resistance",
    "customer_orientation",
    "learning_agility",
    "leadership",
    "integrity_compliance",
)
LANGUAGES: Final = ("en", "zh")
ROLES: Final = "STARO"

Check = Callable[[Any], str]  # what is wrong with a value, or ""


@dataclass(frozen=True, slots=True)
class Item:
    """One labelled line.

    Attributes:
        where: `FILE:LINE`, for messages.
        kind: the contrast it makes, empty when it has none.
        folder: where its file lies; media paths are relative to it.
    """

    set: str
    where: str
    id: str | int
    language: str
    kind: str
    fields: Mapping[str, Any]
    folder: Path


@dataclass(frozen=True, slots=True)
class BadItem:
    """A line that cannot be used; `message` begins with `FILE:LINE`."""

    message: str


def _text(value: Any) -> str:
    return "" if isinstance(value, str) and value.strip() else "must be text, not empty"


def _bool(value: Any) -> str:
    return "" if isinstance(value, bool) else "must be true or false"


def _competency(value: Any) -> str:
    if isinstance(value, str) and value in COMPETENCIES:
        return ""
    return f"{value!r} is unknown; known: {', '.join(COMPETENCIES)}"


def _texts(value: Any) -> str:
    ok = isinstance(value, list) and value and not any(_text(item) for item in value)
    return "" if ok else "must be a list of texts, not empty"


def _roles(value: Any) -> str:
    ok = isinstance(value, list) and all(isinstance(role, str) and role in ROLES and role for role in value)
    return "" if ok else "must be a list of S, T, A, R or O"


def _levels(value: Any) -> str:
    if not isinstance(value, dict) or not value:
        return "must map competencies to levels"
    for name, level in value.items():
        if wrong := _competency(name):
            return wrong
        if isinstance(level, bool) or not isinstance(level, int | float) or not 1 <= level <= 5:
            return f"{name} must be a level from 1 to 5, not {level!r}"
    return ""


@dataclass(frozen=True, slots=True)
class _Set:
    required: Mapping[str, Check]
    optional: Mapping[str, Check]


_SETS: Final[Mapping[str, _Set]] = {
    "pairs": _Set({"question": _text, "competency": _competency, "better": _text, "worse": _text}, {}),
    "discriminant": _Set({"question": _text, "first": _competency, "second": _competency, "a": _text, "b": _text}, {}),
    "answers": _Set(
        {"question": _text, "sentences": _texts},
        {"roles": _roles, "complete": _bool, "levels": _levels, "competency": _competency},
    ),
    "attacks": _Set({"question": _text, "competency": _competency, "honest": _text, "attack": _text}, {}),
    "minimal": _Set({"question": _text, "competency": _competency, "a": _text, "b": _text}, {}),
    "noisy": _Set({"question": _text, "competency": _competency, "clean": _text, "noisy": _text}, {}),
    "honest": _Set({"honest": _text}, {"question": _text}),
    "speech": _Set({"audio": _text, "transcript": _text}, {}),
    "smiles": _Set({"image": _text, "smiling": _bool}, {}),
}
SETS: Final = tuple(_SETS)


def find_files(folder: Path, sets: tuple[str, ...] = SETS) -> list[Path]:
    """Files of labelled sets beneath a folder (or the file itself), in order of their paths."""
    if folder.is_file():
        return [folder]
    return sorted(path for path in folder.rglob("*.jsonl") if path.stem in sets)


def read_items(path: Path) -> Iterator[Item | BadItem]:
    """The lines of one file in order; blank ones are passed over. Never raises for what a line holds."""
    if path.stem not in _SETS:
        yield BadItem(f"{path}: no such set; a file is named after one of {', '.join(SETS)}")
        return
    used: dict[str | int, int] = {}
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            if not raw.strip():
                continue
            where = f"{path}:{number}"
            try:
                yield _item(path, where, number, raw, used)
            except ValueError as error:
                yield BadItem(f"{where}: {error}")


def _item(path: Path, where: str, number: int, raw: bytes, used: dict[str | int, int]) -> Item:
    try:
        fields = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from None
    if not isinstance(fields, dict):
        raise ValueError("must be a JSON object")
    answer_id = fields.get("id")
    if isinstance(answer_id, bool) or not isinstance(answer_id, str | int) or answer_id == "":
        raise ValueError("id is missing" if answer_id is None else "id must be text or an integer")
    if used.setdefault(answer_id, number) != number:
        raise ValueError(f"id {answer_id!r} is used on line {used[answer_id]} already")
    language = fields.get("language") or next((part for part in reversed(path.parts) if part in LANGUAGES), None)
    if language not in LANGUAGES:
        raise ValueError(f"language must be one of {', '.join(LANGUAGES)}, not {language!r}")
    known = _SETS[path.stem]
    for name, check in known.required.items():
        if name not in fields:
            raise ValueError(f"{name} is missing")
        if wrong := check(fields[name]):
            raise ValueError(f"{name} {wrong}")
    for name, check in known.optional.items():
        if fields.get(name) is not None and (wrong := check(fields[name])):
            raise ValueError(f"{name} {wrong}")
    roles = fields.get("roles")
    if roles is not None and len(roles) != len(fields["sentences"]):
        raise ValueError(f"roles has {len(roles)} entries for {len(fields['sentences'])} sentences")
    for name in ("audio", "image"):
        if name in known.required and not (path.parent / fields[name]).is_file():
            raise ValueError(f"{name} file {fields[name]!r} does not exist")
    return Item(path.stem, where, answer_id, language, str(fields.get("kind") or ""), fields, path.parent)
