"""A slow look-up whose answers are good for some seconds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Remembers what a look-up found, nothing found too, and makes one look-up at a time for each key.

    Args:
        load: the look-up; what it raises reaches all who wait for it, and is not remembered.
        keep_s: how long an answer is good, from when it was asked for.
        most: answers that are kept; beyond it the oldest go.
        clock: seconds of any origin that only grow.
    """

    def __init__(
        self,
        load: Callable[[K], Coroutine[Any, Any, V]],
        keep_s: float,
        most: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._keep_s = keep_s
        self._most = most
        self._clock = clock
        self._found: dict[K, tuple[float, asyncio.Task[V]]] = {}

    async def get(self, key: K) -> V:
        """The answer for a key; at most `keep_s` seconds old."""
        now = self._clock()
        asked_at, task = self._found.get(key, (0.0, None))
        if task is None or (task.done() and now - asked_at >= self._keep_s):
            self._found.pop(key, None)  # so that the new one stands last
            task = asyncio.create_task(self._load(key))
            self._found[key] = (now, task)
            task.add_done_callback(lambda done: self._forget_failed(key, done))
            while len(self._found) > self._most:
                del self._found[next(iter(self._found))]
        return await asyncio.shield(task)  # a caller who leaves takes nobody's answer along

    def _forget_failed(self, key: K, done: asyncio.Task[V]) -> None:
        failed = done.cancelled() or done.exception() is not None
        if failed and self._found.get(key, (0.0, None))[1] is done:
            del self._found[key]
