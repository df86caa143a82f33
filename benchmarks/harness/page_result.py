"""A result as its page: what was asked, whether it held, every run."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from benchmarks.harness.page_figure import Figure, Table
from benchmarks.harness.page_format import NONE, amount, digits, moment, seconds, share
from benchmarks.harness.page_run import RunView, run_view, title_of
from benchmarks.harness.page_search import search_figure, search_headline
from benchmarks.harness.result import Machine, Result, Run, Verdict
from benchmarks.harness.scenario import Scenario

State = str
"""`held`, `missed`, `unproven` or `void`: classes of the style sheet."""


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """An SLO and what became of it in one run."""

    run: int
    slo: str
    measured: str
    limit: str
    state: State
    detail: str


@dataclass(frozen=True, slots=True)
class ResultView:
    """The page of a result.

    Attributes:
        facts, asked: label and value, of the run and of the scenario.
        runs_table: a line a run.
    """

    title: str
    about: str
    state: State
    headline: str
    facts: tuple[tuple[str, str], ...]
    asked: tuple[tuple[str, str], ...]
    verdicts: tuple[VerdictRow, ...]
    search: Figure | None
    runs_table: Table
    runs: tuple[RunView, ...]


def result_view(result: Result) -> ResultView:
    """Everything that is known of a result."""
    count, scenario = len(result.runs), result.scenario
    first = _shown(result)
    return ResultView(
        title=scenario.name,
        about=scenario.about,
        state=_state(result),
        headline=_headline(result),
        facts=(
            ("Target", result.target),
            ("Address", result.address or NONE),
            ("Started", moment(result.runs[0].started) if result.runs else NONE),
            *machine_facts(result.machine),
        ),
        asked=_asked(scenario, result.capacity_per_s),
        verdicts=tuple(
            _verdict(verdict, number) for number, run in enumerate(result.runs, start=1) for verdict in run.verdicts
        ),
        search=None if result.search is None else search_figure(result.search),
        runs_table=_runs_table(result.runs),
        runs=tuple(
            run_view(
                run, number, title_of(run, number, count), scenario.slos.latency, result.machine, number - 1 == first
            )
            for number, run in enumerate(result.runs, start=1)
        ),
    )


def machine_facts(machine: Machine) -> tuple[tuple[str, str], ...]:
    """The machine and the commit."""
    return (
        ("Commit", machine.commit or NONE),
        ("Machine", f"{machine.cpu_model}, {machine.cores} cores, {amount(machine.memory_bytes, 'B')}"),
        ("System", f"{machine.system}, Python {machine.python}"),
    )


def _shown(result: Result) -> int:
    """Index of the run that is open: the one that held at the highest rate, else the median by throughput."""
    held = [] if result.search is None else [probe for probe in result.search.probes if probe.held]
    if held:
        return max(held, key=lambda probe: probe.rate_per_s).run
    order = sorted(range(len(result.runs)), key=lambda index: result.runs[index].total.throughput_per_s)
    return order[(len(order) - 1) // 2] if order else 0


def _state(result: Result) -> State:
    if any(run.generator.void for run in result.runs):
        return "void"
    if result.held:
        return "held"
    missed = any(verdict.state == "missed" for run in result.runs for verdict in run.verdicts)
    return "missed" if missed or result.search is not None else "unproven"


def _headline(result: Result) -> str:
    void = next((run.generator.void for run in result.runs if run.generator.void), "")
    if void:
        return f"A run is void: {void}"
    if result.search is not None:
        return search_headline(result.search)
    if not result.runs:
        return "There is no run."
    rates = [run.total.goodput_per_s for run in result.runs]
    good = f"Goodput {amount(statistics.median(rates), '/s')}"
    if len(rates) > 1:
        good += f" (median of {len(rates)} runs, {digits(min(rates))} to {digits(max(rates))})"
    states = [verdict.state for run in result.runs for verdict in run.verdicts]
    if not states:
        return f"{good}; the scenario asks for no SLO."
    counts = ", ".join(f"{states.count(state)} {state}" for state in ("held", "missed", "unproven") if state in states)
    return f"{good}. SLOs over all runs: {counts}."


def _asked(scenario: Scenario, capacity_per_s: float | None) -> tuple[tuple[str, str], ...]:
    deadlines = ", ".join(f"{modality.value} {seconds(limit)}" for modality, limit in scenario.deadline_s.items())
    return (
        ("Kind", scenario.kind),
        ("Arrivals", scenario.arrivals.shape),
        ("Mix", ", ".join(f"{modality.value} {share(part)}" for modality, part in scenario.mix.items())),
        ("Handed over", share(scenario.bulk_share)),
        ("Deadlines", f"{deadlines}; bulk {seconds(scenario.bulk_deadline_s)}"),
        ("Warm-up", f"{scenario.warm_up.count} answers, then {seconds(scenario.warm_up.seconds)}"),
        ("Capacity", amount(capacity_per_s, "/s")),
        ("Repetitions", str(scenario.repetitions)),
        ("Seed", str(scenario.seed)),
        ("Corpus", scenario.corpus or NONE),
    )


def _verdict(verdict: Verdict, run: int) -> VerdictRow:
    unit = {"latency": "s", "goodput": "/s"}.get(verdict.key.split(".")[1].split("[")[0], "")
    shown = share if not unit else lambda value: amount(value, unit)
    return VerdictRow(run, verdict.slo, shown(verdict.measured), shown(verdict.limit), verdict.state, verdict.detail)


def _runs_table(runs: tuple[Run, ...]) -> Table:
    wanted = (50.0, 95.0, 99.0)
    rows = []
    for number, run in enumerate(runs, start=1):
        latency = {one.percentile: one.value_s for one in run.total.latency}
        total = run.total
        rows.append(
            (
                str(number),
                amount(run.rate_per_s, "/s"),
                f"{total.count:,}",
                digits(total.throughput_per_s),
                digits(total.goodput_per_s),
                *(seconds(latency.get(one)) for one in wanted),
                seconds(run.wall_s),
                "void" if run.generator.void else "held" if run.held else "not held",
            )
        )
    head = ("run", "rate", "sent", "ok/s", "goodput/s", *(f"p{one:g}" for one in wanted), "wall", "SLOs")
    return Table(head, tuple(rows))
