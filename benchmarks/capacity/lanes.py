"""The queue before the workers."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable


class Lane:
    """Jobs of one kind before the slots of all workers: interactive before bulk, oldest first."""

    def __init__(self, slots: list[int], dice: random.Random, begin: Callable[[int, int], None]) -> None:
        self._free = slots  # the worker of each free slot
        self._dice = dice
        self._begin = begin
        self._waiting: tuple[deque[int], deque[int]] = (deque(), deque())

    def put(self, answer: int, bulk: bool) -> None:
        """Begin an answer, or have it wait."""
        if not self._free:
            self._waiting[bulk].append(answer)
            return
        # Whoever hears of it first: workers with more free slots ask for more.
        place = self._dice.randrange(len(self._free))
        self._free[place], self._free[-1] = self._free[-1], self._free[place]
        self._begin(answer, self._free.pop())

    def give(self, node: int) -> None:
        """A slot of a worker is free."""
        for waiting in self._waiting:
            if waiting:
                self._begin(waiting.popleft(), node)
                return
        self._free.append(node)

    @property
    def depth(self) -> int:
        return sum(map(len, self._waiting))
