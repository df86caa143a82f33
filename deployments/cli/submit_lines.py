"""The lines that `viva interviews submit` reads: one answer each, or what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from deployments.cli.answers import BadFields, BadLine, find_media, parse_line, string_of
from deployments.cli.names import name_of

_CONTENT: Final = ("text", "media", "uri")
_KNOWN: Final = ("interview", "question_id", *_CONTENT)
_BATCH_LINES: Final = 1_000  # the contract's limit
_BATCH_BYTES: Final = 8_000_000  # well below the limit on messages


@dataclass(frozen=True, slots=True)
class SubmitLine:
    """One answer. Exactly one of `text`, `media` and `uri` is set.

    Attributes:
        number: line in the file, from 1.
        interview: name of the interview.
    """

    number: int
    interview: str
    question_id: str
    text: str | None = None
    media: Path | None = None
    uri: str | None = None


Line = SubmitLine | BadLine


def read_submit_lines(path: Path) -> Iterator[Line]:
    """The lines of a file in order, one at a time; blank ones are passed over. Never raises for what a line holds."""
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            if raw.strip():
                try:
                    yield _line(number, parse_line(raw), path.parent)
                except BadFields as bad:
                    yield BadLine(number, None, bad.code, bad.reason, str(bad))


def batches(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """The lines in pieces that one request may hold."""
    batch: list[Line] = []
    size = 0
    for line in lines:
        # A character takes at most four bytes.
        length = 4 * len(line.text or "") if isinstance(line, SubmitLine) else 0
        if batch and (len(batch) == _BATCH_LINES or size + length > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += length
    if batch:
        yield batch


def _line(number: int, fields: dict[str, Any], folder: Path) -> SubmitLine:
    if unknown := sorted(fields.keys() - set(_KNOWN)):
        raise BadFields("FIELD_INVALID", f"unknown key {unknown[0]!r}; known are {', '.join(_KNOWN)}")
    for name in ("interview", "question_id"):
        if not string_of(fields, name):
            raise BadFields("FIELD_REQUIRED", f"{name} is missing")
    content = [name for name in _CONTENT if name in fields]
    if len(content) != 1:
        found = " and ".join(content) or "none"
        raise BadFields("CONTENT_REQUIRED", f"needs exactly one of {', '.join(_CONTENT)}; it has {found}")
    kind, value = content[0], string_of(fields, content[0])
    interview, question_id = name_of("interviews", fields["interview"]), fields["question_id"]
    if kind == "text":
        return SubmitLine(number, interview, question_id, text=value)
    if kind == "uri":
        return SubmitLine(number, interview, question_id, uri=value)
    return SubmitLine(number, interview, question_id, media=find_media(value, kind, folder))
