"""Waiting for several things at once without leaving one behind."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Sequence
from typing import Any, Final, TypeVar

from serving.domain.media import FrameBatch
from serving.pipeline.cores import ANY_CORE, Core
from serving.pipeline.ports import FrameStream

_IN_PLACE_SENTENCES: Final = 24  # a step takes up to 2 ms for so many

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")


async def all_of(work: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """Results in order. The first failure, or a cancellation, cancels the rest, waits for it, and is raised as it is.

    (A TaskGroup would wrap it into an ExceptionGroup, which no caller of ours can map to a status.)
    """
    tasks = [asyncio.ensure_future(item) for item in work]
    await _settle(tasks)
    return [task.result() for task in tasks]


async def both(first: Coroutine[Any, Any, A], second: Coroutine[Any, Any, B]) -> tuple[A, B]:
    """`all_of` for two results of different types."""
    one, other = asyncio.ensure_future(first), asyncio.ensure_future(second)
    await _settle([one, other])
    return one.result(), other.result()


async def _settle(tasks: Sequence[asyncio.Future[Any]]) -> None:
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


async def computed(size: int, function: Callable[..., T], *arguments: Any) -> T:
    """`function(*arguments)`, which computes: in place when there is little to do, else in a worker thread.

    Python code holds the interpreter's lock wherever it runs, so a thread makes nothing faster: it lets the loop serve
    others meanwhile, and costs 0.2 ms, which is more than most steps of a short answer take.

    Args:
        size: sentences of the answer that it is about; the longest one's where there are several.
    """
    if size <= _IN_PLACE_SENTENCES:
        return function(*arguments)
    return await asyncio.to_thread(function, *arguments)


async def in_thread(core: Core, cancel: threading.Event, function: Callable[..., T], *arguments: Any) -> T:
    """`function(*arguments)` in a worker thread; a cancelled wait sets `cancel`, which the function watches."""
    try:
        async with core:
            return await asyncio.to_thread(function, *arguments)
    except asyncio.CancelledError:
        cancel.set()
        raise


async def frames_of(
    stream: FrameStream, cancel: threading.Event, core: Core = ANY_CORE
) -> AsyncGenerator[FrameBatch, None]:
    """Batches of a blocking stream, decoded in worker threads, always one ahead of what was asked for.

    Close it (`contextlib.aclosing`) when it is not read to its end: that sets `cancel` and waits for the decoder, which
    stops at its next packet, so that no thread reads the file afterwards. What still waits for a core is given up.
    """
    iterator: Iterator[FrameBatch] = iter(stream)
    decoding: asyncio.Task[FrameBatch | None] | None = None

    async def fetch() -> FrameBatch | None:
        nonlocal decoding
        async with core:
            decoding = asyncio.create_task(asyncio.to_thread(next, iterator, None))
            # Shielded: a cancelled wait must not lose sight of the thread.
            return await asyncio.shield(decoding)

    ahead = asyncio.create_task(fetch())
    try:
        while (batch := await ahead) is not None:
            ahead = asyncio.create_task(fetch())
            yield batch
    finally:
        cancel.set()
        ahead.cancel()
        await asyncio.gather(ahead, *filter(None, (decoding,)), return_exceptions=True)
