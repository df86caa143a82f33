"""Numbers as people read them."""

from __future__ import annotations

import math
import re
from typing import Final

NONE: Final = "–"  # where there is no figure

# Controls, bidirectional overrides and lone surrogates could break or reorder a page.
_UNSAFE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def clean(text: str) -> str:
    """The text with what could break or reorder a page shown as U+FFFD."""
    return _UNSAFE.sub("\ufffd", text)


def seconds(value: float | None) -> str:
    """A duration with three digits: microseconds to seconds."""
    if value is None:
        return NONE
    for limit, factor, unit in ((1e-3, 1e6, "µs"), (1.0, 1e3, "ms")):
        if 0 < abs(value) < limit:
            return f"{digits(value * factor)} {unit}"
    return f"{digits(value)} s"


def amount(value: float | None, unit: str = "") -> str:
    """A number with three digits and its unit; bytes in binary multiples, seconds as `seconds`."""
    if value is None:
        return NONE
    if unit == "s":
        return seconds(value)
    if unit == "B":
        return _bytes(value)
    return f"{digits(value)}{unit if unit.startswith('/') or not unit else ' ' + unit}"


def moment(text: str) -> str:
    """An ISO 8601 time in UTC, for people."""
    return text.replace("T", " ").replace("+00:00", " UTC")


def share(value: float | None) -> str:
    """A share as a percentage."""
    return NONE if value is None else f"{digits(100 * value)}%"


def digits(value: float) -> str:
    """Three significant digits, all of them before the point, without exponent down to a millionth."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else str(value)
    places = max(0, min(9, 2 - math.floor(math.log10(abs(value)))))
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def coordinate(value: float) -> str:
    """For SVG: two places, no trailing zeros."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _bytes(value: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(value) < 1024:
            return f"{digits(value)} {unit}"
        value /= 1024
    return f"{digits(value)} TiB"
