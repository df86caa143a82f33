"""Durations and times on the command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, overload

import click

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp

_UNITS_S: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_MOST_S: Final = 1_000 * 365 * 86_400  # times stay within what a calendar holds


def seconds_of(text: str) -> int:
    """`90d`, `24h`, `30m` or `45s` as seconds.

    Raises:
        ValueError: it has another form, or is longer than a thousand years.
    """
    found = re.fullmatch(r"(\d{1,12})([smhd])", text, re.ASCII)
    seconds = int(found[1]) * _UNITS_S[found[2]] if found else _MOST_S + 1
    if seconds > _MOST_S:
        raise ValueError(f"{text!r} is no duration such as 90d, 24h, 30m or 45s")
    return seconds


class Span(click.ParamType[int]):
    """A duration, as seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Seconds of a text."""
        try:
            return value if isinstance(value, int) else seconds_of(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Moment(click.ParamType[datetime]):
    """A time: ISO 8601, in UTC unless it says otherwise, or a duration from now.

    Args:
        ahead: whether a duration counts into the future; else into the past.
    """

    name = "time"

    def __init__(self, *, ahead: bool) -> None:
        self._sign = 1 if ahead else -1

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The time of a text, in UTC."""
        if isinstance(value, datetime):
            return value
        try:
            return datetime.now(UTC) + self._sign * timedelta(seconds=seconds_of(value))
        except ValueError:
            pass
        try:
            found = datetime.fromisoformat(value)
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is neither a time such as 2026-11-25T18:00Z nor a duration such as 90d", param, ctx)


@overload
def timestamp(time: datetime) -> Timestamp: ...
@overload
def timestamp(time: datetime | None) -> Timestamp | None: ...
def timestamp(time: datetime | None) -> Timestamp | None:
    """As messages hold it; None stays None, which leaves a field absent."""
    from google.protobuf.timestamp_pb2 import Timestamp

    if time is None:
        return None
    made = Timestamp()
    made.FromDatetime(time)
    return made
