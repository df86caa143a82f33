"""One run as a section of the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.harness.core import Outcome
from benchmarks.harness.page_figure import Figure, Table
from benchmarks.harness.page_format import amount, digits, moment, seconds
from benchmarks.harness.page_latency import lateness_figure, percentile_figure
from benchmarks.harness.page_stages import stage_figures
from benchmarks.harness.page_timeline import timeline_figures
from benchmarks.harness.page_tracks import other_figures, queue_figures, resource_figures
from benchmarks.harness.result import Group, Machine, Run
from benchmarks.harness.scenario import LatencySlo

_OUTCOMES = (Outcome.OK, Outcome.REFUSED, Outcome.EXPIRED, Outcome.FAILED, Outcome.UNSENT)


@dataclass(frozen=True, slots=True)
class Section:
    """Figures under a heading."""

    name: str
    title: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as the page shows it.

    Attributes:
        number: from 1.
        open: shown without being asked for.
        void: why it counts for nothing, or empty.
        codes: how often each gRPC code or HTTP status came.
    """

    number: int
    title: str
    open: bool
    void: str
    groups: Table
    codes: tuple[tuple[str, str], ...]
    scores: str
    sections: tuple[Section, ...]


def run_view(run: Run, number: int, title: str, slos: Sequence[LatencySlo], machine: Machine, shown: bool) -> RunView:
    """Everything that is known of a run."""
    end_s = len(run.timeline.offered) * run.timeline.step_s
    over_time = timeline_figures(run.timeline, slos)
    others = other_figures(run.tracks, end_s)
    sections = (
        Section("latency", "Latency", (over_time[0], percentile_figure(run.groups))),
        Section("throughput", "Throughput", tuple(over_time[1:3])),
        Section("queues", "Queues", (*over_time[3:], *queue_figures(run.tracks, end_s))),
        Section("stages", "Where the time goes", tuple(stage_figures(run.histograms, sum(run.timeline.ok)))),
        Section("resources", "CPU and memory", tuple(resource_figures(run.tracks, machine, end_s))),
        Section("generator", "The load generator", (lateness_figure(run.generator),)),
        Section("readings", "Other readings", tuple(others)),
    )
    return RunView(
        number=number,
        title=title,
        open=shown,
        void=run.generator.void,
        groups=groups_table(run.groups),
        codes=tuple((code, f"{count:,}") for code, count in sorted(run.total.codes.items())),
        scores=_scores(run),
        sections=tuple(section for section in sections if section.figures),
    )


def groups_table(groups: Sequence[Group]) -> Table:
    """Counts and rates by modality and priority."""
    head = ("answers", "sent", *(outcome.value for outcome in _OUTCOMES), "offered/s", "ok/s", "goodput/s")
    return Table(
        (*head, "media", "come back after"),
        tuple(
            (
                group.name,
                f"{group.count:,}",
                *(f"{group.outcomes.get(outcome, 0):,}" for outcome in _OUTCOMES),
                *(amount(rate) for rate in (group.offered_per_s, group.throughput_per_s, group.goodput_per_s)),
                f"{digits(group.media_s / 60)} min",
                seconds(group.retry_after_s),
            )
            for group in groups
        ),
    )


def title_of(run: Run, number: int, of: int) -> str:
    """`Run 2 of 5, 1.5/s, started 2026-11-26 10:00:00 UTC`."""
    parts = [f"Run {number} of {of}"]
    parts += [amount(run.rate_per_s, "/s")] if run.rate_per_s is not None else []
    return ", ".join([*parts, f"started {moment(run.started)}"])


def _scores(run: Run) -> str:
    if not run.compared:
        return "No answer was scored twice, so nothing shows whether equal answers got equal scores."
    return f"{run.compared:,} answers were scored repeatedly, {run.unequal_scores:,} of them unequally."
