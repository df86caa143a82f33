"""Geometry of the plots. Heights are pixels; widths are percent, or thousandths where the picture is stretched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.harness.page_axis import Axis
from benchmarks.harness.page_format import amount, coordinate

HEIGHT: Final = 200.0  # of the plotting area
_WIDE: Final = 1000.0

Points = Sequence[tuple[float, float | None]]
"""x and y in the units of their axes, x ascending; None: nothing is known there."""


@dataclass(frozen=True, slots=True)
class Series:
    """Points with a name.

    Attributes:
        look: class of the style sheet: colour and dashes.
        spans: y from and to of a bar at the point of the same number; empty: none.
        marks: draw the points themselves.
    """

    name: str
    look: str
    points: Points
    spans: Sequence[tuple[float, float] | None] = ()
    marks: bool = False


@dataclass(frozen=True, slots=True)
class Layer:
    """A series as it is drawn: paths in thousandths of the width, points and bars in percent of it."""

    name: str
    look: str
    paths: tuple[str, ...]
    filled: bool
    dots: tuple[tuple[str, str], ...]
    bars: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot of series over a common x axis.

    Attributes:
        desc: the same in words, for those who do not see it.
        x_ticks: place in percent, label, text anchor; y_ticks: place in pixels, label.
        limits: horizontal lines with their labels; warm_up: width in percent of what does not count, or empty.
    """

    desc: str
    layers: tuple[Layer, ...]
    x_ticks: tuple[tuple[str, str, str], ...]
    y_ticks: tuple[tuple[str, str], ...]
    limits: tuple[tuple[str, str], ...] = ()
    warm_up: str = ""


def plot(
    series: Sequence[Series],
    x: Axis,
    y: Axis,
    unit: str,
    *,
    stacked: bool = False,
    limits: Iterable[tuple[float, str]] = (),
    warm_up: float = 0.0,
) -> Plot:
    """Draw series; stacked ones as areas on top of each other, first at the bottom (all with the same x)."""
    layers = _stacked(series, x, y) if stacked else tuple(_layer(one, x, y) for one in series)
    return Plot(
        desc=". ".join(_in_words(one, unit) for one in series),
        layers=layers,
        x_ticks=ticks(x),
        y_ticks=tuple((_height(y, at), label) for at, label in y.ticks),
        limits=tuple((_height(y, at), label) for at, label in limits),
        warm_up=percent(x.place(warm_up)) if warm_up else "",
    )


def ticks(axis: Axis) -> tuple[tuple[str, str, str], ...]:
    """Place in percent, label and text anchor of each tick of a horizontal axis."""
    return tuple((percent(axis.place(at)), label, _anchor(axis.place(at))) for at, label in axis.ticks)


def _layer(series: Series, x: Axis, y: Axis) -> Layer:
    runs: list[list[tuple[float, str]]] = [[]]
    for at, value in series.points:
        if value is None:
            runs.append([])
        else:
            runs[-1].append((x.place(at), _height(y, value)))
    lines = ["L".join(f"{coordinate(at * _WIDE)},{height}" for at, height in run) for run in runs if len(run) > 1]
    # A point between gaps has no line to be seen by.
    dots = tuple((percent(at), height) for run in runs for at, height in run if series.marks or len(run) == 1)
    bars = tuple(
        (percent(x.place(at)), _height(y, span[0]), _height(y, span[1]))
        for (at, _), span in zip(series.points, series.spans, strict=False)
        if span is not None
    )
    paths = tuple(f"M{line}" for line in lines)
    return Layer(series.name, series.look, paths, filled=False, dots=dots, bars=bars)


def _stacked(series: Sequence[Series], x: Axis, y: Axis) -> tuple[Layer, ...]:
    layers = []
    floor = [0.0] * max((len(one.points) for one in series), default=0)
    for one in series:
        top = [below + (value or 0.0) for below, (_, value) in zip(floor, one.points, strict=True)]
        if any(value for _, value in one.points):
            places = [coordinate(x.place(at) * _WIDE) for at, _ in one.points]
            there = [f"{at},{_height(y, value)}" for at, value in zip(places, top, strict=True)]
            back = [f"{at},{_height(y, value)}" for at, value in zip(places, floor, strict=True)]
            path = f"M{'L'.join([*there, *reversed(back)])}Z"
            layers.append(Layer(one.name, one.look, (path,), filled=True, dots=(), bars=()))
        floor = top
    return tuple(layers)


def _in_words(series: Series, unit: str) -> str:
    known = [value for _, value in series.points if value is not None]
    if not known:
        return f"{series.name}: nothing measured"
    if len(known) == 1:
        return f"{series.name}: {amount(known[0], unit)}"
    lowest, highest = amount(min(known), unit), amount(max(known), unit)
    return f"{series.name}: from {lowest} to {highest}, at the end {amount(known[-1], unit)}"


def _height(y: Axis, value: float) -> str:
    return coordinate(HEIGHT * (1 - y.place(value)))


def percent(place: float) -> str:
    """A place on an axis as a length in SVG."""
    return f"{coordinate(100 * place)}%"


def _anchor(place: float) -> str:
    """Labels at the edges stay inside."""
    return "start" if place < 0.03 else "end" if place > 0.97 else "middle"
