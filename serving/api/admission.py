"""Bounded queues at the edge: what cannot be served soon is refused at once, with a time to come back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from serving.domain.errors import Overloaded

_SMOOTHING: Final = 0.2  # weight of the newest service time in the running mean
_LEAST_RETRY_S: Final = 0.5


class Lane:
    """Answers of one kind: at most `concurrency` run, at most `max_queued` wait, in order of arrival.

    Args:
        name: for messages and metrics (`text`, `media`).
        expected_s: service time assumed until one was seen.
    """

    def __init__(self, name: str, concurrency: int, max_queued: int, expected_s: float) -> None:
        self.name = name
        self._concurrency = concurrency
        self._max_queued = max_queued
        self._slots = asyncio.Semaphore(concurrency)
        self._mean_s = expected_s
        self.running = 0
        self.queued = 0
        self._admitted = 0

    @property
    def retry_after_s(self) -> float:
        """Time in which the queue as it is should have drained by one round, from measured service times."""
        rounds = (self.queued + self.running) / self._concurrency
        return max(_LEAST_RETRY_S, self._mean_s * rounds)

    def admit(self) -> None:
        """Take a place for an answer that is still arriving; give it back with `leave`. Raises `Overloaded`."""
        limit = self._concurrency + self._max_queued
        if self._admitted >= limit:
            raise Overloaded(
                f"{self._admitted} {self.name} answers are arriving, waiting or being scored, the limit is {limit}",
                metadata={"queue": self.name, "limit": str(limit)},
                retry_after_s=self.retry_after_s,
            )
        self._admitted += 1

    def leave(self) -> None:
        """Give a place back."""
        self._admitted -= 1

    def check(self) -> None:
        """Raise `Overloaded` when the queue is full."""
        if self._slots.locked() and self.queued >= self._max_queued:
            raise Overloaded(
                f"{self.queued} {self.name} answers are waiting, the limit is {self._max_queued}",
                metadata={"queue": self.name, "limit": str(self._max_queued)},
                retry_after_s=self.retry_after_s,
            )

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait for a turn and hold it. Raises `Overloaded` instead of waiting in a full queue."""
        self.check()
        self.queued += 1
        try:
            await self._slots.acquire()
        finally:
            self.queued -= 1
        self.running += 1
        started = time.monotonic()
        try:
            yield
        finally:
            self._mean_s += _SMOOTHING * (time.monotonic() - started - self._mean_s)
            self.running -= 1
            self._slots.release()
