"""What a run leaves: every figure with its unit. Files of it are `result_file`'s."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from benchmarks.harness.core import Modality, Outcome, Priority
from benchmarks.harness.scenario import STRICT, Scenario
from benchmarks.harness.statistics import Percentile

SCHEMA: Final = 1  # a file of another number is refused

State = Literal["held", "missed", "unproven"]


@dataclass(frozen=True, slots=True)
class Machine:
    """Where target and generator ran.

    Attributes:
        cores: logical CPUs that this process may use.
        memory_bytes: of the machine.
        commit: git commit of the checkout, `-dirty` appended where files differ; empty outside one.
    """

    cores: int
    cpu_model: str
    memory_bytes: int
    system: str
    python: str
    commit: str


@dataclass(frozen=True, slots=True)
class Group:
    """The answers of one modality and priority.

    Attributes:
        modality, priority: None for all.
        count: answers sent and counted (no warm-up).
        outcomes: count by outcome; codes: count by gRPC code or `HTTP nnn`.
        latency: of the answers that have their assessment (`ok`), from the intended send.
        offered_per_s: answers intended a second, over the schedule without its warm-up; None: all at once.
        throughput_per_s: assessments a second, from the end of the warm-up to the end of the schedule or the last
            assessment of all groups, whichever is later. Higher is better.
        goodput_per_s: those of them a second whose latency is within the limit of the highest percentile that an SLO
            asks of them; where none applies, as throughput. Higher is better.
        media_s: seconds of media among the assessments.
        retry_after_s: median of the times to come back that refusals named; None: none did.
    """

    modality: Modality | None
    priority: Priority | None
    count: int
    outcomes: Mapping[Outcome, int]
    codes: Mapping[str, int]
    latency: tuple[Percentile, ...]
    offered_per_s: float | None
    throughput_per_s: float
    goodput_per_s: float
    media_s: float
    retry_after_s: float | None

    @property
    def name(self) -> str:
        """`all`, or modality and priority."""
        return " ".join(one.value for one in (self.modality, self.priority) if one is not None) or "all"


@dataclass(frozen=True, slots=True)
class Timeline:
    """The run in steps of `step_s`; every tuple has one entry a step, warm-up included.

    Attributes:
        warm_up_s: steps before it are not in the figures.
        offered: answers intended in the step.
        ok, refused, expired, failed: replies that came in the step.
        outstanding: sent and not replied to at the end of the step.
        p50_s, p95_s, max_s: latency of the answers *intended* in the step that have an assessment; None: there are
            none. So a stall shows where it began.
    """

    step_s: float
    warm_up_s: float
    offered: tuple[int, ...]
    ok: tuple[int, ...]
    refused: tuple[int, ...]
    expired: tuple[int, ...]
    failed: tuple[int, ...]
    outstanding: tuple[int, ...]
    p50_s: tuple[float | None, ...]
    p95_s: tuple[float | None, ...]
    max_s: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Track:
    """A quantity over time.

    Attributes:
        name: `machine_cpu_cores` and `machine_memory_bytes` (used), `process_cpu_cores`, `process_pss_bytes` and
            `process_rss_bytes` (of a tree of processes, label `tree`), or a gauge or counter of the target's metrics
            page under its own name (`viva_queued_answers`); counters are given as increase a second.
        labels: which of several of that name.
        at_s: seconds from the start of the run.
    """

    name: str
    labels: Mapping[str, str]
    at_s: tuple[float, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class HistogramChange:
    """What a histogram of the target's metrics page gained in the run (`viva_stage_seconds`: the stage breakdown).

    Attributes:
        name: without `_bucket`, `_sum` or `_count`.
        count, total: observations and their sum, in the unit of the name.
        buckets: cumulative count by upper bound, ascending; the last bound is written `+Inf`.
    """

    name: str
    labels: Mapping[str, str]
    count: int
    total: float
    buckets: tuple[tuple[str, int], ...]

    @property
    def mean(self) -> float:
        """In the unit of the name; 0 without observations."""
        return self.total / self.count if self.count else 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an SLO held.

    Attributes:
        slo: what was asked, in words: `text interactive p99 <= 2 s`.
        key: where it stands in the scenario: `slos.latency[0]`.
        state: `unproven`: not missed, but too few samples to claim it with 99% confidence.
        measured: the percentile in seconds (None: it lies among answers without an assessment, or there are too few),
            the goodput a second, or the share of errors.
        limit: in the same unit.
        detail: one line for people.
    """

    slo: str
    key: str
    state: State
    measured: float | None
    limit: float
    detail: str


