"""How often a worker looks for work when it is rung for time and again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from serving.domain.job import Lane, LeasedJob
from serving.records.ports import Waiting
from serving.records.slots import Slots
from serving.records.worker import Worker


class _NoWork:
    """A queue that has nothing, at once."""

    def __init__(self) -> None:
        self.leases = 0

    async def lease(self, lane: Lane, count: int, lease_s: float) -> tuple[LeasedJob, ...]:
        del lane, count, lease_s
        self.leases += 1
        return ()

    async def extend(self, jobs: Sequence[LeasedJob], lease_s: float) -> frozenset[str]:
        del jobs, lease_s
        return frozenset()

    async def release(self, job: LeasedJob, delay_s: float) -> None:
        del job, delay_s

    async def waiting(self, newest: int) -> tuple[Waiting, ...]:
        del newest
        return ()


async def test_a_hail_of_rings_costs_few_leases_and_the_last_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.records.worker._POLL_S", 3600.0)
    queue, heard = _NoWork(), asyncio.Event()
    task = asyncio.create_task(Worker(queue, {}, {Lane.MEDIA: Slots(4)}, heard).run())
    try:
        await _settled()
        assert queue.leases == 1  # at its start
        heard.set()
        await _settled()
        assert queue.leases == 2  # the first ring is heard at once
        for _ in range(200):
            heard.set()
            await _settled()
        assert queue.leases < 100
        while queue.leases < 3 or heard.is_set():
            await asyncio.sleep(0.01)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _settled() -> None:
    """Whatever can go on without waiting has done so."""
    for _ in range(10):
        await asyncio.sleep(0)
