"""The requests of a run: equal scenarios and seeds give equal requests, for every target."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from benchmarks.harness import arrivals
from benchmarks.harness.core import BenchError, Modality, Priority, Request, Sample
from benchmarks.harness.scenario import ErrorSlo, LatencySlo, Scenario
from benchmarks.harness.shapes import Arrivals, Offline
from benchmarks.harness.statistics import min_samples


class Draws(Protocol):
    """What answers are drawn from; a corpus is one."""

    def draw(self, count: int, seed: int, mix: dict[Modality, float] | None = None) -> tuple[Sample, ...]:
        """`count` answers; equal arguments give equal answers."""
        ...


@dataclass(frozen=True, slots=True)
class Placeholders:
    """Answers without content, for the target that does not look at them."""

    def draw(self, count: int, seed: int, mix: dict[Modality, float] | None = None) -> tuple[Sample, ...]:
        """`count` answers in the shares of the mix."""
        weights = mix or {Modality.TEXT: 1.0}
        drawn = random.Random(seed).choices(list(weights), list(weights.values()), k=count)
        return tuple(Sample(modality.value, modality, "en", "") for modality in drawn)


@dataclass(frozen=True, slots=True)
class Plan:
    """The requests of one run.

    Attributes:
        warm_up: sent and answered before the clock starts.
        requests: in the order of their intended times.
        duration_s: of the schedule; 0: all at once.
    """

    warm_up: tuple[Request, ...]
    requests: tuple[Request, ...]
    duration_s: float

    @property
    def rate_per_s(self) -> float | None:
        """Mean over the schedule; None when all are sent at once."""
        return len(self.requests) / self.duration_s if self.duration_s else None


def plan(scenario: Scenario, shape: Arrivals, corpus: Draws, run: int, factor: float = 1.0) -> Plan:
    """The requests of a scenario with a shape of arrivals: its own, or one that a search tries.

    Args:
        run: number of the repetition; each draws anew.
        factor: what rates are multiples of.

    Raises:
        BenchError: more than ten million requests, or none.
    """
    seed = scenario.seed + run
    times = arrivals.schedule(shape, seed, factor)
    if not 0 < len(times) <= 10_000_000:
        raise BenchError(f"{scenario.name}: arrivals: makes {len(times)} requests; from 1 to 10000000 can be sent")
    duration_s = 0.0 if isinstance(shape, Offline) else float(getattr(shape, "duration_s", times[-1]))
    mix = {modality: share for modality, share in scenario.mix.items() if share}
    samples = corpus.draw(len(times), seed, mix)
    bulk = np.random.default_rng([seed, 1]).random(len(times)) < scenario.bulk_share
    requests = tuple(
        _request(scenario, sample, float(time_s), Priority.BULK if handed_over else Priority.INTERACTIVE)
        for sample, time_s, handed_over in zip(samples, times, bulk, strict=True)
    )
    warm_up = tuple(
        _request(scenario, sample, 0.0, Priority.BULK if index % 2 and scenario.bulk_share else Priority.INTERACTIVE)
        for index, sample in enumerate(corpus.draw(scenario.warm_up.count, seed + 1_000_003, mix))
    )
    return Plan(warm_up, requests, duration_s)


def check_counts(scenario: Scenario, requests: Sequence[Request]) -> None:
    """Refuse a run that is too short for what its SLOs claim.

    Raises:
        BenchError: an SLO's percentile needs more answers than the run sends, or all are of the warm-up; names key and
            limit.
    """
    counted = [request for request in requests if request.intended_s >= scenario.warm_up.seconds]
    if not counted:
        raise BenchError(f"{scenario.name}: warm_up.seconds: no answer of this run is sent after it")
    for index, slo in enumerate(scenario.slos.latency):
        count = sum(applies(slo, request.sample.modality, request.priority) for request in counted)
        if count < (needed := min_samples(slo.percentile)):
            raise BenchError(
                f"{scenario.name}: slos.latency[{index}].percentile: p{slo.percentile:g} needs at least {needed} "
                f"answers, this run sends {count} after its warm-up; lengthen it or ask for a lower percentile"
            )


def applies(slo: LatencySlo | ErrorSlo, modality: Modality, priority: Priority) -> bool:
    """Whether an SLO is about such answers."""
    return slo.modality in (None, modality) and slo.priority in (None, priority)


def _request(scenario: Scenario, sample: Sample, intended_s: float, priority: Priority) -> Request:
    return Request(sample, intended_s, scenario.deadline(sample.modality, priority), priority)