@dataclass(frozen=True, slots=True)
class Generator:
    """What the load generator itself did.

    Attributes:
        processes: that sent.
        cpu_s: of them, during the run.
        cpu_share: of one core, of the busiest process.
        lateness_p50_s, lateness_p99_s, lateness_max_s: sent after intended.
        bound_s: the 99th percentile allowed.
        unsent: requests that were never sent.
        void: why the run measures the generator and not the target; empty when it does not.
    """

    processes: int
    cpu_s: float
    cpu_share: float
    lateness_p50_s: float
    lateness_p99_s: float
    lateness_max_s: float
    bound_s: float
    unsent: int
    void: str


@dataclass(frozen=True, slots=True)
class Run:
    """One repetition.

    Attributes:
        started: UTC, ISO 8601.
        wall_s: from the first intended send to the last reply.
        rate_per_s: the mean rate that was planned, warm-up included; None for offline.
        groups: all answers, then each modality with each priority that has any.
        unequal_scores: answers of the corpus that were given more than one assessment; 0 is expected.
        compared: answers of the corpus of which more than one assessment was looked at.
    """

    started: str
    wall_s: float
    rate_per_s: float | None
    groups: tuple[Group, ...]
    timeline: Timeline
    tracks: tuple[Track, ...]
    histograms: tuple[HistogramChange, ...]
    verdicts: tuple[Verdict, ...]
    generator: Generator
    unequal_scores: int
    compared: int

    @property
    def total(self) -> Group:
        """All answers."""
        return self.groups[0]

    @property
    def held(self) -> bool:
        """Every SLO held, in a run that is not void."""
        return not self.generator.void and all(verdict.state == "held" for verdict in self.verdicts)


@dataclass(frozen=True, slots=True)
class Probe:
    """One rate that a search tried.

    Attributes:
        run: index of its run in `Result.runs`.
    """

    rate_per_s: float
    held: bool
    run: int


@dataclass(frozen=True, slots=True)
class Search:
    """The highest Poisson rate that holds every SLO (MLPerf's Server).

    Attributes:
        offline_per_s: throughput with all answers at once, measured first.
        probes: in the order tried.
        rate_per_s: the highest rate that held; None: none did.
        tolerance: the next rate that missed is at most this share above it.
    """

    offline_per_s: float
    probes: tuple[Probe, ...]
    rate_per_s: float | None
    tolerance: float

    @property
    def of_offline(self) -> float | None:
        """Rate that held divided by the offline rate; higher is better."""
        return None if self.rate_per_s is None else self.rate_per_s / self.offline_per_s


@dataclass(frozen=True, slots=True)
class Result:
    """A scenario that was run.

    Attributes:
        target: its name, and where it is.
        capacity_per_s: answers a second that rates of the scenario are multiples of; None: they are answers a second.
    """

    schema: int
    target: str
    address: str
    machine: Machine
    scenario: Scenario
    capacity_per_s: float | None
    runs: tuple[Run, ...]
    search: Search | None = None

    __pydantic_config__ = STRICT

    @property
    def held(self) -> bool:
        """For a search: it found a rate; else every run held every SLO."""
        if self.search is not None:
            return self.search.rate_per_s is not None
        return all(run.held for run in self.runs)


def process_cpu_s(run: Run, tree: str) -> float:
    """CPU seconds of a tree of processes: its track holds the cores that were used between two looks."""
    track = next(one for one in run.tracks if one.name == "process_cpu_cores" and one.labels.get("tree") == tree)
    before_s = (0.0, *track.at_s)
    return sum(cores * (at - before) for cores, at, before in zip(track.values, track.at_s, before_s, strict=False))
