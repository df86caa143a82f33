"""A target that does nothing: what is measured with it is the harness."""

from __future__ import annotations

import asyncio
import math
import random
from dataclasses import dataclass, field

from benchmarks.harness.core import Outcome, Reply, Request

_OK = Reply(Outcome.OK)


@dataclass
class NullTarget:
    """Replies after a service time, however many requests there are at once.

    Attributes:
        median_s: of the service time; 0 replies at once.
        sigma: of its logarithm (log-normal); 0: always `median_s`.
        seed: of the service times.
    """

    median_s: float = 0.0
    sigma: float = 0.0
    seed: int = 0
    _chance: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    @property
    def name(self) -> str:
        """Short, for tables."""
        return "null"

    async def open(self) -> None:
        """Nothing to connect to."""

    async def send(self, request: Request) -> Reply:
        """An empty assessment, after the service time."""
        if self.median_s:
            await asyncio.sleep(self.median_s * math.exp(self.sigma * self._chance.gauss(0, 1)))
        return _OK

    async def close(self) -> None:
        """Nothing to free."""
