"""Keyset pages: a token says where the last page ended, so that the millionth record costs what the first one does."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from serving.adapters.postgres.tables import Table
from serving.domain.fields import invalid
from serving.records.ports import ListQuery

_DEFAULT_SIZE: Final = 50
_MOST: Final = 1_000
_BIGINT: Final = range(-(2**63), 2**63)

Reader = Callable[[Any], Any]
"""Reads a value of a token, which anybody can make up. Raises `ValueError` or `TypeError`."""


def page_size(asked: int) -> int:
    """Records of a page. Raises `InvalidRequest`."""
    if not 0 <= asked <= _MOST:
        raise invalid("page_size", f"is {asked}, it must be 0 to {_MOST}", limit=_MOST, actual=asked)
    return asked or _DEFAULT_SIZE


def order(table: Table, asked: str) -> tuple[str, bool]:
    """Column to sort by, and whether the largest come first. Raises `InvalidRequest`."""
    if not asked:
        return "create_time", table.newest_first
    column, _, direction = asked.strip().partition(" ")
    if column not in (*table.orders, "name") or direction.strip() not in ("", "asc", "desc"):
        known = ", ".join((*table.orders, "name"))
        raise invalid("order_by", f"is {asked[:40]!r}; known are {known}, with ` desc` for the other direction")
    return column, direction.strip() == "desc"


def encode(query: ListQuery, place: list[Any]) -> str:
    """Token of the page after `place`, the sort key of the last record."""
    text = json.dumps([_fingerprint(query), *place], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


READERS: Final[dict[str, Reader]] = {"timestamptz": datetime.fromisoformat, "double precision": float}
"""By the SQL type of a column; any other is a text."""


def as_text(value: Any) -> str:
    """A `Reader` of texts that PostgreSQL takes."""
    if not isinstance(value, str) or "\0" in value:
        raise ValueError("no text")
    return value


def as_bigint(value: Any) -> int:
    """A `Reader` of a bigint."""
    if not isinstance(value, int) or value not in _BIGINT:
        raise ValueError("no bigint")
    return value


def decode(query: ListQuery, *readers: Reader) -> list[Any] | None:
    """Sort key that a query's token names, None without a token.

    Args:
        readers: of its values, in their order.

    Raises:
        InvalidRequest: it is no token of this query.
    """
    if not query.page_token:
        return None
    try:
        padded = query.page_token + "=" * (-len(query.page_token) % 4)
        fingerprint, *found = json.loads(base64.urlsafe_b64decode(padded.encode()))
        place = [read(one) for read, one in zip(readers, found, strict=True)]
    except (ValueError, TypeError, RecursionError):
        fingerprint, place = "", []
    if fingerprint != _fingerprint(query):
        raise invalid("page_token", "is not one that this list gave")
    return place


def _fingerprint(query: ListQuery) -> str:
    """Ties a token to its list: with another parent, filter or order it would skip records silently."""
    text = "\0".join((query.parent, query.filter, query.order_by))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
