"""Places for work at the same time, shared by those who wait for one and those who take what is free."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Slots:
    """At most `size` places; waiters come first, in order of arrival.

    Attributes:
        size: all places, free or not.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._free = size
        self._waiting: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Wait for a place and hold it."""
        await self._take_one()
        try:
            yield
        finally:
            self.give(1)

    async def take_free(self) -> int:
        """Wait until there is a place, and take all that are free; how many. Give them back with `give`."""
        await self._take_one()
        more, self._free = self._free, 0
        return 1 + more

    def give(self, count: int) -> None:
        """Give places back."""
        self._free += count
        while self._free and self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                self._free -= 1
                waiter.set_result(None)

    async def _take_one(self) -> None:
        if self._free and not self._waiting:
            self._free -= 1
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self.give(1)  # it came at the moment of leaving
            raise
