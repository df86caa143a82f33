"""Rows that wait for a model, of several answers, in one request to it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Generic, TypeVar

from serving.domain.errors import ModelFailed
from serving.pipeline import precedence

In = TypeVar("In")
Out = TypeVar("Out")


class Together(Generic[In, Out]):
    """Sends rows together that would else wait for their turn one by one.

    For models whose rows cost less together and do not change each other. Nobody waits for company: whose turn it is
    takes along who waits, those of about its own size first, and leaves half to others while they could begin at once.

    Args:
        send: the request; outputs in the order of the inputs.
        turn: held while a request runs.
        others_could_begin: whether a turn is free beside the one that is held.
        size: what rows of a request should have in common, as they are filled up to the largest.
    """

    def __init__(
        self,
        send: Callable[[Sequence[In]], Awaitable[Sequence[Out]]],
        turn: Callable[[], AbstractAsyncContextManager[Any]],
        others_could_begin: Callable[[], bool],
        size: Callable[[In], int],
    ) -> None:
        self._send = send
        self._turn = turn
        self._others_could_begin = others_could_begin
        self._size = size
        self._waiting: list[_Row[In, Out]] = []

    async def row(self, item: In, limit: int) -> Out:
        """The output of one row.

        Args:
            limit: most rows of a request.

        Raises:
            Exception: what `send` raised; a request that the model refused is sent again row by row.
        """
        await precedence.let_pass()
        mine = _Row[In, Out](item)
        self._waiting.append(mine)
        mine.lead = asyncio.create_task(self._lead(mine, limit))
        try:
            return await mine.output
        finally:
            if mine in self._waiting:
                self._waiting.remove(mine)
            for row in {mine, mine.leader or mine}:
                row.give_up_unless_needed()

    async def _lead(self, mine: _Row[In, Out], limit: int) -> None:
        await asyncio.sleep(0)  # the segments of an answer come one after the other
        async with self._turn():
            if mine not in self._waiting:
                return
            rows = self._company(mine, limit)
            mine.led = rows
            for row in rows:
                self._waiting.remove(row)
                row.leader = mine
            await self._run(rows)

    def _company(self, mine: _Row[In, Out], limit: int) -> list[_Row[In, Out]]:
        count = len(self._waiting)
        if self._others_could_begin():
            count = -(-count // 2)
        size = self._size(mine.item)
        others = [row for row in self._waiting if row is not mine]
        others.sort(key=lambda row: abs(self._size(row.item) - size))
        return [mine, *others[: min(count, limit) - 1]]

    async def _run(self, rows: Sequence[_Row[In, Out]]) -> None:
        try:
            for row, output in zip(rows, await self._send([row.item for row in rows]), strict=True):
                row.set(output)
        except Exception as error:
            if isinstance(error, ModelFailed) and len(rows) > 1:  # one of them may be at fault
                for row in rows:
                    if not row.output.done():
                        await self._run([row])
            else:
                for row in rows:
                    row.fail(error)


class _Row(Generic[In, Out]):
    def __init__(self, item: In) -> None:
        self.item = item
        self.output: asyncio.Future[Out] = asyncio.get_running_loop().create_future()
        self.lead: asyncio.Task[None] | None = None
        self.leader: _Row[In, Out] | None = None
        self.led: Sequence[_Row[In, Out]] = ()

    def set(self, output: Out) -> None:
        if not self.output.done():
            self.output.set_result(output)

    def fail(self, error: Exception) -> None:
        if not self.output.done():
            self.output.set_exception(error)

    def give_up_unless_needed(self) -> None:
        """Stop waiting for a turn, or the request, when every row of it has its output or nobody who waits for it."""
        if self.lead and all(row.output.done() for row in self.led):
            self.lead.cancel()
