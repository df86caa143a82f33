"""What stands in a page: plots with the data that they show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.harness.page_axis import Axis
from benchmarks.harness.page_chart import Plot, percent, ticks
from benchmarks.harness.page_format import amount


@dataclass(frozen=True, slots=True)
class Table:
    """Cells as text; the first column names the row."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """A horizontal bar in its row; places in percent of the axis, empty where there is none.

    Attributes:
        end: of the bar; low, high: of its interval.
        dots: of single runs.
    """

    label: str
    value: str
    look: str
    end: str
    low: str = ""
    high: str = ""
    dots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars over one axis.

    Attributes:
        ticks: place in percent, label, text anchor.
        mark: place of a line through all bars, or empty.
    """

    bars: tuple[Bar, ...]
    ticks: tuple[tuple[str, str, str], ...]
    mark: str = ""

    @property
    def desc(self) -> str:
        """The same in words, for those who do not see it."""
        return ". ".join(f"{bar.label}: {bar.value}" for bar in self.bars)


@dataclass(frozen=True, slots=True)
class Figure:
    """A plot (or bars) under its title, and its data as a table.

    Attributes:
        name: in ids; unique in its section.
        note: how to read it; or, without a plot, why there is none.
    """

    name: str
    title: str
    note: str
    plot: Plot | None = None
    bars: Bars | None = None
    table: Table | None = None


def columns(head: Sequence[str], *values: Sequence[str]) -> Table:
    """A table of columns of equal length."""
    return Table(tuple(head), tuple(zip(*values, strict=True)))


def bars(rows: Sequence[tuple[str, float, str]], x: Axis, unit: str, mark: float | None = None) -> Bars:
    """Bars from 0 of (label, value, look), with a line at `mark`."""
    drawn = tuple(Bar(label, amount(value, unit), look, percent(x.place(value))) for label, value, look in rows)
    return Bars(drawn, ticks(x), "" if mark is None else percent(x.place(mark)))
