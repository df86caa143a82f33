"""Checks of single fields that several requests share."""

from __future__ import annotations

import unicodedata

from serving.domain.competency import LANGUAGES, Language
from serving.domain.errors import InvalidRequest, Reason


def check_length(text: str, field: str, limit: int, reason: Reason = Reason.FIELD_INVALID) -> None:
    """Raise `InvalidRequest` for a text of more than `limit` characters."""
    if len(text) > limit:
        raise InvalidRequest(
            f"{field} has {len(text)} characters, the limit is {limit}",
            reason=reason,
            field=field,
            metadata={"limit": str(limit), "actual": str(len(text))},
        )


def has_letter(text: str) -> bool:
    """Whether a text holds a letter or digit of any script."""
    return any(unicodedata.category(char)[0] in "LN" for char in text)


def check_count(count: int, field: str, most: int, least: int = 0) -> None:
    """Raise `InvalidRequest` for fewer than `least` or more than `most` entries."""
    if not least <= count <= most:
        limit = least if count < least else most
        raise InvalidRequest(
            f"{field} has {count} entries, it needs {least} to {most}"
            if least
            else f"{field} has {count} entries, the limit is {most}",
            field=field,
            metadata={"limit": str(limit), "actual": str(count)},
        )


def required_text(text: str, field: str, limit: int) -> str:
    """A text of 1 to `limit` characters with a letter or digit, without white space around it."""
    check_length(text, field, limit)
    if not has_letter(text):
        raise InvalidRequest(f"{field} must not be empty", reason=Reason.FIELD_REQUIRED, field=field)
    return text.strip()


def language(value: str, field: str) -> Language | None:
    """A supported language, or None for an empty value."""
    for known in LANGUAGES:
        if value == known:
            return known
    if not value:
        return None
    raise InvalidRequest(
        f"{field} is {value[:20]!r}; supported are {', '.join(LANGUAGES)}, or empty",
        reason=Reason.UNKNOWN_LANGUAGE,
        field=field,
        metadata={"supported": ",".join(LANGUAGES)},
    )
