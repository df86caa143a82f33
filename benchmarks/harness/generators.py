"""The generator processes: apart from whoever watches, so that what they spend is theirs and nothing delays a send."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, Final

from benchmarks.harness.core import BenchError, Observation, Preparing, Request, Target, TargetDown
from benchmarks.harness.drive import Counts, Drive, warm_up
from benchmarks.harness.plan import Plan

Factory = Callable[[], Target]

_HEAD_START_S: Final = 0.2  # from the word to begin until second 0
_TELL_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Sent:
    """What the generators did.

    Attributes:
        observations: of all processes, in the order of their intended times.
        warm_up: before the clock started.
        cpu_s: of each process, from second 0 to its last reply.
        wall_s: of each process, the same.
    """

    observations: tuple[Observation, ...]
    warm_up: tuple[Observation, ...]
    cpu_s: tuple[float, ...]
    wall_s: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told how a run goes.

    Attributes:
        warmed: before second 0, with what the warm-up saw; may raise to end the run.
        began: with second 0 on the monotonic clock.
        tick: about every half second, with the counts so far.
    """

    warmed: Callable[[Sequence[Observation]], None]
    began: Callable[[float], None]
    tick: Callable[[Counts], None]


def run(factory: Factory, plan: Plan, processes: int, listener: Listener) -> Sent:
    """Send a plan from some processes, each with every so-manieth request and a target of its own.

    Raises:
        TargetDown: nothing answers there.
        BenchError: a generator ended without a word, or the target could not be made ready.
    """
    context = multiprocessing.get_context("spawn")
    pipes: list[Connection] = []
    children = []
    try:
        for index in range(processes):
            here, there = context.Pipe()
            part = plan.warm_up[index::processes], plan.requests[index::processes]
            child = context.Process(target=_generate, args=(there, factory), daemon=True)
            child.start()
            children.append(child)
            pipes.append(here)
            there.close()
            here.send(part)
        warmed = [observation for pipe in pipes for observation in _next(pipe, "ready")]
        listener.warmed(warmed)
        start_s = time.monotonic() + _HEAD_START_S
        for pipe in pipes:
            pipe.send(start_s)
        listener.began(start_s)
        parts = _collect(pipes, listener)
    finally:
        for child in children:
            child.terminate()
            child.join()
        for pipe in pipes:
            pipe.close()
    observations = sorted((one for part in parts for one in part[0]), key=lambda one: one.intended_s)
    return Sent(tuple(observations), tuple(warmed), tuple(part[1] for part in parts), tuple(part[2] for part in parts))


def _collect(pipes: Sequence[Connection], listener: Listener) -> list[tuple[list[Observation], float, float]]:
    counts = {pipe: Counts() for pipe in pipes}
    parts: dict[Connection, tuple[list[Observation], float, float]] = {}
    while len(parts) < len(pipes):
        for pipe in wait([pipe for pipe in pipes if pipe not in parts], timeout=_TELL_S):
            assert isinstance(pipe, Connection)
            kind, content = _message(pipe)
            if kind == "done":
                parts[pipe] = content
            else:
                counts[pipe] = content
        every = list(counts.values())
        listener.tick(Counts(sum(c.sent for c in every), sum(c.done for c in every), sum(c.ok for c in every)))
    return [parts[pipe] for pipe in pipes]


def _next(pipe: Connection, wanted: str) -> Any:
    kind, content = _message(pipe)
    assert kind == wanted
    return content


def _message(pipe: Connection) -> tuple[str, Any]:
    try:
        kind, content = pipe.recv()
    except EOFError:
        raise BenchError("a load generator ended without a word") from None
    if kind == "failed":
        down, text = content
        raise TargetDown(text) if down else BenchError(text)
    return kind, content


def _generate(pipe: Connection, factory: Factory) -> None:
    """A generator process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all; the parent ends this one
    try:
        asyncio.run(_session(pipe, factory))
    except* BenchError as errors:
        first: BaseException = errors
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        pipe.send(("failed", (isinstance(first, TargetDown), str(first))))
    except* (EOFError, BrokenPipeError):
        pass  # the parent is gone


async def _session(pipe: Connection, factory: Factory) -> None:
    warming, requests = await asyncio.to_thread(pipe.recv)
    target = factory()
    try:
        await target.open()
        if isinstance(target, Preparing):
            await target.prepare([*warming, *requests])
        pipe.send(("ready", await warm_up(target, warming)))
        start_s = await asyncio.to_thread(pipe.recv)
        pipe.send(("done", await _drive(pipe, target, requests, start_s)))
    finally:
        await target.close()


async def _drive(
    pipe: Connection, target: Target, requests: Sequence[Request], start_s: float
) -> tuple[list[Observation], float, float]:
    drive = Drive(target, requests)
    # A collection stops all sends for as long as it takes; what a run makes is mostly kept until its end.
    gc.collect()
    gc.freeze()
    gc.disable()

    async def tell() -> None:
        while True:
            pipe.send(("counts", drive.counts))
            await asyncio.sleep(_TELL_S)

    telling = asyncio.create_task(tell())
    cpu_s = time.process_time()
    try:
        observations = await drive.run(start_s)
    finally:
        telling.cancel()
    spent_s, wall_s = time.process_time() - cpu_s, max(0.0, time.monotonic() - start_s)
    return drive.hashed(observations), spent_s, wall_s
