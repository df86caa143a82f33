"""Lanes: bounded, in order of arrival, and nothing begun that would come too late."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from serving.api import deadlines
from serving.api.admission import Lane
from serving.domain.errors import DeadlineExceeded, Overloaded


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Crowd:
    """Calls of a lane that hold their places until they are let go."""

    def __init__(self, lane: Lane, clock: Clock) -> None:
        self.lane, self.clock = lane, clock
        self.begun: list[str] = []
        self._gates: dict[str, asyncio.Event] = {}

    async def call(self, name: str, remaining_s: float | None = None, size: float | None = 1.0) -> None:
        deadlines.set_remaining(remaining_s)
        async with self.lane.slot(size):
            self.begun.append(name)
            await self._gates.setdefault(name, asyncio.Event()).wait()

    async def start(self, name: str, remaining_s: float | None = None) -> asyncio.Task[None]:
        task = asyncio.create_task(self.call(name, remaining_s))
        await asyncio.sleep(0)
        return task

    async def end(self, name: str, after_s: float = 1.0) -> None:
        self.clock.now += after_s
        self._gates.setdefault(name, asyncio.Event()).set()
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("serving.api.deadlines.time.monotonic", clock)
    return clock


@pytest.fixture
def crowd(clock: Clock) -> Crowd:
    return Crowd(Lane("text", 1, 8, 1.0, clock=clock), clock)


async def refused(call: Callable[[], Awaitable[object]]) -> Overloaded:
    with pytest.raises(Overloaded) as caught:
        await call()
    return caught.value


async def test_calls_begin_in_order_of_arrival(crowd: Crowd) -> None:
    tasks = [await crowd.start(name) for name in "abc"]
    for name in "abc":
        await crowd.end(name)
    await asyncio.gather(*tasks)
    assert crowd.begun == ["a", "b", "c"]


async def test_a_call_is_told_to_come_back_when_those_in_front_of_it_are_done(crowd: Crowd) -> None:
    tasks = [await crowd.start(f"c{n}") for n in range(9)]
    error = await refused(lambda: crowd.call("late"))
    assert error.retry_after_s == pytest.approx(9.0)  # eight wait and one runs, a second each
    assert error.metadata == {"queue": "text", "limit": "8"}
    assert crowd.lane.refused["full"] == 1
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_the_refused_come_back_one_for_each_turn_and_not_at_once(crowd: Crowd) -> None:
    tasks = [await crowd.start(f"c{n}") for n in range(9)]
    told = [(await refused(lambda: crowd.call("late"))).retry_after_s for _ in range(100)]
    assert told[:4] == pytest.approx([9.0, 10.0, 11.0, 12.0])
    assert told[-1] == pytest.approx(60.0)  # and not for ever
    crowd.clock.now += 60.0
    assert (await refused(lambda: crowd.call("late"))).retry_after_s == pytest.approx(9.0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_deadline_that_the_queue_would_pass_is_refused_at_its_entrance(crowd: Crowd) -> None:
    running = await crowd.start("a")
    waiting = await crowd.start("b")
    error = await refused(lambda: crowd.call("c", remaining_s=1.9))  # two turns of a second before it
    assert error.retry_after_s is not None
    assert crowd.lane.refused["deadline"] == 1
    patient = await crowd.start("d", remaining_s=3.5)
    for name in "abd":
        await crowd.end(name)
    await asyncio.gather(running, waiting, patient)
    assert crowd.begun == ["a", "b", "d"]


async def test_a_free_place_is_tried_whatever_was_measured(crowd: Crowd) -> None:
    slow = await crowd.start("a")
    await crowd.end("a", after_s=20.0)
    await slow
    hasty = await crowd.start("b", remaining_s=0.1)
    await crowd.end("b", after_s=0.05)
    await hasty
    assert crowd.begun == ["a", "b"]


async def test_a_deadline_that_no_server_could_keep_is_no_overload(crowd: Crowd) -> None:
    for name in "ab":
        task = await crowd.start(name)
        await crowd.end(name, after_s=2.0)
        await task
    running = await crowd.start("c")
    with pytest.raises(DeadlineExceeded, match="without waiting"):
        await crowd.call("d", remaining_s=1.5)
    assert crowd.lane.refused["hopeless"] == 1
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_what_was_measured_long_ago_refuses_nobody(crowd: Crowd) -> None:
    task = await crowd.start("a")
    await crowd.end("a", after_s=5.0)
    await task
    crowd.clock.now += 61.0
    running = await crowd.start("b")
    await refused(lambda: crowd.call("c", remaining_s=0.5))  # of the wait, not of its own time
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_turn_that_comes_too_late_is_passed_on_and_nothing_begun(crowd: Crowd) -> None:
    first = await crowd.start("a")
    second = await crowd.start("b", remaining_s=2.5)
    third = await crowd.start("c")
    await crowd.end("a", after_s=4.0)  # slower than any before
    with pytest.raises(Overloaded, match="too late"):
        await second
    await crowd.end("c")
    await asyncio.gather(first, third)
    assert crowd.begun == ["a", "c"]
    assert (crowd.lane.running, crowd.lane.queued) == (0, 0)


async def test_a_caller_who_leaves_the_queue_begins_nothing_and_keeps_no_place(crowd: Crowd) -> None:
    first, second, third = [await crowd.start(name) for name in "abc"]
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    for name in "ac":
        await crowd.end(name)
    await asyncio.gather(first, third)
    assert crowd.begun == ["a", "c"]
    assert (crowd.lane.running, crowd.lane.queued, crowd.lane.expected_wait_s) == (0, 0, 0.0)


async def test_a_lane_is_bounded_in_time_too(clock: Clock) -> None:
    crowd = Crowd(Lane("text", 1, 100, 1.0, max_wait_s=2.5, clock=clock), clock)
    tasks = [await crowd.start(f"c{n}") for n in range(3)]
    error = await refused(lambda: crowd.call("late"))  # it would be the third to wait, behind one that runs
    assert error.metadata == {"queue": "text", "limit": "2.5"}
    assert crowd.lane.refused["wait"] == 1
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_scorers_refusal_gets_the_queues_time(clock: Clock) -> None:
    lane = Lane("text", 1, 8, 1.0, clock=clock)
    with pytest.raises(Overloaded) as caught:
        async with lane.slot():
            raise Overloaded("the scorer is full")
    assert caught.value.retry_after_s is not None
    assert (caught.value.metadata, lane.refused["scorer"]) == ({"queue": "text"}, 1)


async def test_an_upload_that_would_wait_beyond_its_deadline_is_refused_before_it_comes(crowd: Crowd) -> None:
    running = await crowd.start("a")
    deadlines.set_remaining(0.4)
    with pytest.raises(Overloaded):
        crowd.lane.admit()
    deadlines.set_remaining(5.0)
    crowd.lane.admit()
    crowd.lane.leave()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_late_answers_take_places_away_and_timely_ones_bring_them_back(clock: Clock) -> None:
    crowd = Crowd(Lane("text", 10, 100, 1.0, clock=clock), clock)
    late = [await crowd.start(f"late{n}", remaining_s=5.0) for n in range(10)]
    clock.now += 5.0  # the transport gives them up
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    tasks = [await crowd.start(f"c{n}") for n in range(10)]
    few = len(crowd.begun) - 10
    assert 0 < few < 5
    assert crowd.lane.expected_wait_s > 10.0  # what was given up was not fast
    for n in range(10):
        await crowd.end(f"c{n}", after_s=0.1)
    await asyncio.gather(*tasks)
    for n in range(100):
        pair = [await crowd.start(f"d{n}-{m}") for m in range(10)]
        for m in range(10):
            await crowd.end(f"d{n}-{m}", after_s=0.01)
        await asyncio.gather(*pair)
    tasks = [await crowd.start(f"e{n}") for n in range(10)]
    assert crowd.lane.running == 10
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_deadline_that_no_server_could_keep_takes_no_place_from_the_others(clock: Clock) -> None:
    crowd = Crowd(Lane("text", 2, 8, 1.0, clock=clock), clock)
    usual = await crowd.start("usual")
    await crowd.end("usual", after_s=1.0)
    await usual
    for n in range(20):
        hopeless = await crowd.start(f"c{n}", remaining_s=0.1)  # a place is free, so it is tried
        clock.now += 0.1
        hopeless.cancel()
        await asyncio.gather(hopeless, return_exceptions=True)
    tasks = [await crowd.start(name) for name in "ab"]
    assert crowd.lane.running == 2
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_caller_who_hangs_up_early_takes_no_place_away(crowd: Crowd, clock: Clock) -> None:
    lane = Lane("text", 2, 8, 1.0, clock=clock)
    crowd = Crowd(lane, clock)
    for n in range(20):
        task = await crowd.start(f"c{n}", remaining_s=60.0)
        clock.now += 0.5
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    tasks = [await crowd.start(name) for name in "ab"]
    assert lane.running == 2
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
