"""Measures the service curves of a stack: each kind of answer alone, then many of it on a full machine."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from benchmarks.harness.core import BenchError, Modality, Outcome, Request, Sample, Target
from benchmarks.harness.corpus import Corpus

_DEADLINE_S: Final = 3600.0
_DECK: Final = 64
_SETTLING_S: Final = 2.0
_PAUSE_S: Final = 0.3  # between answers alone: those of a quiet season find an idle machine, not a warm loop


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured of each modality.

    Attributes:
        warm_up: answers before anything counts.
        alone: answers one after the other.
        full: answers of a run that keeps every slot busy, until the last of them.
        runs: of those.
        beside: answers of the longest kind that are in flight while the others are measured beside them.
        in_flight: answers that are sent and not replied to in such a run, more than there are slots.
    """

    warm_up: int
    alone: Mapping[Modality, int]
    full: Mapping[Modality, int]
    in_flight: Mapping[Modality, int]
    runs: int = 3
    beside: int = 2


@dataclass(frozen=True, slots=True)
class Alone:
    """One answer that had the machine to itself.

    Attributes:
        size_bytes: of its media.
    """

    media_s: float
    size_bytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Full:
    """Answers that kept every slot busy.

    Attributes:
        media_s: of each, in the order sent.
        wall_s: from the first send to the last reply.
    """

    media_s: tuple[float, ...]
    wall_s: float


@dataclass(frozen=True, slots=True)
class Beside:
    """Answers one at a time, beside others that never end.

    Attributes:
        kind: modality of the others.
        in_flight: how many of them there always are.
        seconds: of each answer; the same answers, in the same order, as those alone.
    """

    kind: Modality
    in_flight: int
    seconds: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """What was seen of one modality."""

    alone: tuple[Alone, ...]
    full: tuple[Full, ...]
    beside: Beside | None = None


async def measure(
    target: Target, corpus: Corpus, effort: Effort, seed: int, step: Callable[[str], None]
) -> dict[Modality, Measured]:
    """Measure every modality of a corpus. Nothing else should run on the machine meanwhile.

    Args:
        step: told what is done now, for a person who waits.

    Raises:
        BenchError: the target is down, or an answer was not scored.
    """
    kinds = [kind for kind in Modality if any(sample.modality is kind for sample in corpus.samples)]
    await target.open()
    try:
        seen = {kind: await _of(target, corpus, kind, effort, seed, step) for kind in kinds}
        for kind in kinds[:-1]:
            step(f"{kind.value} beside {kinds[-1].value}")
            beside = await _beside(target, corpus, kind, kinds[-1], effort, seed)
            seen[kind] = replace(seen[kind], beside=beside)
        return seen
    finally:
        await target.close()


async def _of(
    target: Target, corpus: Corpus, kind: Modality, effort: Effort, seed: int, step: Callable[[str], None]
) -> Measured:
    step(f"{kind.value}: warm-up")
    for sample in corpus.draw(effort.warm_up, seed, {kind: 1.0}):
        await _scored(target, sample)
    alone, count = [], effort.alone[kind]
    for number, sample in enumerate(corpus.draw(count, seed, {kind: 1.0}), start=1):
        step(f"{kind.value}: {number} of {count}, one at a time")
        await asyncio.sleep(_PAUSE_S)
        size = sample.path.stat().st_size if sample.path else len(sample.text.encode())
        alone.append(Alone(sample.duration_s, size, await _timed(target, sample)))
    full = []
    for run in range(effort.runs):
        step(f"{kind.value}: {effort.full[kind]} on a full machine, run {run + 1} of {effort.runs}")
        samples = corpus.draw(effort.full[kind], seed + run, {kind: 1.0})
        full.append(await _full(target, samples, effort.in_flight[kind]))
    return Measured(tuple(alone), tuple(full))


async def _full(target: Target, samples: Sequence[Sample], in_flight: int) -> Full:
    waiting, started = iter(samples), time.perf_counter()

    async def sender() -> None:
        for sample in waiting:
            await _scored(target, sample)

    await asyncio.gather(*(sender() for _ in range(in_flight)))
    return Full(tuple(sample.duration_s for sample in samples), time.perf_counter() - started)


async def _beside(target: Target, corpus: Corpus, kind: Modality, other: Modality, effort: Effort, seed: int) -> Beside:
    others = corpus.draw(_DECK, seed, {other: 1.0})

    async def without_end(first: int) -> None:
        for sample in itertools.cycle(others[first:] + others[:first]):
            await _scored(target, sample)

    background = [asyncio.create_task(without_end(number)) for number in range(effort.beside)]
    try:
        await asyncio.sleep(_SETTLING_S)
        seconds = [await _timed(target, sample) for sample in corpus.draw(effort.alone[kind], seed, {kind: 1.0})]
        for task in background:
            if task.done():
                task.result()  # raises why it ended
    finally:
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
    return Beside(other, effort.beside, tuple(seconds))


async def _timed(target: Target, sample: Sample) -> float:
    started = time.perf_counter()
    await _scored(target, sample)
    return time.perf_counter() - started


async def _scored(target: Target, sample: Sample) -> None:
    reply = await target.send(Request(sample, 0.0, _DEADLINE_S))
    if reply.outcome is not Outcome.OK:
        raise BenchError(f"{sample.sample_id}: {reply.code}: {reply.detail or reply.outcome.value}")
