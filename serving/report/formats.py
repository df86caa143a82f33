"""Numbers, times and untrusted text as a reader sees them. Pure functions; the same in every language."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

MISSING: Final = "–"
MINUS: Final = "\N{MINUS SIGN}"  # as wide as a digit in tabular figures, unlike the hyphen

# C0 and C1 controls are errors in HTML, lone surrogates cannot be encoded, and explicit bidirectional
# embeddings, overrides and isolates (UAX #9) let a transcript reorder the page around it.
_UNSAFE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufeff]")


def clean(text: str) -> str:
    """Text with each character that must not reach a page replaced by U+FFFD, one for one (offsets stay)."""
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r", "\n"))


def known(value: float | None) -> float | None:
    """`value`, or None when it is absent or not finite: an assessment from outside may carry NaN."""
    return value if value is not None and math.isfinite(value) else None


def number(value: float | None, digits: int = 1) -> str:
    """Fixed-point number with a real minus sign; a dash where there is none."""
    if known(value) is None:
        return MISSING
    return f"{value:z.{digits}f}".replace("-", MINUS)


def signed(value: float | None, digits: int = 2) -> str:
    """Number with its sign, for parts of a sum."""
    if known(value) is None:
        return MISSING
    return f"{value:+z.{digits}f}".replace("-", MINUS)


def percent(ratio: float | None) -> str:
    """A ratio 0..1 in whole percent."""
    return MISSING if ratio is None or known(ratio) is None else f"{number(100.0 * ratio, 0)}%"


def clock(seconds: float | None, digits: int = 1) -> str:
    """Seconds from the start of the answer as `m:ss.s`."""
    scale = 10**digits
    if seconds is None or known(seconds * scale) is None:
        return MISSING
    units = round(max(seconds, 0.0) * scale)  # rounded before it is split, or 59.96 s would read 0:60.0
    minutes, rest = divmod(units, 60 * scale)
    whole, fraction = divmod(rest, scale)
    tail = f".{fraction:0{digits}d}" if digits else ""
    return f"{minutes}:{whole:02d}{tail}"


def clock_span(start: float | None, end: float | None) -> str:
    """A stretch of the answer, empty when it has no time."""
    if known(start) is None:
        return ""
    return clock(start) if known(end) is None else f"{clock(start)}–{clock(end)}"


def moment(time: datetime | None) -> str:
    """A time to the minute in UTC, empty where there is none."""
    return "" if time is None else f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def coordinate(value: float) -> str:
    """A coordinate of a drawing with at most two decimals, so that equal charts are equal text."""
    return f"{value:z.2f}".rstrip("0").rstrip(".")


def rounded_parts(parts: Sequence[float], total: float, digits: int = 2) -> list[float]:
    """Parts rounded so that what is printed adds up to the printed total (largest remainder method).

    Each part moves by less than one unit of the last digit. Parts that do not sum to `total` in the first
    place are rounded one by one: a wrong sum must stay visible.
    """
    scale = 10**digits
    if abs(math.fsum(parts) - total) * scale > 0.5:
        return [round(part, digits) for part in parts]
    floors = [math.floor(part * scale) for part in parts]
    short = round(total * scale) - sum(floors)
    by_remainder = sorted(range(len(parts)), key=lambda i: floors[i] - parts[i] * scale)
    for index in by_remainder[: max(short, 0)]:
        floors[index] += 1
    return [units / scale for units in floors]


def humanised(name: str) -> str:
    """A readable name for one that has no translation: `first_person_actions` -> `First person actions`."""
    words = " ".join(re.split(r"[\s_./:-]+", name.strip())).strip()
    return words[:1].upper() + words[1:]
