"""The lines that `viva batch` reads: one answer each, or what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from viva_client import AnswerOptions

AnswerId = str | int
_CONTENT: Final = ("text", "audio", "video")


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """One answer to score. Exactly one of `text` and `media` is set.

    Attributes:
        number: line in the file, from 1.
        id: the caller's name of it, as sent.
        kind: `audio` or `video` for media.
    """

    number: int
    id: AnswerId
    options: AnswerOptions
    text: str | None = None
    media: Path | None = None
    kind: str = ""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot be sent. `id` is None when the line does not even tell that."""

    number: int
    id: AnswerId | None
    code: str
    reason: str
    message: str


class BadFields(Exception):
    """What is wrong with a line; carries reason and message out of the checks of one line."""

    def __init__(self, reason: str, message: str, code: str = "INVALID_ARGUMENT") -> None:
        super().__init__(message)
        self.reason, self.message, self.code = reason, message, code


def count_lines(path: Path) -> int:
    """Lines that `read_answers` yields."""
    with path.open("rb") as file:
        return sum(1 for line in file if line.strip())


def read_answers(path: Path, allow: tuple[str, ...], deny: tuple[str, ...]) -> Iterator[AnswerLine | BadLine]:
    """The lines of a file in order, one at a time; blank ones are passed over. Never raises for what a line holds."""
    first_use: dict[AnswerId, int] = {}
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            if not raw.strip():
                continue
            answer_id: AnswerId | None = None
            try:
                fields = parse_line(raw)
                answer_id = _id(fields)
                used_on = first_use.setdefault(answer_id, number)
                if used_on != number:
                    raise BadFields("FIELD_INVALID", f"id {answer_id!r} is used on line {used_on} already")
                yield _answer(number, answer_id, fields, path.parent, allow, deny)
            except BadFields as bad:
                yield BadLine(number, answer_id, bad.code, bad.reason, f"line {number}: {bad.message}")


def parse_line(raw: bytes) -> dict[str, Any]:
    """The fields of a line. Raises `BadFields`."""
    try:
        fields = json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BadFields("FIELD_INVALID", f"not UTF-8 at byte {error.start}") from None
    except (ValueError, RecursionError) as error:
        raise BadFields("FIELD_INVALID", f"not JSON: {error}") from None
    if not isinstance(fields, dict):
        raise BadFields("FIELD_INVALID", f"must be a JSON object, not {type(fields).__name__}")
    # null is how many writers spell "not there".
    return {name: value for name, value in fields.items() if value is not None}


def _id(fields: dict[str, Any]) -> AnswerId:
    if "id" not in fields:
        raise BadFields("FIELD_REQUIRED", "id is missing")
    value = fields["id"]
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadFields("FIELD_INVALID", "id must be a string or an integer")
    return value


def _answer(
    number: int,
    answer_id: AnswerId,
    fields: dict[str, Any],
    folder: Path,
    allow: tuple[str, ...],
    deny: tuple[str, ...],
) -> AnswerLine:
    from viva_client import AnswerOptions

    content = [name for name in _CONTENT if name in fields]
    if len(content) != 1:
        found = " and ".join(content) or "none"
        raise BadFields("CONTENT_REQUIRED", f"needs exactly one of {', '.join(_CONTENT)}; it has {found}")
    try:
        options = AnswerOptions(
            question=string_of(fields, "question"),
            language=string_of(fields, "language"),
            competencies=_strings(fields, "competencies"),
            role=string_of(fields, "role"),
            sentences=_strings(fields, "sentences"),
            allow=allow,
            deny=deny,
            custom_competencies=_list(fields, "custom_competencies"),
            signal_weights=_list(fields, "signal_weights"),
        )
    except ValueError as error:
        raise BadFields("FIELD_INVALID", str(error)) from None
    kind = content[0]
    value = string_of(fields, kind)
    if kind == "text":
        return AnswerLine(number, answer_id, options, text=value)
    return AnswerLine(number, answer_id, options, media=find_media(value, kind, folder), kind=kind)


def find_media(name: str, kind: str, folder: Path) -> Path:
    """The media file: beside the JSONL file first, since the two travel together; else from the working directory.

    Raises:
        BadFields: there is none.
    """
    for path in (folder / name, Path(name)):
        try:
            if path.is_file():
                return path
        except (OSError, ValueError):  # a name too long, or with a null byte
            break
    raise BadFields("NOT_FOUND", f"{kind} file {name!r} does not exist", code="NOT_FOUND")


def string_of(fields: dict[str, Any], name: str) -> str:
    """A text of a line, empty when it is not there. Raises `BadFields`."""
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise BadFields("FIELD_INVALID", f"{name} must be a string")
    return value


def _strings(fields: dict[str, Any], name: str) -> tuple[str, ...]:
    value = _list(fields, name)
    if not all(isinstance(item, str) for item in value):
        raise BadFields("FIELD_INVALID", f"{name} must be a list of strings")
    return value


def _list(fields: dict[str, Any], name: str) -> tuple[Any, ...]:
    value = fields.get(name, [])
    if not isinstance(value, list):
        raise BadFields("FIELD_INVALID", f"{name} must be a list")
    return tuple(value)
