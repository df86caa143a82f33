"""Results in order, with bounds on what runs and what waits."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from deployments.cli.ordered import in_order


async def test_results_come_in_the_order_of_the_jobs() -> None:
    async def run(number: int) -> int:
        await asyncio.sleep(0.001 * (number * 7 % 5))
        return number

    assert [number async for number in in_order(range(50), run, concurrency=4)] == list(range(50))


async def test_jobs_are_taken_no_further_than_the_window() -> None:
    taken = 0
    release = asyncio.Event()

    def jobs() -> Iterator[int]:
        nonlocal taken
        for number in range(1000):
            taken += 1
            yield number

    async def run(number: int) -> int:
        if number == 0:
            await release.wait()
        return number

    results = in_order(jobs(), run, concurrency=2)
    first = asyncio.create_task(anext(results))
    for _ in range(100):
        await asyncio.sleep(0)
    assert taken == 16
    release.set()
    assert await first == 0
    await results.aclose()


async def test_a_failure_comes_at_its_place_and_cancels_the_rest() -> None:
    cancelled: list[int] = []

    async def run(number: int) -> int:
        if number == 2:
            raise RuntimeError("two")
        try:
            await asyncio.sleep(0 if number < 2 else 3600)
        except asyncio.CancelledError:
            cancelled.append(number)
            raise
        return number

    seen: list[int] = []
    with pytest.raises(RuntimeError, match="two"):
        async for number in in_order(range(6), run, concurrency=6):
            seen.append(number)
    assert seen == [0, 1]
    assert cancelled == [3, 4, 5]
