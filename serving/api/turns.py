"""Places that are given in order of arrival, as many at a time as keep their deadlines."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

_LESS: Final = 0.9  # of the places, for each answer that was late


class Turns:
    """At most `most` places, fewer while answers are late.

    Answers that run at the same time share the processors, and each takes as long as there are many: where that is
    longer than callers allow, all are late and nothing is ever answered. So a late one takes a tenth of the places
    away, and as many timely ones as there are places bring one back (additive increase, multiplicative decrease: Chiu
    and Jain, Computer Networks and ISDN Systems 17, 1989).

    Attributes:
        running: places that are taken.
    """

    def __init__(self, most: int) -> None:
        self.running = 0
        self._most = most
        self._places = float(most)
        self._line: deque[asyncio.Future[None]] = deque()

    @property
    def places(self) -> int:
        """Places that there are now."""
        return int(self._places)

    @property
    def waiting(self) -> int:
        return len(self._line)

    @property
    def full(self) -> bool:
        """Whether who comes now has to wait."""
        return self.running >= self.places or bool(self._line)

    async def take(self) -> None:
        """Wait for a place."""
        if not self.full:
            self.running += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._line.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it came at the moment of leaving
                self.give()
            elif turn in self._line:
                self._line.remove(turn)
            raise

    def give(self) -> None:
        """Give a place back."""
        self.running -= 1
        self._pass_on()

    def timely(self) -> None:
        """An answer came before its deadline; to be said while its place is held."""
        if self.running >= self.places:  # or it shows nothing about more of them
            self._places = min(float(self._most), self._places + 1.0 / self._places)
            self._pass_on()

    def late(self) -> None:
        """An answer was given up for its deadline."""
        self._places = max(1.0, self._places * _LESS)

    def _pass_on(self) -> None:
        while self._line and self.running < self.places:
            turn = self._line.popleft()
            if not turn.done():
                self.running += 1
                turn.set_result(None)
