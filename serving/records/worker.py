"""The loop that takes jobs and does them, inside a process that can score."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Protocol

from serving.domain.errors import VivaError
from serving.domain.job import JobKind, JobOutcome, Lane, LeasedJob
from serving.pipeline.tracer import Key, NoTracer, Tracer
from serving.records.ports import JobQueue
from serving.records.slots import Slots
from serving.records.spans import traced

logger = logging.getLogger("viva.worker")

# A worker that was killed is missed after so long; its jobs are then another's.
LEASE_S: Final = 15.0
_RENEW_S: Final = LEASE_S / 3
# What nobody rang for, and what was delayed, is found at a look round.
_POLL_S: Final = 2.0
_AWAY_S: Final = 0.5
# Rings that follow one another faster are one: a lease takes all that has come meanwhile.
_RINGS_S: Final = 0.1


class JobObserver(Protocol):
    def begun(self, job: LeasedJob) -> None:
        """A worker has the job."""
        ...

    def ended(self, job: LeasedJob, seconds: float, outcome: JobOutcome) -> None:
        """The attempt is over, however it went; its wall time, and what became of it."""
        ...


class Worker:
    """Does jobs in as many slots as each lane has; slots are shared with calls that are answered at once.

    Args:
        handlers: what does each kind of job and tells what became of it; it ends or releases its job itself, and what
            it raises is logged only: the job is then begun again when its lease has ended.
        heard: set when there may be work.
        observer: told of every attempt.
        tracer: where attempts are spans, in the trace of what made the job.
    """

    def __init__(
        self,
        queue: JobQueue,
        handlers: Mapping[JobKind, Callable[[LeasedJob], Awaitable[JobOutcome]]],
        slots: Mapping[Lane, Slots],
        heard: asyncio.Event,
        observer: JobObserver | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        self._observer = observer
        self._tracer = tracer or NoTracer()
        self._queue = queue
        self._handlers = handlers
        self._slots = slots
        self._heard = heard
        # By lease and not by job: after a database that lost a lease, we may get a job again that we still work on.
        self._running: dict[str, tuple[LeasedJob, asyncio.Task[None]]] = {}
        self._stocked: dict[Lane, deque[LeasedJob]] = {lane: deque() for lane in slots}

    async def run(self) -> None:
        """Work for as long as the task runs; when it is cancelled, jobs are given back."""
        try:
            async with asyncio.TaskGroup() as group:
                doors = {lane: asyncio.Event() for lane in self._slots}
                group.create_task(self._pass_on(doors))
                group.create_task(self._renew())
                for lane, slots in self._slots.items():
                    group.create_task(self._serve(lane, slots, doors[lane], group))
        finally:
            for job in (job for stock in self._stocked.values() for job in stock):
                with contextlib.suppress(VivaError):
                    await asyncio.shield(self._queue.release(job, 0.0))

    async def _pass_on(self, doors: Mapping[Lane, asyncio.Event]) -> None:
        """One bell, several lanes: each forgets a ring for itself. The first after a silence is passed on at once."""
        while True:
            await self._heard.wait()
            self._heard.clear()
            for door in doors.values():
                door.set()
            await asyncio.sleep(_RINGS_S)

    async def _serve(self, lane: Lane, slots: Slots, door: asyncio.Event, group: asyncio.TaskGroup) -> None:
        ahead = slots.jobs if lane is Lane.TEXT else 0
        while True:
            count = await slots.take_free()
            try:
                enough = await self._stock(lane, count, ahead, door)
            except BaseException:
                slots.begin(0, of=count)
                raise
            stock = self._stocked[lane]
            jobs = [stock.popleft() for _ in range(min(count, len(stock)))]
            slots.begin(len(jobs), of=count)
            for job in jobs:
                task = group.create_task(self._do(job, slots))
                self._running[job.lease] = (job, task)
            if len(jobs) < count and not enough:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_POLL_S):
                        await door.wait()

    async def _stock(self, lane: Lane, count: int, ahead: int, door: asyncio.Event) -> bool:
        """Lease jobs so that `count` can begin; whether there may be more.

        Short ones are leased `ahead` of the slots, several at a time, or every answer would cost a lease of its own.
        Long ones are not: a job that waits here could be begun by another worker.
        """
        stock = self._stocked[lane]
        if len(stock) >= count:
            return True
        door.clear()
        wanted = count - len(stock) + ahead
        try:
            leased = await self._queue.lease(lane, wanted, LEASE_S)
        except VivaError:
            await asyncio.sleep(_AWAY_S)
            return False
        stock.extend(leased)
        return len(leased) == wanted

    async def _do(self, job: LeasedJob, slots: Slots) -> None:
        started, outcome = time.perf_counter(), JobOutcome.STOPPED
        if self._observer:
            self._observer.begun(job)
        try:
            with traced(self._tracer, job) as span:
                outcome = await self._handlers[job.kind](job)
                span.set(Key.OUTCOME, outcome.value)
        except Exception:
            outcome = JobOutcome.BROKEN
            logger.exception("job %d (%s) failed", job.job_id, job.kind.value)
        finally:
            slots.give(1)
            del self._running[job.lease]
            if self._observer:
                self._observer.ended(job, time.perf_counter() - started, outcome)

    async def _renew(self) -> None:
        """Hold on to the leases of what runs; what is another's now is stopped."""
        while True:
            await asyncio.sleep(_RENEW_S)
            stocked = [job for stock in self._stocked.values() for job in stock]
            jobs = [*(job for job, _ in self._running.values()), *stocked]
            if not jobs:
                continue
            try:
                ours = await self._queue.extend(jobs, LEASE_S)
            except VivaError:
                continue  # the database is away: the leases run on, or are found lost later
            for job in jobs:
                if job.lease not in ours and job.lease in self._running:
                    self._running[job.lease][1].cancel("the lease was lost")
            for stock in self._stocked.values():
                kept = [job for job in stock if job.lease in ours or job not in jobs]
                stock.clear()
                stock.extend(kept)
