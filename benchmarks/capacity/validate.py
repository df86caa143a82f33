"""Predictions of runs that the curves were not fitted on, beside what was measured."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.capacity.curves import Curves
from benchmarks.capacity.plant import Plant, Slots, on_one_host
from benchmarks.capacity.season import MODALITIES, Arrivals
from benchmarks.capacity.simulation import Simulation
from benchmarks.harness.core import BenchError, Outcome, Priority, Request
from benchmarks.harness.corpus import Corpus
from benchmarks.harness.plan import plan
from benchmarks.harness.result import Group, Result, Run, process_cpu_s
from benchmarks.harness.shapes import Poisson, Server

PERCENTILES: Final = (50.0, 95.0)
_SEEDS: Final = 8
_MOST_LOST: Final = 0.01  # share of answers without an assessment: beyond, a run shows no service times


@dataclass(frozen=True, slots=True)
class Skipped:
    """A run that shows no service times: a void one, or one whose answers were refused or failed."""

    run: str
    why: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure of one run.

    Attributes:
        run: name of the scenario and number of the run.
        figure: such as `throughput` or `video interactive p95`.
        measured, predicted: answers a second, or seconds.
    """

    run: str
    figure: str
    unit: str
    measured: float
    predicted: float

    @property
    def error(self) -> float:
        """Of the prediction, as a share of what was measured."""
        return self.predicted / self.measured - 1


def compare(curves: Curves, result: Result, corpus: Corpus, slots: Slots) -> Iterator[Comparison | Skipped]:
    """Predict each run of a result with its very arrivals, and compare.

    Raises:
        BenchError: it was measured on another machine or with other answers than the curves know.
    """
    machine, name = curves.machine, result.scenario.name
    if (result.machine.cores, result.machine.cpu_model) != (machine.cores, machine.cpu):
        there = f"{result.machine.cores} cores, {result.machine.cpu_model}"
        raise BenchError(f"{name}: ran on {there}; the curves are of {machine.cores} cores, {machine.cpu}")
    for kind, share in result.scenario.mix.items():
        if share and kind not in curves.modalities:
            raise BenchError(f"{name}: the curves have no {kind.value} answers")
    for number, run in enumerate(result.runs):
        title = f"{name} {number + 1}"
        if why := _shows_no_service(run):
            yield Skipped(title, why)
        else:
            requests = _requests(result, number, corpus)
            yield from _of_run(title, run, requests, result.scenario.warm_up.seconds, curves, slots)


def _shows_no_service(run: Run) -> str:
    if run.generator.void:
        return f"void: {run.generator.void}"
    lost = run.total.count - run.total.outcomes.get(Outcome.OK, 0)
    if lost > _MOST_LOST * run.total.count:
        return f"{lost} of {run.total.count} answers have no assessment"
    return ""


def _requests(result: Result, number: int, corpus: Corpus) -> Sequence[Request]:
    """The requests of a run, as the harness planned them."""
    shape, factor = result.scenario.arrivals, result.capacity_per_s or 1.0
    if isinstance(shape, Server):
        rate = next(probe.rate_per_s for probe in result.search.probes if probe.run == number) if result.search else 1.0
        shape, factor = Poisson("poisson", rate, shape.count / rate), 1.0
    return plan(result.scenario, shape, corpus, number, factor).requests


def _of_run(
    name: str, run: Run, requests: Sequence[Request], warm_up_s: float, curves: Curves, slots: Slots
) -> Iterator[Comparison]:
    arrivals = _arrivals(requests)
    counted = arrivals.at_s >= warm_up_s
    plant = Plant(1, curves.machine.cores, 0, curves.scorers, slots)
    services, outcomes = on_one_host(curves), []
    for seed in range(_SEEDS):
        luck = np.random.default_rng(seed).random(len(arrivals))
        outcomes.append(Simulation(plant, services, replace(arrivals, luck=luck), seed).run())
    duration_s = max(arrivals.at_s[-1], 0.0)
    rates = [counted.sum() / (max(duration_s, outcome.end_s) - warm_up_s) for outcome in outcomes]
    yield Comparison(name, "throughput", "answers/s", run.total.throughput_per_s, float(statistics.fmean(rates)))
    trees = [one.labels["tree"] for one in run.tracks if one.name == "process_cpu_cores"]
    if len(trees) == 1:
        work_s = sum(curves.modalities[one.sample.modality].work_core_s(one.sample.duration_s) for one in requests)
        yield Comparison(name, "CPU of the stack", "s", process_cpu_s(run, trees[0]), work_s)
    for group in run.groups[1:]:
        ours = counted & _members(arrivals, group)
        for wanted in PERCENTILES:
            measured = next((one.value_s for one in group.latency if one.percentile == wanted), None)
            if measured:
                found = [np.percentile(one.done_s[ours], wanted, method="inverted_cdf") for one in outcomes]
                yield Comparison(name, f"{_title(group)} p{wanted:g}", "s", measured, float(np.mean(found)))


def _arrivals(requests: Sequence[Request]) -> Arrivals:
    return Arrivals(
        at_s=np.array([one.intended_s for one in requests]),
        modality=np.array([MODALITIES.index(one.sample.modality) for one in requests]),
        media_s=np.array([one.sample.duration_s for one in requests]),
        luck=np.zeros(len(requests)),
        bulk=np.array([one.priority is Priority.BULK for one in requests]),
    )


def _members(arrivals: Arrivals, group: Group) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = np.ones(len(arrivals), bool)
    if group.modality is not None:
        found &= arrivals.modality == MODALITIES.index(group.modality)
    if group.priority is not None:
        found &= arrivals.bulk == (group.priority is Priority.BULK)
    return found


def _title(group: Group) -> str:
    return " ".join(part.value for part in (group.modality, group.priority) if part is not None)
