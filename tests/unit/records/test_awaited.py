"""Inside a scorer: a deadline that cannot be kept is found out before models or decoder begin."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from serving.domain.answer import Answer, MediaRef
from serving.domain.errors import DeadlineExceeded, Overloaded
from serving.pipeline import service_times
from serving.pipeline.precedence import Precedence
from serving.records.awaited import CHARS, MEDIA_S, Awaited
from serving.records.slots import Slots

TEXT = Answer("", None, (), text="x" * 500)
MEDIA = Answer("", None, (), media=MediaRef(Path("a.mp4"), 1, ""))


class Alone:
    """A sign that nobody else shows."""

    shown = False

    def show(self, busy: bool) -> None:
        self.shown = busy

    def shown_elsewhere(self) -> bool:
        return False


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("serving.records.awaited.time.monotonic", clock)
    return clock


async def scored(awaited: Awaited, answer: Answer, clock: Clock, seconds: float, media_s: float = 0.0) -> None:
    async with awaited.turn(answer, None):
        if media_s:
            service_times.found(media_s)
        clock.now += seconds


@pytest.fixture
def slots() -> Slots:
    return Slots(2, reserved=1)


async def test_media_is_judged_by_its_length_before_it_is_decoded(slots: Slots, clock: Clock) -> None:
    awaited = Awaited(slots, Precedence(Alone(), 1.0), MEDIA_S)
    for media_s in (10.0, 20.0, 30.0):
        await scored(awaited, MEDIA, clock, 0.1 * media_s, media_s)
    slots.begin(1, of=await slots.take_free())
    async with awaited.turn(MEDIA, 7.0):
        service_times.found(60.0)
        clock.now += 6.0
    with pytest.raises(DeadlineExceeded):
        async with awaited.turn(MEDIA, 5.0):
            service_times.found(60.0)
            pytest.fail("it has begun")
    async with awaited.turn(MEDIA, 5.0):
        service_times.found(40.0)
        clock.now += 4.0


async def test_text_that_would_be_late_under_this_load_is_an_overload(slots: Slots, clock: Clock) -> None:
    awaited = Awaited(slots, Precedence(Alone(), 1.0), CHARS)
    for seconds in (0.1, 0.5, 0.5, 0.5):
        await scored(awaited, TEXT, clock, seconds)
    slots.begin(1, of=await slots.take_free())
    with pytest.raises(Overloaded):
        async with awaited.turn(TEXT, 0.3):
            pytest.fail("it has begun")


async def test_a_scorer_that_does_nothing_else_tries(slots: Slots, clock: Clock) -> None:
    awaited = Awaited(slots, Precedence(Alone(), 1.0), CHARS)
    await scored(awaited, TEXT, clock, 5.0)
    async with awaited.turn(TEXT, 0.3):
        clock.now += 0.1
    looking = await slots.take_free()  # a worker asks for jobs
    async with awaited.turn(TEXT, 0.3):
        clock.now += 0.1
    slots.begin(0, of=looking)


async def test_an_answer_goes_first_once_it_has_its_place_and_bulk_work_that_has_it_comes_to_its_end() -> None:
    sign, slots = Alone(), Slots(1)
    awaited = Awaited(slots, Precedence(sign, 1.0), CHARS)
    slots.begin(1, of=await slots.take_free())
    scored = asyncio.Event()

    async def call() -> None:
        async with awaited.turn(TEXT, None):
            await scored.wait()

    task = asyncio.create_task(call())
    await asyncio.sleep(0)
    assert not sign.shown  # or the work would stand back, with the place, for who waits for it
    slots.give(1)
    for _ in range(3):
        await asyncio.sleep(0)
    assert sign.shown
    scored.set()
    await task
    assert not sign.shown
