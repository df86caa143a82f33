"""Places of a scorer: calls first, jobs in what is left."""

from __future__ import annotations

import asyncio

import pytest

from serving.domain.errors import Overloaded
from serving.records.slots import Slots


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


class Calls:
    """Calls that hold their places until they are let go."""

    def __init__(self, slots: Slots) -> None:
        self.slots = slots
        self.begun: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}

    async def start(self, name: str) -> asyncio.Task[None]:
        async def call() -> None:
            async with self.slots.one():
                self.begun.append(name)
                await self.gates.setdefault(name, asyncio.Event()).wait()

        task = asyncio.create_task(call())
        await settle()
        return task

    async def end(self, name: str) -> None:
        self.gates[name].set()
        await settle()


async def test_jobs_leave_the_reserved_places_to_calls() -> None:
    slots = Slots(3, reserved=1)
    calls = Calls(slots)
    assert await slots.take_free() == 2
    slots.begin(2, of=2)
    more = asyncio.create_task(slots.take_free())
    await settle()
    assert not more.done()
    task = await calls.start("a")
    assert calls.begun == ["a"]  # although the jobs have all that they may
    slots.give(1)
    assert await more == 1
    slots.begin(1, of=1)
    await calls.end("a")
    await task
    assert slots.busy == 2


async def test_places_at_which_a_worker_finds_no_job_were_not_busy() -> None:
    slots = Slots(3, reserved=1)
    assert await slots.take_free() == 2
    assert slots.busy == 0  # it still asks for jobs
    slots.begin(1, of=2)
    assert slots.busy == 1
    assert await slots.take_free() == 1
    waiting = asyncio.create_task(slots.take_free())
    await settle()
    slots.begin(0, of=1)
    await settle()
    assert slots.busy == 1
    waiting.cancel()  # with its place, before it knows
    await asyncio.gather(waiting, return_exceptions=True)
    assert slots.busy == 1
    slots.give(1)
    assert slots.busy == 0


async def test_one_place_is_always_of_the_jobs() -> None:
    assert await Slots(1, reserved=5).take_free() == 1


async def test_a_call_that_comes_later_goes_before_a_waiting_job() -> None:
    slots = Slots(1)
    calls = Calls(slots)
    first = await calls.start("a")
    worker = asyncio.create_task(slots.take_free())
    await settle()
    second = await calls.start("b")
    await calls.end("a")
    assert calls.begun == ["a", "b"]
    assert not worker.done()
    await calls.end("b")
    assert await worker == 1
    await asyncio.gather(first, second)


async def test_jobs_take_nothing_while_a_call_waits() -> None:
    slots = Slots(2)
    assert await slots.take_free() == 2
    slots.begin(2, of=2)
    calls = Calls(slots)
    waiting = [await calls.start(name) for name in "abc"]
    slots.give(2)
    await settle()
    assert calls.begun == ["a", "b"]
    worker = asyncio.create_task(slots.take_free())
    await calls.end("a")
    assert calls.begun == ["a", "b", "c"]
    assert not worker.done()
    for name in "bc":
        await calls.end(name)
    assert await worker in (1, 2)
    await asyncio.gather(*waiting)


async def test_who_leaves_the_line_takes_no_place_along() -> None:
    slots = Slots(1)
    calls = Calls(slots)
    first = await calls.start("a")
    gone, stays = await calls.start("b"), await calls.start("c")
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    worker = asyncio.create_task(slots.take_free())
    await settle()
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
    await calls.end("a")
    assert calls.begun == ["a", "c"]
    await calls.end("c")
    await asyncio.gather(first, stays)
    assert slots.busy == 0
    assert await slots.take_free() == 1


async def test_a_place_that_comes_at_the_moment_of_leaving_is_passed_on() -> None:
    slots = Slots(1)
    assert await slots.take_free() == 1
    slots.begin(1, of=1)
    calls = Calls(slots)
    leaving, next_one = await calls.start("a"), await calls.start("b")
    slots.give(1)  # `a` has its place now, and has not run since
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    await settle()
    assert calls.begun == ["b"]
    await calls.end("b")
    await next_one
    assert slots.busy == 0


async def test_no_more_calls_wait_than_may() -> None:
    slots = Slots(1, max_waiting=1)
    calls = Calls(slots)
    tasks = [await calls.start(name) for name in "ab"]
    with pytest.raises(Overloaded):
        async with slots.one():
            pass
    assert slots.waiting == 1
    await calls.end("a")
    await calls.end("b")
    await asyncio.gather(*tasks)
