"""Bounded queues at the edge: what cannot be served in time is refused at once, with a time to come back.

docs/decisions/0015-overload.md says why they are first in, first out, and refuse at their entrance.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from serving.api import deadlines
from serving.api.turns import Turns
from serving.domain.errors import DeadlineExceeded, Overloaded
from serving.pipeline.service_times import ServiceTimes
from serving.pipeline.stages import NoObserver, StageObserver, timed

_SMOOTHING: Final = 0.2  # weight of the newest service time in the running mean
_LEAST_RETRY_S: Final = 0.5
_MOST_RETRY_S: Final = 60.0
_AT_ITS_END: Final = 0.1  # what a caller had left who gave up for its deadline, in parts of what it waited
_BEST, _MIDDLE, _LIKELY = 0.1, 0.5, 0.9  # quantiles of service times


class Lane:
    """Answers of one kind: at most `concurrency` run (see `Turns`), at most `max_queued` wait, in order of arrival.

    Args:
        name: for messages and metrics (`text`, `media`).
        expected_s: service time assumed until one was seen.
        unit: size up to which all answers cost the same.
        max_wait_s: who would wait longer is refused.
        clock: seconds of any origin that only grow.
        observer: told how long each answer waited, as the stage `edge_wait`.

    Attributes:
        refused: calls that were refused, by why: the queue is `full`, the `wait` would be longer than any may be, the
            turn too late for the `deadline`, the deadline `hopeless` without any load, or a `scorer` refused.
    """

    def __init__(
        self,
        name: str,
        concurrency: int,
        max_queued: int,
        expected_s: float,
        *,
        unit: float = 1.0,
        max_wait_s: float = math.inf,
        clock: Callable[[], float] = time.monotonic,
        observer: StageObserver | None = None,
    ) -> None:
        self.name = name
        self._observer = observer or NoObserver()
        self._concurrency = concurrency
        self._max_queued = max_queued
        self._max_wait_s = max_wait_s
        self._clock = clock
        self._turns = Turns(concurrency)
        self._times = ServiceTimes(unit, clock)
        self._mean_s = expected_s
        self._next_return = clock()
        self.refused = dict.fromkeys(("full", "wait", "deadline", "hopeless", "scorer"), 0)
        self._admitted = 0

    @property
    def queued(self) -> int:
        """Answers that wait."""
        return self._turns.waiting

    @property
    def running(self) -> int:
        """Answers that are scored."""
        return self._turns.running

    @property
    def expected_wait_s(self) -> float:
        """Until the next caller's turn: those in front of it by the rate at which turns come, as measured."""
        return (self.queued + 1) * self._turn_s if self._turns.full else 0.0

    @property
    def _turn_s(self) -> float:
        return self._mean_s / self._turns.places

    def admit(self) -> None:
        """Take a place for an answer that is still arriving; give it back with `leave`. Raises `Overloaded`."""
        self.check_arrival()
        self._admitted += 1

    def check_arrival(self) -> None:
        """Raise what `admit` would raise."""
        limit = self._concurrency + self._max_queued
        if self._admitted >= limit:
            message = f"{self._admitted} are in the queue {self.name}"
            raise self._refuse("full", message, limit)
        self._check_wait(0.0)

    def leave(self) -> None:
        """Give a place back."""
        self._admitted -= 1

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place for something that only waits; raises `Overloaded`."""
        self.admit()
        try:
            yield
        finally:
            self.leave()

    def check(self, size: float | None = None) -> None:
        """Raise what `slot` would raise at once."""
        if not self._turns.full:
            return  # what begins now is tried: it may be faster than what was measured under load
        if self.queued >= self._max_queued:
            raise self._refuse("full", f"{self.queued} {self.name} answers are waiting", self._max_queued)
        remaining_s = deadlines.remaining_s()
        best_s = self._service_s(size, _BEST)
        if remaining_s is not None and remaining_s < best_s:
            self.refused["hopeless"] += 1
            raise DeadlineExceeded(
                f"the call allows {remaining_s:.2f} s, and an answer like this takes {best_s:.2f} s without waiting"
            )
        self._check_wait(self._service_s(size, _LIKELY))

    @asynccontextmanager
    async def slot(self, size: float | None = None) -> AsyncIterator[None]:
        """Wait for a turn and hold it.

        Args:
            size: of the answer, in what `unit` counts; None where it is not known before it is looked at.

        Raises:
            Overloaded: instead of waiting in a full queue, or for a turn that would come too late for the caller's
                deadline; also when the turn came later than it was expected.
            DeadlineExceeded: the deadline would be too short without any load.
        """
        self.check(size)
        waits = self._turns.full
        with timed(self._observer, "edge_wait"):
            await self._turns.take()
        try:
            if waits:
                self._check_turn(size)
            with self._measured(size):
                yield
        except Overloaded as error:
            if "queue" not in error.metadata:  # of a scorer, which does not know who else waits
                self.refused["scorer"] += 1
                error.metadata["queue"] = self.name
                error.retry_after_s = error.retry_after_s or self._retry_after_s()
            raise
        finally:
            self._turns.give()

    @contextmanager
    def _measured(self, size: float | None) -> Iterator[None]:
        """Learn from an answer, also from one that was given up: it takes longer than it had, which may tell more."""
        started = self._clock()
        try:
            yield
        except asyncio.CancelledError:
            seconds, left_s = self._clock() - started, deadlines.remaining_s()
            if left_s is not None and left_s < _AT_ITS_END * seconds:
                if seconds >= self._service_s(size, _BEST):  # one that was hopeless tells nothing of the load
                    self._turns.late()
                if seconds > self._mean_s:
                    self._learn(size, seconds)
            raise
        self._turns.timely()
        self._learn(size, self._clock() - started)

    def _learn(self, size: float | None, seconds: float) -> None:
        self._mean_s += _SMOOTHING * (seconds - self._mean_s)
        if size is not None:
            self._times.add(size, seconds)

    def _service_s(self, size: float | None, quantile: float) -> float:
        """As `ServiceTimes.expected_s`; 0 where nothing is known."""
        return (0.0 if size is None else self._times.expected_s(size, quantile)) or 0.0

    def _check_wait(self, service_s: float) -> None:
        wait_s, remaining_s = self.expected_wait_s, deadlines.remaining_s()
        if wait_s > self._max_wait_s:
            message = f"{self.name} answers wait for {wait_s:.1f} s"
            raise self._refuse("wait", message, self._max_wait_s)
        if remaining_s is not None and remaining_s < wait_s + service_s:
            message = f"{self.name} answers take {wait_s + service_s:.2f} s now, the call allows {remaining_s:.2f} s"
            raise self._refuse("deadline", message)

    def _check_turn(self, size: float | None) -> None:
        """What has waited beyond what its caller allows is not begun: the caller would get nothing, others less."""
        remaining_s = deadlines.remaining_s()
        if remaining_s is not None and remaining_s < self._service_s(size, _MIDDLE):
            message = f"the turn of the {self.name} answer came too late, the call allows {remaining_s:.2f} s more"
            raise self._refuse("deadline", message)

    def _refuse(self, why: str, message: str, limit: float | None = None) -> Overloaded:
        self.refused[why] += 1
        bound = "" if limit is None else f", the limit is {limit:g}"
        metadata = {"queue": self.name} | ({} if limit is None else {"limit": f"{limit:g}"})
        return Overloaded(message + bound, metadata=metadata, retry_after_s=self._retry_after_s())

    def _retry_after_s(self) -> float:
        """When to come back: after those who wait, and after those who were told so before, one for each turn.

        So the refused return no faster than answers are scored.
        """
        now = self._clock()
        drained = now + max(_LEAST_RETRY_S, self.expected_wait_s)
        self._next_return = min(max(drained, self._next_return + self._turn_s), now + _MOST_RETRY_S)
        return self._next_return - now
