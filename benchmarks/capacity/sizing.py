"""The smallest fleet that holds an SLO, by simulation."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.capacity.ask import Ask
from benchmarks.capacity.fleet import Fleet, edge_machines
from benchmarks.capacity.intervals import Interval
from benchmarks.capacity.peak import FULL, Peak, busiest, fluid_wait_s, stretch_for
from benchmarks.capacity.plant import Plant, Service
from benchmarks.capacity.season import MODALITIES, Arrivals, draw
from benchmarks.capacity.simulation import Outcome, Simulation
from benchmarks.harness.core import BenchError, Modality

_MOST_NODES: Final = 20_000
_FEWEST_RUNS: Final = 3  # with two, an interval is wider than anything it could decide
_BUDGET: Final = 240_000  # answers that are simulated for a size, unless the fewest runs have more
_PERCENTILES: Final = (50.0, 95.0, 99.0)


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is simulated for one size of a fleet.

    Attributes:
        runs: independent runs; the fewest, three, of very long ones.
        answers: of a steady stretch in one run, about.
        full: share of its capacity above which a fleet is simulated for the whole peak.
    """

    runs: int = 4
    answers: int = 12_000
    full: float = FULL


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a fleet does in the busiest stretch.

    Attributes:
        turnaround: by percentile, seconds, of the answers that somebody waits for.
        used: share of each resource that is busy.
        outcome: of the first run.
        start_s: where in the window that run began.
    """

    fleet: Fleet
    turnaround: Mapping[float, Interval]
    holds: bool
    used: Mapping[str, float]
    outcome: Outcome
    start_s: float

    @property
    def nodes(self) -> int:
        """Workers."""
        return self.fleet.counts["worker"]


class Sizer:
    """Simulates fleets for one season. Fleets meet the same arrivals, so that they differ by their size alone.

    Args:
        step: told before each simulation what is simulated, for a person who waits.

    Raises:
        BenchError: no fleet can hold the SLO; says which figure stands against which.
    """

    def __init__(self, ask: Ask, effort: Effort | None = None, step: Callable[[str], None] | None = None) -> None:
        self.ask = ask
        self.peak: Peak = busiest(ask.season)
        self._effort = effort or Effort()
        self._step = step or (lambda text: None)
        self._known: dict[int, Estimate] = {}
        self._refuse_what_cannot_be()

    def smallest(self) -> Estimate:
        """The smallest number of workers of which the upper end of the interval is within the SLO."""
        guess = max(1, math.ceil(self.peak.rate_per_s / self.capacity_per_s(1)))
        if self._holds(guess):
            low, high = self._below(guess)
        else:
            low, high = self._above(guess)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._holds(middle) else (middle, high)
        return self.at(high)

    def at(self, nodes: int) -> Estimate:
        """What so many workers do."""
        if nodes not in self._known:
            self._step(f"{nodes} workers")
            self._known[nodes] = self._estimate(nodes)
        return self._known[nodes]

    @property
    def seen(self) -> tuple[Estimate, ...]:
        """All sizes that were simulated, ascending."""
        return tuple(self._known[nodes] for nodes in sorted(self._known))

    def capacity_per_s(self, nodes: int) -> float:
        """Answers a second that so many workers complete when all are busy."""
        shape, ask = self.ask.shapes["worker"], self.ask
        limits = [shape.cores / ask.mean("host_core_s")]
        if device_s := ask.mean("device_s"):
            limits.append(shape.gpus / device_s)
        return nodes * min(limits)

    def fleet(self, nodes: int) -> Fleet:
        """So many workers, and the edge and database that the season needs."""
        edge = edge_machines(self.peak.rate_per_s * self.ask.mean("edge_core_s"), self.ask.shapes["edge"])
        return Fleet(self.ask.shapes, {"edge": edge, "worker": nodes, "database": 1})

    def plant(self, nodes: int) -> Plant:
        """The fleet as it is simulated."""
        fleet, worker = self.fleet(nodes), self.ask.shapes["worker"]
        return Plant(
            nodes=nodes,
            cores=worker.cores,
            gpus=worker.gpus,
            scorers=max(1, round(self.ask.scorers_per_core * worker.cores)),
            slots=self.ask.slots,
            edge_cores=fleet.counts["edge"] * self.ask.shapes["edge"].cores,
            database_cores=self.ask.shapes["database"].cores,
        )

    def _holds(self, nodes: int) -> bool:
        """Whether the SLO holds; without a simulation where a backlog alone breaks it."""
        ask = self.ask
        fluid_s = fluid_wait_s(ask.season, self.peak, self.capacity_per_s(nodes), ask.slo.percentile)
        return fluid_s <= ask.slo.limit_s and self.at(nodes).holds

    def _estimate(self, nodes: int) -> Estimate:
        ask = self.ask
        effort, capacity = self._effort, self.capacity_per_s(nodes)
        stretch = stretch_for(ask.season, self.peak, capacity, effort.answers, effort.full)
        plant, found, outcomes = self.plant(nodes), [], []
        expected = self.peak.rate_per_s * (stretch.end_s - stretch.start_s)
        for run in range(max(_FEWEST_RUNS, min(effort.runs, round(_BUDGET / max(expected, 1.0))))):
            arrivals = draw(ask.season, stretch.start_s, stretch.end_s, np.random.default_rng([ask.seed, run]))
            outcome = Simulation(plant, ask.services, arrivals, ask.seed + run).run()
            judged = outcome.done_s[(arrivals.at_s >= stretch.judged_from_s - stretch.start_s) & ~arrivals.bulk]
            outcomes.append(outcome)
            if len(judged):
                wanted = [*_PERCENTILES, ask.slo.percentile]
                found.append(np.percentile(judged, wanted, method="inverted_cdf"))
        if not found:
            raise BenchError("no answer comes in the busiest stretch: more candidates, or a shorter window")
        columns = zip([*_PERCENTILES, ask.slo.percentile], np.array(found).T, strict=True)
        turnaround = {percentile: Interval.of(column.tolist()) for percentile, column in columns}
        used = {name: float(np.mean([outcome.used[name] for outcome in outcomes])) for name in outcomes[0].used}
        holds = turnaround[ask.slo.percentile].high <= ask.slo.limit_s
        return Estimate(self.fleet(nodes), turnaround, holds, used, outcomes[0], stretch.start_s)

    def _below(self, holding: int) -> tuple[int, int]:
        step = max(1, holding // 10)
        while holding > 1:
            lower = max(1, holding - step)
            if not self._holds(lower):
                return lower, holding
            holding, step = lower, step * 2
        return 0, holding

    def _above(self, failing: int) -> tuple[int, int]:
        step = max(1, failing // 16)
        while failing + step <= _MOST_NODES:
            if self._holds(failing + step):
                return failing, failing + step
            failing, step = failing + step, step * 2
        raise BenchError(f"{self.ask.slo}: not held by {failing} workers")

    def _refuse_what_cannot_be(self) -> None:
        ask = self.ask
        needed = self.peak.rate_per_s * ask.mean("database_core_s")
        if needed >= (cores := ask.shapes["database"].cores):
            raise BenchError(f"database: the peak needs {needed:.1f} cores of Postgres, its machine has {cores}")
        arrivals = draw(
            replace(ask.season, bulk=0.0), self.peak.start_s, self.peak.end_s, np.random.default_rng(ask.seed)
        )
        if len(arrivals):
            alone_s = float(np.percentile(alone(ask.services, arrivals), ask.slo.percentile))
            if alone_s > ask.slo.limit_s:
                raise BenchError(
                    f"slo: p{ask.slo.percentile:g}={ask.slo.limit_s:g}s cannot be held by any fleet: on an idle one "
                    f"p{ask.slo.percentile:g} is {alone_s:.3g} s, the service time of an answer alone"
                )


def alone(services: Mapping[Modality, Service], arrivals: Arrivals) -> NDArray[np.float64]:
    """Seconds of each answer on an idle fleet, without what its length does not explain; float64 [n]."""
    seconds = np.zeros(len(arrivals))
    for index, kind in enumerate(MODALITIES):
        ours = arrivals.modality == index
        if ours.any():
            seconds[ours] = [services[kind].alone_s(float(media_s)) for media_s in arrivals.media_s[ours]]
    return seconds
