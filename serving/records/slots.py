"""Places for work at the same time, shared by calls, for which somebody waits, and jobs, which take what is free."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from serving.domain.errors import Overloaded


class Slots:
    """At most `size` places. Calls come before jobs, and jobs never have more than `jobs` places.

    Args:
        size: all places, free or not.
        reserved: places that jobs leave to calls; one is always theirs.
        max_waiting: calls that may wait; None for any number.

    Attributes:
        jobs: most places that jobs have at a time.
        waiting: calls that wait.
        busy: places at which a call or a job is, those left out that a worker holds to see whether it finds jobs.
    """

    def __init__(self, size: int, reserved: int = 0, max_waiting: int | None = None) -> None:
        self.jobs = max(1, size - reserved)
        self._size = size
        self._free = size
        self._free_for_jobs = self.jobs
        self._offered = 0
        self._max_waiting = max_waiting
        self._calls: deque[asyncio.Future[None]] = deque()
        self._takers: deque[asyncio.Future[None]] = deque()

    @property
    def waiting(self) -> int:
        return len(self._calls)

    @property
    def busy(self) -> int:
        return self._size - self._free - self._offered

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Wait for a place and hold it, for a call. Raises `Overloaded` when too many wait."""
        if not self._free or self._calls:
            if self._max_waiting is not None and len(self._calls) >= self._max_waiting:
                raise Overloaded(f"{len(self._calls)} answers wait for a scorer, the limit is {self._max_waiting}")
            await self._turn(self._calls)
        else:
            self._free -= 1
        try:
            yield
        finally:
            self._free += 1
            self._pass_on()

    async def take_free(self) -> int:
        """Wait until there is a place for a job, and take all there are; how many. `begin` with what is found."""
        if not self._room_for_jobs():
            await self._turn(self._takers)  # with one place
            taken = 1
        else:
            taken = 0
        more = min(self._free, self._free_for_jobs)
        self._free -= more
        self._free_for_jobs -= more
        self._offered += more
        return taken + more

    def begin(self, jobs: int, of: int) -> None:
        """Begin `jobs` at as many `of` the places that were taken, and give the others back."""
        self._offered -= of
        self.give(of - jobs)

    def give(self, count: int) -> None:
        """Give places of jobs that ended back."""
        self._free += count
        self._free_for_jobs += count
        self._pass_on()

    def _room_for_jobs(self) -> bool:
        return bool(self._free and self._free_for_jobs and not self._calls)

    def _pass_on(self) -> None:
        """Give what is free to those who wait."""
        while self._free and self._calls:
            if _wake(self._calls.popleft()):
                self._free -= 1
        while self._takers and self._room_for_jobs():
            if _wake(self._takers.popleft()):
                self._free -= 1
                self._free_for_jobs -= 1
                self._offered += 1

    async def _turn(self, line: deque[asyncio.Future[None]]) -> None:
        waiter = asyncio.get_running_loop().create_future()
        line.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():  # the place came at the moment of leaving
                if line is self._takers:
                    self.begin(0, of=1)
                else:
                    self._free += 1
                    self._pass_on()
            elif waiter in line:
                line.remove(waiter)
            raise


def _wake(waiter: asyncio.Future[None]) -> bool:
    if waiter.done():
        return False
    waiter.set_result(None)
    return True
