"""A scenario run to its end against one target."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.harness import generators, metrics_page
from benchmarks.harness.core import BenchError, Observation, Outcome
from benchmarks.harness.generators import Factory, Listener
from benchmarks.harness.machine import this_machine
from benchmarks.harness.plan import Draws, Plan, applies, check_counts, plan
from benchmarks.harness.progress import run_progress
from benchmarks.harness.resources import Tree
from benchmarks.harness.result import SCHEMA, Probe, Result, Run, Search
from benchmarks.harness.scenario import Scenario, Slos, WarmUp
from benchmarks.harness.search import highest_rate
from benchmarks.harness.shapes import Offline, Poisson, Server
from benchmarks.harness.summary import summarise
from benchmarks.harness.watch import Watch

_CAPACITY_DEADLINE_S = 86400.0


@dataclass(frozen=True, slots=True)
class Session:
    """What a scenario is run with; one session runs one scenario on one target.

    Attributes:
        factory: makes the target, in each generator process; must be picklable.
        target: short name of it. `null` measures the harness itself.
        address: where it is, for the record.
        trees: processes to look at.
        pages: URLs of the target's Prometheus pages.
        raw: file that every observation is appended to (JSON lines, gzip); None: none.
    """

    scenario: Scenario
    corpus: Draws
    factory: Factory
    target: str
    address: str = ""
    trees: Sequence[Tree] = ()
    pages: Sequence[str] = ()
    raw: Path | None = None
    _runs: list[Run] = field(default_factory=list)

    def run(self, capacity_per_s: float | None = None) -> Result:
        """Run every repetition, or search.

        Args:
            capacity_per_s: what rates are multiples of; None: measured first, where the scenario asks for it.

        Raises:
            BenchError: before anything is sent: too few answers for an SLO; nothing answers; else an SLO that not even
                one answer of the warm-up met.
        """
        shape = self.scenario.arrivals
        for url in self.pages:
            metrics_page.read(url, 0.0)  # whoever mistyped it hears so before anything is sent
        search = None
        if isinstance(shape, Server):
            check_counts(self.scenario, plan(self.scenario, self._probe(shape, 1.0), self.corpus, 0).requests)
            search = self._search(shape)
        else:
            if self.scenario.capacity_requests and capacity_per_s is None:
                capacity_per_s = self._offline(self.scenario.capacity_requests)
            for number in range(self.scenario.repetitions):
                made = plan(self.scenario, shape, self.corpus, number, capacity_per_s or 1.0)
                check_counts(self.scenario, made.requests)
                title = f"{self.scenario.name}, run {number + 1} of {self.scenario.repetitions}"
                self._runs.append(self._once(self.scenario, made, title, capacity_per_s))
        return Result(
            schema=SCHEMA,
            target=self.target,
            address=self.address,
            machine=this_machine(),
            scenario=self.scenario,
            capacity_per_s=capacity_per_s,
            runs=tuple(self._runs),
            search=search,
        )

    def one(self, number: int) -> Run:
        """Repetition `number` alone, for runs that alternate between targets."""
        made = plan(self.scenario, self.scenario.arrivals, self.corpus, number)
        return self._once(self.scenario, made, f"{self.target}, run {number + 1}", None)

    def _offline(self, count: int) -> float:
        """Answers a second when all are handed over at once."""
        scenario = replace(
            self.scenario,
            bulk_share=1.0,
            bulk_deadline_s=_CAPACITY_DEADLINE_S,
            slos=Slos(),
            warm_up=WarmUp(count=self.scenario.warm_up.count),
        )
        made = plan(scenario, Offline("offline", count), self.corpus, 0)
        run = self._once(scenario, made, f"{self.scenario.name}, offline", None)
        if not run.total.throughput_per_s:
            raise BenchError(f"{self.scenario.name}: not one of {count} answers was scored offline: no rate to go by")
        return run.total.throughput_per_s

    def _search(self, shape: Server) -> Search:
        offline_per_s = self._offline(shape.offline_count)
        probes: list[Probe] = []

        def holds(rate: float) -> bool:
            number = len(probes)
            made = plan(self.scenario, self._probe(shape, rate), self.corpus, number)
            run = self._once(self.scenario, made, f"{self.scenario.name}, {rate:.3g}/s", None)
            self._runs.append(run)
            probes.append(Probe(rate, run.held, len(self._runs) - 1))
            return run.held

        found = highest_rate(offline_per_s, holds, shape.tolerance)
        return Search(offline_per_s, tuple(probes), found, shape.tolerance)

    def _probe(self, shape: Server, rate: float) -> Poisson:
        """A search's arrivals at a rate (answers a second): as many count at every rate."""
        return Poisson("poisson", rate, self.scenario.warm_up.seconds + shape.count / rate)

    def _once(self, scenario: Scenario, made: Plan, title: str, capacity_per_s: float | None) -> Run:
        watch, started = Watch(self.trees, self.pages), datetime.now(UTC).isoformat(timespec="seconds")
        with ExitStack() as stack:
            tick = stack.enter_context(run_progress(title, len(made.requests)))
            stack.callback(watch.stop)
            listener = Listener(warmed=partial(check_warm_up, scenario), began=watch.start, tick=tick)
            sent = generators.run(self.factory, made, scenario.generators, listener)
        if self.raw is not None:
            _append(self.raw, title, sent.observations)
        return summarise(
            scenario,
            made,
            sent,
            started=started,
            tracks=watch.tracks(),
            histograms=watch.histograms(),
            capacity_per_s=capacity_per_s,
            measures_itself=self.target == "null",
        )


def check_warm_up(scenario: Scenario, seen: Sequence[Observation]) -> None:
    """Refuse an SLO that not one answer of the warm-up met, although it came to an idle target.

    Raises:
        BenchError: names key and limit.
    """
    for index, slo in enumerate(scenario.slos.latency):
        about = [one for one in seen if one.outcome is Outcome.OK and applies(slo, one.modality, one.priority)]
        fastest_s = min((one.latency_s for one in about), default=0.0)
        if fastest_s > slo.limit_s:
            raise BenchError(
                f"{scenario.name}: slos.latency[{index}].limit_s: {slo.limit_s:g} s is impossible here: the fastest of "
                f"{len(about)} answers of the warm-up, with nothing else to do, took {fastest_s:.3g} s"
            )


def _append(path: Path, title: str, observations: Sequence[Observation]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "at", encoding="utf-8") as file:
        for one in observations:
            line: dict[str, Any] = {"run": title, **asdict(one)}
            file.write(json.dumps(line, separators=(",", ":")) + "\n")
