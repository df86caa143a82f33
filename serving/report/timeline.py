"""Lanes along the answer: STAR roles, pauses, smiles. Positions are percent of the width."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from serving.domain.facts import FriendlinessPoint, Interval
from serving.report.charts import Span, share
from serving.report.formats import clock, coordinate

_TICK_STEPS_S: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
_MAX_TICKS: Final = 6  # what fits side by side on a phone
_POSITION_TICKS: Final = (0, 25, 50, 75, 100)
_MAX_CURVE_POINTS: Final = 60

LANE_HEIGHT_PX: Final = 38
AXIS_HEIGHT_PX: Final = 24


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of the axis. `anchor` keeps the first and the last label inside the drawing."""

    x: str
    label: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch on a lane; `title` says what it is."""

    span: Span
    title: str


@dataclass(frozen=True, slots=True)
class Lane:
    """A labelled row; `kind` names its colour."""

    label: str
    kind: str
    top: int
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """Lanes over one axis; heights in pixels."""

    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    height: int


def time_ticks(duration_s: float) -> tuple[Tick, ...]:
    """Round marks from 0 to the end of the answer."""
    step = next((s for s in _TICK_STEPS_S if duration_s / s <= _MAX_TICKS), _last_step(duration_s))
    marks = [step * index for index in range(int(duration_s // step) + 1)]
    return tuple(_tick(share(mark, 0.0, duration_s), clock(mark, 0)) for mark in marks)


def _last_step(duration_s: float) -> int:
    """Whole hours, for media far over any limit: the number of ticks stays bounded."""
    return 3600 * math.ceil(duration_s / _MAX_TICKS / 3600)


def position_ticks() -> tuple[Tick, ...]:
    """Marks for an answer without times: percent of its characters."""
    return tuple(_tick(float(mark), f"{mark}%") for mark in _POSITION_TICKS)


def _tick(place: float, label: str) -> Tick:
    anchor = "start" if place < 4.0 else ("end" if place > 96.0 else "middle")
    return Tick(f"{coordinate(place)}%", label, anchor)


def timeline(lanes: Sequence[tuple[str, str, Sequence[Block]]], ticks: tuple[Tick, ...]) -> Timeline:
    """Stack lanes of (label, kind, blocks) over the axis."""
    stacked = tuple(
        Lane(label, kind, index * LANE_HEIGHT_PX, tuple(blocks)) for index, (label, kind, blocks) in enumerate(lanes)
    )
    return Timeline(stacked, ticks, len(stacked) * LANE_HEIGHT_PX + AXIS_HEIGHT_PX)


def interval_blocks(intervals: Sequence[Interval], duration_s: float) -> tuple[Block, ...]:
    """Blocks of stretches in seconds."""
    return tuple(
        Block(
            Span.of(item.start_offset_s, item.end_offset_s, 0.0, duration_s),
            f"{clock(item.start_offset_s)}–{clock(item.end_offset_s)}",
        )
        for item in intervals
    )


@dataclass(frozen=True, slots=True)
class Curve:
    """A line in a 0..100 x 0..100 box that is stretched to the width, and the same points as a table."""

    points: str
    ticks: tuple[Tick, ...]
    rows: tuple[tuple[str, float], ...]
    averaged: bool


def curve(points: Sequence[FriendlinessPoint], duration_s: float) -> Curve:
    """Curve of at most 60 points; a longer one is averaged over equal numbers of neighbouring points."""
    stride = -(-len(points) // _MAX_CURVE_POINTS)
    groups = [points[index : index + stride] for index in range(0, len(points), max(stride, 1))]
    means = [
        (sum(p.offset_s for p in group) / len(group), sum(p.value for p in group) / len(group)) for group in groups
    ]
    drawn = " ".join(
        f"{coordinate(share(at, 0.0, duration_s))},{coordinate(100.0 - share(value, 0.0, 1.0))}" for at, value in means
    )
    rows = tuple((clock(at), value) for at, value in means)
    return Curve(drawn, time_ticks(duration_s), rows, stride > 1)
