"""One season's stretch on one plant: each answer's way through edge, Postgres, queue and worker."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import simpy
from numpy.typing import NDArray

from benchmarks.capacity.lanes import Lane
from benchmarks.capacity.plant import Plant, Service
from benchmarks.capacity.season import MODALITIES, Arrivals
from benchmarks.capacity.stations import SharedCores
from benchmarks.harness.core import Modality

_LOOKS: Final = 240  # at the queue, evenly over the arrivals
_AT_ACCEPTANCE: Final = 0.5  # of Postgres' work for an answer; the rest is done when the result is stored


@dataclass(frozen=True, slots=True)
class Looks:
    """State at even moments; float64 [looks]."""

    at_s: NDArray[np.float64]
    waiting: NDArray[np.float64]
    working: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run gave.

    Attributes:
        done_s: from each answer's arrival to its result, float64 [n].
        used: share of each resource that was busy until the last arrival: `worker_cores`, `gpu`, `edge`, `database`.
        end_s: when the last answer was done.
    """

    done_s: NDArray[np.float64]
    end_s: float
    used: Mapping[str, float]
    looks: Looks


class Simulation:
    """Answers on a plant. Equal arguments give equal outcomes."""

    def __init__(self, plant: Plant, services: Mapping[Modality, Service], arrivals: Arrivals, seed: int) -> None:
        self._env = env = simpy.Environment()
        self._plant, self._arrivals = plant, arrivals
        self._services = [services.get(kind) for kind in MODALITIES]
        self._hosts = [SharedCores(env, plant.cores) for _ in range(plant.nodes)]
        self._devices = [SharedCores(env, plant.gpus) for _ in range(plant.nodes)] if plant.gpus else []
        self._edge = SharedCores(env, plant.edge_cores) if plant.edge_cores else None
        self._database = SharedCores(env, plant.database_cores) if plant.database_cores else None
        dice = random.Random(seed)
        self._text, self._media = (
            Lane([node for node in range(plant.nodes) for _ in range(each * plant.scorers)], dice, self._begin)
            for each in (plant.slots.text, plant.slots.media)
        )
        self._ratios = self._drawn_ratios()
        self._done_s = np.zeros(len(arrivals))
        self._left = len(arrivals)
        self._all_done = env.event()
        self._looks: list[tuple[float, int, int]] = []
        self._working = 0
        self._used: dict[str, float] = {}

    def run(self) -> Outcome:
        """Run until the last answer is done."""
        if len(self._arrivals):
            self._env.process(self._arrive())
            self._env.run(self._all_done)
        looks = np.array(self._looks, float).reshape(-1, 3).T
        return Outcome(self._done_s, float(self._env.now), self._used, Looks(looks[0], looks[1], looks[2]))

    def _drawn_ratios(self) -> NDArray[np.float64]:
        drawn = np.ones(len(self._arrivals))
        for index, service in enumerate(self._services):
            if service is not None:
                ours = self._arrivals.modality == index
                choices = np.array(service.ratios)
                drawn[ours] = choices[(self._arrivals.luck[ours] * len(choices)).astype(int)]
        return drawn

    def _arrive(self) -> simpy.events.ProcessGenerator:
        env, at_s = self._env, self._arrivals.at_s
        every = max(1, len(at_s) // _LOOKS)
        for answer, when_s in enumerate(at_s.tolist()):
            if when_s > env.now:
                yield env.timeout(when_s - env.now)
            if answer % every == 0:
                self._looks.append((env.now, self._text.depth + self._media.depth, self._working))
            service = self._service(answer)
            accept = partial(
                _serve, self._database, service.database_core_s * _AT_ACCEPTANCE, partial(self._put, answer)
            )
            _serve(self._edge, service.edge_core_s, accept)
        self._used = self._usage()

    def _put(self, answer: int) -> None:
        text = MODALITIES[self._arrivals.modality[answer]] is Modality.TEXT
        (self._text if text else self._media).put(answer, bool(self._arrivals.bulk[answer]))

    def _begin(self, answer: int, node: int) -> None:
        self._working += 1
        service, ratio = self._service(answer), float(self._ratios[answer])
        alone_s = service.host.at(float(self._arrivals.media_s[answer])) * ratio
        then = partial(self._compute, answer, node)
        self._hosts[node].serve(alone_s, service.demand_cores, then, service.claim)

    def _compute(self, answer: int, node: int) -> None:
        alone_s = self._service(answer).device.at(float(self._arrivals.media_s[answer]))
        _serve(self._devices[node] if self._devices else None, alone_s, partial(self._store, answer, node))

    def _store(self, answer: int, node: int) -> None:
        # A slot is held until the result is stored.
        work_s = self._service(answer).database_core_s * (1 - _AT_ACCEPTANCE)
        _serve(self._database, work_s, partial(self._end, answer, node))

    def _end(self, answer: int, node: int) -> None:
        self._working -= 1
        self._done_s[answer] = self._env.now - self._arrivals.at_s[answer]
        self._left -= 1
        if not self._left:
            self._all_done.succeed()
        text = MODALITIES[self._arrivals.modality[answer]] is Modality.TEXT
        (self._text if text else self._media).give(node)

    def _service(self, answer: int) -> Service:
        service: Service | None = self._services[self._arrivals.modality[answer]]
        assert service is not None, "the services cover the mix"
        return service

    def _usage(self) -> dict[str, float]:
        stations: dict[str, list[SharedCores | None]] = {
            "worker_cores": [*self._hosts],
            "gpu": [*self._devices],
            "edge": [self._edge],
            "database": [self._database],
        }
        used = {}
        for name, several in stations.items():
            ours = [station for station in several if station is not None]
            for station in ours:
                station.settle()
            if ours and self._env.now:
                spent = sum(station.busy_core_s for station in ours)
                used[name] = spent / (self._env.now * sum(station.cores for station in ours))
        return used


def _serve(station: SharedCores | None, work_s: float, then: Callable[[], None]) -> None:
    """One core's work at a station, if there is one and any work."""
    if station is None or work_s <= 0:
        then()
    else:
        station.serve(work_s, 1.0, then)
