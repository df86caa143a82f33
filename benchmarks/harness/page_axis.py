"""Axes: from values to places, and round numbers to write beside them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.harness.page_format import amount

_ROUND: Final = (1, 2, 5, 10)
_CLOCK_S: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis from `low` to `high`, of which both may be infinite nowhere.

    Attributes:
        ticks: values with what is written beside them, ascending.
        log: whether places follow the logarithm.
    """

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    log: bool = False

    def place(self, value: float) -> float:
        """0 at `low`, 1 at `high`; values beyond are held at the ends."""
        low, high, at = (math.log(max(x, 1e-12)) if self.log else x for x in (self.low, self.high, value))
        return min(max((at - low) / (high - low), 0.0), 1.0)


def from_zero(values: Iterable[float], unit: str, count: int = 4) -> Axis:
    """A linear axis from 0 that holds all values, with about `count` ticks."""
    top = max((value for value in values if math.isfinite(value)), default=0.0)
    base = 1024.0 ** math.floor(math.log(top, 1024)) if unit == "B" and top > 0 else 1.0
    step = _round_up((top if top > 0 else 1.0) / base / count) * base
    steps = max(1, math.ceil(top / step - 1e-9))
    return Axis(0.0, step * steps, tuple((step * i, amount(step * i, unit)) for i in range(steps + 1)))


def logarithmic(values: Iterable[float], unit: str) -> Axis:
    """A logarithmic axis of positive values: powers of ten, with 2 and 5 between them where there is room."""
    positive = [value for value in values if value > 0 and math.isfinite(value)] or [1.0]
    low, high = _round_down(min(positive)), _round_up(max(positive))
    if high <= low:
        high = low * 10
    wide = math.log10(high / low) > 2
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    marks = [factor * 10.0**decade for decade in decades for factor in ((1,) if wide else (1, 2, 5))]
    ticks = tuple((mark, amount(mark, unit)) for mark in marks if low * 0.999 <= mark <= high * 1.001)
    return Axis(low, high, ticks, log=True)


def clock(end_s: float, count: int = 6) -> Axis:
    """Time of a run from 0 to `end_s`, with at most `count` steps."""
    end_s = max(end_s, 1.0)
    step = next((one for one in _CLOCK_S if end_s / one <= count), math.ceil(end_s / count / 86400) * 86400)
    return Axis(0.0, end_s, tuple((float(at), _time(at, step)) for at in range(0, math.floor(end_s) + 1, step)))


def marked(marks: Sequence[tuple[float, str]], place: Callable[[float], float], room: float) -> Axis:
    """An axis of given marks, their values put through `place`; `room` is left beside the first and the last."""
    ticks = tuple((place(value), text) for value, text in marks)
    return Axis(ticks[0][0] - room, ticks[-1][0] + room, ticks)


def _round_up(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return next(factor * power for factor in (*_ROUND, 20) if factor * power >= value * (1 - 1e-9))


def _round_down(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return max(factor * power for factor in _ROUND if factor * power <= value * (1 + 1e-9))


def _time(at_s: int, step_s: int) -> str:
    if at_s == 0:
        return "0"
    if step_s < 60:
        return f"{at_s} s" if at_s < 120 else f"{at_s // 60}:{at_s % 60:02d}"
    return f"{at_s // 60} min" if at_s < 7200 else f"{at_s // 3600}:{at_s // 60 % 60:02d} h"
