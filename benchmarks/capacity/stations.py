"""Where answers are worked on, as SimPy events."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Final

import simpy

_SERVED: Final = 1e-9  # seconds of work that rounding may leave over


@dataclass(slots=True)
class _Class:
    """Visitors of one claim.

    Attributes:
        demand: of all of them.
        worked_s: work that a visitor present all along has received.
        speed: seconds of work that each receives in a second.
        visits: end of each in `worked_s`, its number, its demand, and what is called then.
    """

    demand: float = 0.0
    worked_s: float = 0.0
    speed: float = 1.0
    visits: list[tuple[float, int, float, Callable[[], None]]] = field(default_factory=list)


class SharedCores:
    """Cores, or a GPU, shared by all who are there: processor sharing with a limit for each.

    A visitor would take `alone_s` seconds by itself and use `demand` cores meanwhile. While all demands together fit
    into the cores, nobody is slowed down. Beyond, all cores are busy, and are shared in proportion to demand times
    claim, with nobody faster than alone.

    With equal claims this is the M/G/1-PS queue where each visitor can use all cores, and it has the mean number in
    system of M/M/c where each can use one (Kleinrock, Queueing Systems II, 4.4). With unequal ones it is
    discriminatory processor sharing (Fayolle, Mitrani, Iasnogorodski, J. ACM 27, 1980).

    Attributes:
        cores: capacity, in the unit of the demands.
        busy_core_s: capacity used so far; call `settle` before reading it.
    """

    def __init__(self, env: simpy.Environment, cores: float) -> None:
        self._env = env
        self.cores = cores
        self.busy_core_s = 0.0
        self._classes: dict[float, _Class] = {}  # by claim, the largest first
        self._seen_s = env.now
        self._number = count()
        self._alarm = 0  # the one that counts; earlier ones are stale

    def serve(self, alone_s: float, demand: float, done: Callable[[], None], claim: float = 1.0) -> None:
        """Begin a visit now; `done` is called at its end."""
        self.settle()
        if claim not in self._classes:
            self._classes[claim] = _Class()
            self._classes = dict(sorted(self._classes.items(), reverse=True))
        ours, demand = self._classes[claim], min(demand, self.cores)
        heapq.heappush(ours.visits, (ours.worked_s + alone_s, next(self._number), demand, done))
        ours.demand += demand
        self._share()

    def settle(self) -> None:
        """Account for the time since the last event."""
        passed_s = self._env.now - self._seen_s
        if passed_s > 0:
            for one in self._classes.values():
                one.worked_s += passed_s * one.speed
            self.busy_core_s += passed_s * min(sum(one.demand for one in self._classes.values()), self.cores)
            self._seen_s = self._env.now

    def _share(self) -> None:
        """Set the speeds, and an alarm for the next end."""
        left = self.cores
        wanted = sum(one.demand for one in self._classes.values())
        claimed = sum(claim * one.demand for claim, one in self._classes.items())
        for claim, one in self._classes.items():
            # Whoever claims most is the first to be as fast as alone; the others share what is left.
            one.speed = 1.0 if wanted <= left or claim * left >= claimed else claim * left / claimed
            if one.speed == 1.0:
                left, wanted, claimed = left - one.demand, wanted - one.demand, claimed - claim * one.demand
        self._alarm += 1
        ends = [(one.visits[0][0] - one.worked_s) / one.speed for one in self._classes.values() if one.visits]
        if ends:
            alarm = self._env.timeout(max(0.0, min(ends)), self._alarm)
            assert alarm.callbacks is not None
            alarm.callbacks.append(self._ring)

    def _ring(self, alarm: simpy.Event) -> None:
        if alarm.value != self._alarm:
            return
        self.settle()
        ended = []
        for one in self._classes.values():
            while one.visits and one.visits[0][0] <= one.worked_s + _SERVED:
                _, _, demand, done = heapq.heappop(one.visits)
                one.demand = one.demand - demand if one.visits else 0.0  # no dust of many additions
                ended.append(done)
        self._share()
        for done in ended:
            done()
