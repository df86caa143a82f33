"""How much durable work waits over all tenants, and how fast it is done: looked at now and then, never for a call."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from serving.domain.errors import VivaError
from serving.domain.job import Lane, Rank
from serving.records.ports import JobQueue, Waiting

_LOOK_S: Final = 1.0
_COUNTED_PER_S: Final = 20_000  # jobs that one process counts in a second, some milliseconds of the database
_HALF_LIFE_S: Final = 10.0  # of the running rate


@dataclass(frozen=True, slots=True)
class Depth:
    """What waits in one lane with one rank.

    Attributes:
        rate: jobs that were there and are done, a second, in the running mean; 0 until one was.
        oldest_s: for how long the oldest that could be begun waits.
    """

    count: int = 0
    rate: float = 0.0
    oldest_s: float = 0.0


@dataclass(slots=True)
class Backlog:
    """The state of the queue, as of the last look.

    A rate is counted on jobs that one look found and the next one does not: what came and went in between is of a
    queue that hardly waits. So every job is counted, whatever its state: one that a worker has is not done yet, and a
    count that is cut off would show no rate.
    """

    queue: JobQueue
    clock: Callable[[], float] = time.monotonic
    depths: Mapping[tuple[Lane, Rank], Depth] = field(default_factory=dict)
    looks: int = 0
    _newest: int = 0
    _looked_at: float | None = None

    @property
    def answers(self) -> int:
        """Answers that wait or are being scored."""
        return sum(depth.count for (lane, _), depth in self.depths.items() if lane is not Lane.ERRAND)

    @property
    def rate(self) -> float:
        """Answers done, a second."""
        return sum(depth.rate for (lane, _), depth in self.depths.items() if lane is not Lane.ERRAND)

    def of(self, lane: Lane, rank: Rank) -> Depth:
        """What waits in a lane with a rank."""
        return self.depths.get((lane, rank), Depth())

    async def watch(self, period_s: float = _LOOK_S) -> None:
        """Look for as long as the task runs; more seldom where there is more to count."""
        while True:
            with contextlib.suppress(VivaError):  # while the database is away, what was seen last holds
                await self.look()
            counted = sum(depth.count for depth in self.depths.values())
            await asyncio.sleep(max(period_s, counted / _COUNTED_PER_S))

    async def look(self) -> None:
        """Count once. Raises `StoreUnavailable`."""
        found = {(one.lane, one.rank): one for one in await self.queue.waiting(self._newest)}
        now = self.clock()
        passed_s = 0.0 if self._looked_at is None else now - self._looked_at
        keys = found.keys() | self.depths.keys()
        self.depths = {key: _next(self.of(*key), found.get(key), passed_s) for key in keys}
        self._newest = max((one.newest for one in found.values()), default=self._newest)
        self._looked_at = now
        self.looks += 1


def _next(before: Depth, found: Waiting | None, passed_s: float) -> Depth:
    known = found.known if found else 0
    rate = before.rate
    if passed_s > 0 and before.count:
        done = max(0, before.count - known) / passed_s
        weight = 1.0 if not rate else 1.0 - 0.5 ** (passed_s / _HALF_LIFE_S)
        rate += weight * (done - rate)
    return Depth(found.count if found else 0, rate, found.oldest_s if found else 0.0)
