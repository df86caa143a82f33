"""A corpus in a tight loop: one process a core, one thread each, no server. What the machine itself can do."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any, Final

from benchmarks.harness.core import BenchError, Sample
from benchmarks.harness.scores import scores_sha256
from benchmarks.raw.answers import answer_to, json_of
from benchmarks.raw.pipeline import raw_pipeline
from benchmarks.raw.threads import one_thread

_SLOWEST_START_S: Final = 300.0


@dataclass(frozen=True, slots=True)
class Scored:
    """One answer of a loop.

    Attributes:
        at: its place among the samples.
        done_s: since the loop began.
        cpu_s: of all that it took; stages: of each pass of the decoder and each model.
    """

    at: int
    done_s: float
    cpu_s: float
    stages: Mapping[str, float]
    scores_sha256: str

    @property
    def stages_s(self) -> float:
        """CPU seconds of decode and models together."""
        return sum(self.stages.values())


def run_loop(repository: Path, samples: Sequence[Sample], processes: int | None = None) -> list[Scored]:
    """Score every sample once, the longest first so that all cores have work to the end; in the order of `samples`.

    Args:
        repository: folder of the built models.
        processes: by default one for each core that this process may use.

    Raises:
        BenchError: a process failed.
    """
    count = processes or len(os.sched_getaffinity(0))
    context = multiprocessing.get_context("spawn")
    work: SimpleQueue[Any] = context.SimpleQueue()
    done: SimpleQueue[Any] = context.SimpleQueue()
    begin = context.Barrier(count)
    # A few bytes each, or the queue's pipe would fill up before anybody reads it.
    order = sorted(range(len(samples)), key=lambda at: -_length(samples[at]))
    children = [
        context.Process(target=_work, args=(repository, samples, work, done, begin), daemon=True) for _ in range(count)
    ]
    try:
        with one_thread():
            for child in children:
                child.start()
        for at in order:
            work.put(at)
        for _ in children:
            work.put(None)
        found = [_next(done, children) for _ in samples]
    finally:
        for child in children:
            child.terminate()
            child.join()
    return sorted(found, key=lambda one: one.at)


def _length(sample: Sample) -> float:
    """Longer answers take longer, pictures most of all."""
    return len(sample.text) / 1e6 + sample.duration_s * (2 if sample.modality.value == "video" else 1)


def _next(done: SimpleQueue[Any], children: Sequence[Any]) -> Scored:
    while done.empty():
        if not any(child.is_alive() for child in children):
            raise BenchError("a process of the raw loop ended without a word")
        time.sleep(0.01)
    scored = done.get()
    if isinstance(scored, str):
        raise BenchError(f"raw: {scored}")
    assert isinstance(scored, Scored)
    return scored


def _work(
    repository: Path, samples: Sequence[Sample], work: SimpleQueue[Any], done: SimpleQueue[Any], begin: Barrier
) -> None:
    try:
        with _worker(repository, samples) as score:
            begin.wait(_SLOWEST_START_S)
            started = time.monotonic()
            while (at := work.get()) is not None:
                done.put(score(at, started))
    except Exception as error:
        done.put(f"{type(error).__name__}: {error}")


@contextmanager
def _worker(repository: Path, samples: Sequence[Sample]) -> Iterator[Callable[[int, float], Scored]]:
    pipeline = raw_pipeline(repository)
    pipeline.engines.load()
    with asyncio.Runner() as runner:
        runner.get_loop().set_default_executor(_Inline())

        async def one(at: int) -> tuple[float, dict[str, float], dict[str, Any]]:
            started = time.thread_time()
            assessment = await pipeline.use_case.run(answer_to(samples[at]))
            return time.thread_time() - started, pipeline.meter.take(), json_of(assessment)

        def score(at: int, started: float) -> Scored:
            cpu_s, stages, values = runner.run(one(at))
            return Scored(at, time.monotonic() - started, cpu_s, stages, scores_sha256(values))

        # Reference sentences, and what each session does on its first run.
        runner.run(pipeline.use_case.warm_up())
        for modality in {sample.modality for sample in samples}:
            runner.run(one(min(_of(samples, modality), key=lambda at: samples[at].duration_s)))
        yield score


def _of(samples: Sequence[Sample], modality: object) -> list[int]:
    return [at for at, sample in enumerate(samples) if sample.modality is modality]


class _Inline(ThreadPoolExecutor):
    """Runs work at once on the thread that hands it over, so that a process keeps to one core."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        return future
