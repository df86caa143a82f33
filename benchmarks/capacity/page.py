"""The page of a plan, in the style of those of load runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jinja2 import PackageLoader

from benchmarks.capacity import figures
from benchmarks.capacity.document import Document
from benchmarks.capacity.table import headline, notes
from benchmarks.harness.page import write_page
from benchmarks.harness.page_figure import Figure, Table
from benchmarks.harness.page_format import amount, digits, seconds


@dataclass(frozen=True, slots=True)
class Section:
    """Figures that belong together."""

    name: str
    title: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class View:
    """What the template prints."""

    title: str
    about: str
    state: str
    verdict: str
    facts: tuple[tuple[str, str], ...]
    fleet: Table
    turnaround: Table
    sections: tuple[Section, ...]
    notes: tuple[str, ...]


def write(document: Document, path: Path) -> None:
    """Write the page of a plan. Raises `OSError`."""
    write_page(path, "plan.html.j2", PackageLoader("benchmarks.capacity", "templates"), view=view(document))


def view(document: Document) -> View:
    """The plan as the template takes it."""
    sections = [
        Section(
            "fleet", "Fleet, turnaround, price", (figures.turnaround_figure(document), figures.price_figure(document))
        ),
        Section("load", "Load and queue", (figures.load_figure(document), figures.queue_figure(document))),
    ]
    last = [figures.resource_figure(document)]
    if document.sensitivity:
        last.append(figures.sensitivity_figure(document))
    sections.append(Section("limits", "Limits", tuple(last)))
    return View(
        title="Capacity plan",
        about=headline(document),
        state="held" if document.estimate.holds else "missed",
        verdict=_verdict(document),
        facts=_facts(document),
        fleet=_fleet(document),
        turnaround=_turnaround(document),
        sections=tuple(sections),
        notes=tuple(notes(document)),
    )


def _verdict(document: Document) -> str:
    estimate, slo = document.estimate, document.ask.slo
    found = estimate.turnaround[slo.percentile]
    verb = "hold" if estimate.holds else "do not hold"
    first = document.resources[0]
    breaks = f" First to break: {first.name}, at {first.saturates_at:.2f} × the load." if first.saturates_at else ""
    return f"{estimate.nodes} workers {verb} {slo}: p{slo.percentile:g} is {seconds(found.mean)}.{breaks}"


def _facts(document: Document) -> tuple[tuple[str, str], ...]:
    season, currency = document.ask.season, document.prices.currency
    return (
        ("answers", f"{season.answers:,}"),
        ("window", f"{season.window_s / 3600:g} h"),
        ("busiest hour", amount(document.peak.rate_per_s, "/s")),
        ("workers complete", amount(document.capacity_per_s, "/s")),
        (f"{currency} for the window", digits(document.price)),
        (f"{currency} for 1,000 answers", digits(document.price_per_1000)),
    )


def _fleet(document: Document) -> Table:
    fleet, currency = document.estimate.fleet, document.prices.currency
    rows = tuple(
        (
            role,
            str(fleet.counts[role]),
            str(fleet.counts[role] * shape.cores),
            str(fleet.counts[role] * shape.gpus),
            f"{fleet.counts[role] * shape.price_per_hour:,.2f}",
        )
        for role, shape in fleet.shapes.items()
    )
    return Table(("role", "machines", "cores", "GPUs", f"{currency} an hour"), rows)


def _turnaround(document: Document) -> Table:
    rows = tuple(
        (f"p{percentile:g}", seconds(value.mean), seconds(value.low), seconds(value.high))
        for percentile, value in sorted(document.estimate.turnaround.items())
    )
    return Table(("percentile", "turnaround", "from", "to"), rows)
