"""The search for the highest rate that holds, as a figure."""

from __future__ import annotations

from benchmarks.harness.page_axis import from_zero
from benchmarks.harness.page_chart import percent, ticks
from benchmarks.harness.page_figure import Bar, Bars, Figure, Table
from benchmarks.harness.page_format import amount, digits, share
from benchmarks.harness.result import Search


def search_headline(search: Search) -> str:
    """The rate that held, and its share of the offline rate."""
    if search.rate_per_s is None:
        return f"No rate held the SLOs. Offline: {amount(search.offline_per_s, '/s')}."
    return (
        f"Holds {amount(search.rate_per_s, '/s')}, which is {share(search.of_offline)} of the offline rate of "
        f"{amount(search.offline_per_s, '/s')}."
    )


def search_figure(search: Search) -> Figure:
    """Every rate that was tried, in order."""
    rates = [probe.rate_per_s for probe in search.probes]
    x = from_zero([*rates, search.offline_per_s], "/s")
    bars = tuple(
        Bar(
            f"try {number}",
            f"{amount(probe.rate_per_s, '/s')} {'held' if probe.held else 'missed'}",
            "good" if probe.held else "bad",
            percent(x.place(probe.rate_per_s)),
        )
        for number, probe in enumerate(search.probes, start=1)
    )
    rows = tuple(
        (str(number), digits(probe.rate_per_s), "held" if probe.held else "missed", str(probe.run + 1))
        for number, probe in enumerate(search.probes, start=1)
    )
    return Figure(
        "search",
        "The search for the highest rate",
        f"The line is the offline rate. The next rate that missed is at most {share(search.tolerance)} higher.",
        bars=Bars(bars, ticks(x), percent(x.place(search.offline_per_s))),
        table=Table(("try", "rate/s", "SLOs", "run"), rows),
    )
