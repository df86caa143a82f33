"""Many jobs at once, their results in order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from typing import Final, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")

# Jobs that may be started or done while the oldest is still running: a long one (ten minutes of video among short
# texts) must not idle the others at once, and what waits to be written must stay bounded.
_WINDOW_PER_SLOT: Final = 8


async def in_order(
    jobs: Iterable[Job], run: Callable[[Job], Awaitable[Result]], *, concurrency: int
) -> AsyncGenerator[Result, None]:
    """Results of `run` in the order of `jobs`.

    At most `concurrency` run at once; at most 8 times as many are taken from `jobs` and not yet given back. An
    exception of a job comes out at its place and cancels the rest.
    """
    slots = asyncio.Semaphore(concurrency)
    pending: deque[asyncio.Task[Result]] = deque()

    async def one(job: Job) -> Result:
        async with slots:
            return await run(job)

    try:
        for job in jobs:
            pending.append(asyncio.create_task(one(job)))
            while pending and (len(pending) >= _WINDOW_PER_SLOT * concurrency or pending[0].done()):
                yield await pending.popleft()
        while pending:
            yield await pending.popleft()
    finally:
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
