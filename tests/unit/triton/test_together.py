"""Rows of several callers in one request."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from serving.adapters.triton.together import Together
from serving.domain.errors import ModelFailed
from serving.pipeline.cores import another_is_free


class Model:
    """Doubles what it is sent; each request ends when it is told to."""

    def __init__(self, cores: int = 1) -> None:
        self.core = asyncio.Semaphore(cores)
        self.requests: list[list[int]] = []
        self.cancelled: list[list[int]] = []
        self.gate = asyncio.Event()
        self.together = Together[int, int](
            self.send, lambda: self.core, lambda: another_is_free(self.core), lambda item: item
        )

    async def send(self, items: Sequence[int]) -> list[int]:
        self.requests.append(list(items))
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled.append(list(items))
            raise
        if -1 in items:
            raise ModelFailed("it does not like it")
        return [2 * item for item in items]

    def row(self, item: int, limit: int = 8) -> asyncio.Task[int]:
        return asyncio.create_task(self.together.row(item, limit))


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_rows_that_come_at_once_go_together_and_each_gets_its_own_output() -> None:
    model = Model()
    tasks = [model.row(item) for item in range(5)]
    await settle()
    assert model.requests == [[0, 1, 2, 3, 4]]
    model.gate.set()
    assert await asyncio.gather(*tasks) == [0, 2, 4, 6, 8]
    assert not model.core.locked()


async def test_half_is_left_to_a_core_that_is_free() -> None:
    model = Model(cores=2)
    tasks = [model.row(item) for item in range(5)]
    await settle()
    assert sorted(map(len, model.requests)) == [2, 3]
    model.gate.set()
    assert await asyncio.gather(*tasks) == [0, 2, 4, 6, 8]


async def test_who_waits_is_taken_along_by_whose_turn_it_is_those_of_its_size_first() -> None:
    model = Model()
    first = model.row(1)
    await settle()
    tasks = [model.row(item, limit=3) for item in (50, 10, 48, 12, 52)]
    await settle()
    assert model.requests == [[1]]
    model.gate.set()
    assert await asyncio.gather(first, *tasks) == [2, 100, 20, 96, 24, 104]
    assert model.requests == [[1], [50, 48, 52], [10, 12]]


async def test_a_request_ends_when_nobody_waits_for_any_of_its_rows_and_not_before() -> None:
    model = Model()
    tasks = [model.row(item) for item in (1, 2)]
    await settle()
    tasks[0].cancel()  # whose turn it was
    await settle()
    assert model.cancelled == []
    tasks[1].cancel()
    await settle()
    assert model.cancelled == [[1, 2]]
    assert not model.core.locked()


async def test_who_leaves_before_the_turn_is_not_sent() -> None:
    model = Model()
    tasks = [model.row(item) for item in (1, 2, 3)]
    await settle()
    late = [model.row(item) for item in (4, 5)]
    await settle()
    late[0].cancel()
    await settle()
    model.gate.set()
    assert await asyncio.gather(*tasks, late[1]) == [2, 4, 6, 10]
    assert model.requests == [[1, 2, 3], [5]]


async def test_a_row_that_the_model_refuses_fails_alone() -> None:
    model = Model()
    model.gate.set()
    tasks = [model.row(item) for item in (1, -1, 3)]
    assert await tasks[0] == 2
    with pytest.raises(ModelFailed):
        await tasks[1]
    assert await tasks[2] == 6
    assert model.requests == [[1, -1, 3], [1], [-1], [3]]


async def test_what_befalls_the_request_befalls_all() -> None:
    model = Model()
    model.gate.set()

    async def away(items: Sequence[int]) -> list[int]:
        raise TimeoutError

    together = Together[int, int](away, lambda: model.core, lambda: False, lambda item: item)
    results = await asyncio.gather(*(together.row(item, 8) for item in (1, 2)), return_exceptions=True)
    assert [type(one) for one in results] == [TimeoutError, TimeoutError]
