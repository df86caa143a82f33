"""From scores to the geometry of the charts. Coordinates are strings in SVG units or percent of the width."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from serving.report.formats import coordinate, number, rounded_parts, signed

SCORE_MAX: Final = 10.0

RADAR_WIDTH: Final = 430.0
RADAR_HEIGHT: Final = 348.0
RADAR_RADIUS: Final = 126.0
RADAR_MIN_AXES: Final = 3  # with fewer there is no area to see
_LABEL_GAP: Final = 19.0
_LABEL_LINE_CHARS: Final = 13  # longer labels take a second line so that they stay inside the drawing
_RINGS: Final = (2, 4, 6, 8, 10)


def share(value: float, low: float = 0.0, high: float = SCORE_MAX) -> float:
    """Place of `value` between `low` and `high` in percent, held inside the drawing."""
    if high <= low:
        return 0.0
    return min(max((value - low) / (high - low), 0.0), 1.0) * 100.0


@dataclass(frozen=True, slots=True)
class Span:
    """A horizontal stretch; `x` and `width` like `12.5%`."""

    x: str
    width: str

    @classmethod
    def of(cls, start: float, end: float, low: float = 0.0, high: float = SCORE_MAX) -> Span:
        """Span between two values on an axis from `low` to `high`, in either order."""
        first, last = sorted((share(start, low, high), share(end, low, high)))
        return cls(f"{coordinate(first)}%", f"{coordinate(last - first)}%")


@dataclass(frozen=True, slots=True)
class ScoreBar:
    """A score with its range on an axis from 0 to 10."""

    score: Span
    range: Span
    dot: str

    @classmethod
    def of(cls, score: float, low: float, high: float) -> ScoreBar:
        return cls(Span.of(0.0, score), Span.of(low, high), f"{coordinate(share(score))}%")


@dataclass(frozen=True, slots=True)
class RadarAxis:
    """One spoke: where it ends, its point, and its label of one or two lines."""

    x: str
    y: str
    point_x: str
    point_y: str
    label_x: str
    label_y: str
    anchor: str
    label: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Radar:
    """Scores around a circle. `band` is the area between low and high, drawn with the even-odd rule."""

    view_box: str
    rings: tuple[str, ...]
    ring_labels: tuple[tuple[str, str, str], ...]
    centre_x: str
    centre_y: str
    axes: tuple[RadarAxis, ...]
    band: str
    shape: str


def radar(rows: Sequence[tuple[str, float, float, float]]) -> Radar | None:
    """Radar of (label, score, low, high); None when there are too few axes to enclose an area."""
    if len(rows) < RADAR_MIN_AXES:
        return None
    count = len(rows)
    highs, lows = [row[3] for row in rows], [row[2] for row in rows]
    centre = _spot(0, count, 0.0)
    return Radar(
        view_box=f"0 0 {coordinate(RADAR_WIDTH)} {coordinate(RADAR_HEIGHT)}",
        rings=tuple(_points([float(ring)] * count) for ring in _RINGS),
        ring_labels=tuple((*_spot(0, count, float(ring)), str(ring)) for ring in _RINGS),
        centre_x=centre[0],
        centre_y=centre[1],
        axes=tuple(_axis(index, count, label, score) for index, (label, score, _, _) in enumerate(rows)),
        band=f"M{_points(highs)}Z M{_points(lows)}Z",
        shape=_points([row[1] for row in rows]),
    )


def _angle(index: int, count: int) -> float:
    return 2.0 * math.pi * index / count - math.pi / 2.0


def _place(index: int, count: int, radius: float) -> tuple[float, float]:
    angle = _angle(index, count)
    return RADAR_WIDTH / 2 + radius * math.cos(angle), RADAR_HEIGHT / 2 + radius * math.sin(angle)


def _spot(index: int, count: int, value: float) -> tuple[str, str]:
    x, y = _place(index, count, RADAR_RADIUS * share(value) / 100.0)
    return coordinate(x), coordinate(y)


def _points(values: Sequence[float]) -> str:
    return " ".join(",".join(_spot(index, len(values), value)) for index, value in enumerate(values))


def _axis(index: int, count: int, label: str, score: float) -> RadarAxis:
    end, point = _spot(index, count, SCORE_MAX), _spot(index, count, score)
    x, y = _place(index, count, RADAR_RADIUS + _LABEL_GAP)
    sideways = math.cos(_angle(index, count))
    anchor = "middle" if abs(sideways) < 0.3 else ("start" if sideways > 0 else "end")
    lines = _two_lines(label)
    downwards = math.sin(_angle(index, count))
    lift = 15.0 * (len(lines) - 1) * (1.0 - downwards) / 2.0  # a second line grows away from the circle
    return RadarAxis(*end, *point, coordinate(x), coordinate(y + 4.0 - lift), anchor, lines)


def _two_lines(label: str) -> tuple[str, ...]:
    words = label.split()
    if len(label) <= _LABEL_LINE_CHARS or len(words) < 2:
        return (label,)
    cut = min(range(1, len(words)), key=lambda i: max(len(" ".join(words[:i])), len(" ".join(words[i:]))))
    return " ".join(words[:cut]), " ".join(words[cut:])


@dataclass(frozen=True, slots=True)
class Step:
    """One part of a score: its bar starts where the part before it ended."""

    name: str
    label: str
    text: str
    kind: str
    span: Span
    end: str


@dataclass(frozen=True, slots=True)
class Waterfall:
    """Parts that add up. `adds_up` is False when the given parts do not sum to the given score."""

    steps: tuple[Step, ...]
    total: Span
    total_text: str
    adds_up: bool


def waterfall(parts: Sequence[tuple[str, str, float]], score: float) -> Waterfall:
    """Waterfall of (name, label, points) that ends at `score`, on an axis that holds every running total."""
    points = [part[2] for part in parts]
    ends = list(accumulate(points))
    low, high = min([0.0, *ends]), max([SCORE_MAX, *ends])
    steps = tuple(
        Step(
            name=name,
            label=label,
            text=signed(printed),
            kind=_kind(name, value),
            span=Span.of(end - value, end, low, high),
            end=f"{coordinate(share(end, low, high))}%",
        )
        for (name, label, value), end, printed in zip(parts, ends, rounded_parts(points, score), strict=True)
    )
    adds_up = abs(math.fsum(points) - score) <= 0.005
    printed_total = number(round(score * 100) / 100, 2)  # the rounding of rounded_parts, so that both agree
    return Waterfall(steps, Span.of(0.0, score, low, high), printed_total, adds_up)


def _kind(name: str, points: float) -> str:
    if name == "base":
        return "base"
    return "plus" if points >= 0 else "minus"
