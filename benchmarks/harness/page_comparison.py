"""Several results beside each other: ratios with their intervals, and every run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.harness.compare import FIGURES, Ratio, compare
from benchmarks.harness.compare import Figure as Measure
from benchmarks.harness.page_axis import Axis, from_zero
from benchmarks.harness.page_chart import percent, ticks
from benchmarks.harness.page_figure import Bar, Bars, Figure, Table
from benchmarks.harness.page_format import NONE, amount, moment
from benchmarks.harness.page_result import machine_facts
from benchmarks.harness.result import Result, Run

_LOOKS = "abcdefgh"


@dataclass(frozen=True, slots=True)
class ComparisonView:
    """The page of a comparison.

    Attributes:
        base: name of the target that the others are divided by.
        ratios, runs: a figure for each measure.
        facts: of every result, a table whose first column says what.
    """

    title: str
    about: str
    base: str
    ratios: tuple[Figure, ...]
    runs: tuple[Figure, ...]
    facts: Table


def comparison_view(results: Sequence[Result]) -> ComparisonView:
    """Every result after the first against the first. Raises `BenchError` where `compare` does."""
    ratios = compare(results)
    scenario, targets = results[0].scenario, _by_target(results)
    return ComparisonView(
        title=f"{scenario.name}: {len(targets)} targets",
        about=scenario.about,
        base=results[0].target,
        ratios=tuple(
            _ratios(measure, [one for one in ratios if one.figure is measure], results[0].target) for measure in FIGURES
        ),
        runs=tuple(_runs(measure, targets) for measure in FIGURES),
        facts=_facts(results),
    )


def _ratios(measure: Measure, ratios: Sequence[Ratio], base: str) -> Figure:
    known = [one for one in ratios if one.ratio is not None]
    title = f"{measure.name}, {measure.better} is better"
    rows = tuple(
        (one.target, _ratio(one.ratio), _ratio(one.low), _ratio(one.high), f"{one.coverage:.0%}", *_medians(one))
        for one in ratios
    )
    table = Table(("target", "ratio", "from", "to", "confidence", "median", f"median of {base}"), rows)
    if not known:
        return Figure(measure.name, title, "Too few samples in a run.", table=table)
    x = from_zero([*(one.high or 0.0 for one in known), 1.0], "")
    bars = tuple(
        Bar(
            one.target,
            f"{_ratio(one.ratio)} ({_ratio(one.low)} to {_ratio(one.high)})",
            _look(one),
            percent(x.place(one.ratio or 0.0)),
            percent(x.place(one.low or 0.0)),
            percent(x.place(one.high or 0.0)),
        )
        for one in known
    )
    note = f"Median of the ratios of runs of the same number, with its interval. The line is {base}."
    return Figure(measure.name, title, note, bars=Bars(bars, ticks(x), percent(x.place(1.0))), table=table)


def _runs(measure: Measure, targets: dict[str, list[Run]]) -> Figure:
    values = {name: [measure.of(run) for run in runs] for name, runs in targets.items()}
    known = {name: [value for value in of if value is not None] for name, of in values.items()}
    title = f"{measure.name} of each run"
    count = max(map(len, values.values()))
    head = ("target", *(f"run {number}" for number in range(1, count + 1)))
    rows = tuple((name, *(amount(value, measure.unit) for value in of)) for name, of in values.items())
    table = Table(head, tuple((*row, *[NONE] * (len(head) - len(row))) for row in rows))
    if not any(known.values()):
        return Figure(measure.name, title, "Too few samples in every run.", table=table)
    x: Axis = from_zero((value for of in known.values() for value in of), measure.unit)
    bars = tuple(
        Bar(name, _span(of, measure.unit), look, "", dots=tuple(percent(x.place(value)) for value in of))
        for (name, of), look in zip(known.items(), _LOOKS * len(known), strict=False)
    )
    return Figure(measure.name, title, "A dot a run.", bars=Bars(bars, ticks(x)), table=table)


def _look(ratio: Ratio) -> str:
    """Better or worse than the first, where the interval lies on one side of it."""
    if ratio.low is None or ratio.high is None or ratio.low <= 1 <= ratio.high:
        return "d"
    return "good" if (ratio.low > 1) == (ratio.figure.better == "higher") else "bad"


def _facts(results: Sequence[Result]) -> Table:
    rows = [("target", [one.target for one in results]), ("address", [one.address or NONE for one in results])]
    rows += [("runs", [str(len(one.runs)) for one in results])]
    rows += [("started", [moment(one.runs[0].started) if one.runs else NONE for one in results])]
    facts = [dict(machine_facts(one.machine)) for one in results]
    rows += [(name.lower(), [of[name] for of in facts]) for name in facts[0]]
    return Table(("", *(str(number) for number in range(1, len(results) + 1))), tuple((name, *of) for name, of in rows))


def _by_target(results: Sequence[Result]) -> dict[str, list[Run]]:
    """Runs of each target, as `compare` takes them together; of several with one name the address is in it."""
    found: dict[tuple[str, str], list[Run]] = {}
    for one in results:
        found.setdefault((one.target, one.address), []).extend(one.runs)
    names = [target for target, _ in found]
    return {
        target if names.count(target) == 1 else f"{target} {address}": runs for (target, address), runs in found.items()
    }


def _medians(ratio: Ratio) -> tuple[str, str]:
    return amount(ratio.median, ratio.figure.unit), amount(ratio.base_median, ratio.figure.unit)


def _span(values: Sequence[float], unit: str) -> str:
    if not values:
        return NONE
    return (
        amount(values[0], unit) if len(values) == 1 else f"{amount(min(values), unit)} to {amount(max(values), unit)}"
    )


def _ratio(value: float | None) -> str:
    return NONE if value is None else f"{value:.3f}"
