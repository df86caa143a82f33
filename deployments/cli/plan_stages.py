"""CPU seconds of each stage of an answer, of the raw engines in this process with every core loaded."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from benchmarks.capacity.evidence import StageTimes
from benchmarks.harness.core import Modality, Sample
from benchmarks.harness.corpus import Corpus
from benchmarks.raw.answers import answer_to
from benchmarks.raw.pipeline import RawPipeline, raw_pipeline
from deployments.config import TritonConfig


def stage_times(corpus: Corpus, count: int, seed: int, cores: int) -> dict[Modality, StageTimes]:
    """For each modality of a corpus, what `count` answers take on each of `cores` threads at once.

    Raises:
        VivaError, OSError: the models were not built, or an answer cannot be scored.
    """
    kinds = [kind for kind in Modality if any(sample.modality is kind for sample in corpus.samples)]
    pipelines = [raw_pipeline(TritonConfig().model_repository) for _ in range(cores)]
    for pipeline in pipelines:
        pipeline.engines.load()  # one after the other: models are found through the import path of the process
    with ThreadPoolExecutor(cores) as pool:
        return {kind: _of(pool, pipelines, corpus.draw(count, seed, {kind: 1.0})) for kind in kinds}


def _of(pool: ThreadPoolExecutor, pipelines: Sequence[RawPipeline], samples: Sequence[Sample]) -> StageTimes:
    list(pool.map(_cpu_s, pipelines, [samples[:1]] * len(pipelines)))  # reference sentences are embedded
    cpu_s: Counter[str] = Counter()
    for spent in pool.map(_cpu_s, pipelines, [samples] * len(pipelines)):
        cpu_s.update(spent)
    return StageTimes(tuple(sample.duration_s for sample in samples) * len(pipelines), dict(cpu_s))


def _cpu_s(pipeline: RawPipeline, samples: Sequence[Sample]) -> dict[str, float]:
    async def all_of_them() -> None:
        for sample in samples:
            await pipeline.use_case.run(answer_to(sample))

    pipeline.meter.take()
    asyncio.run(all_of_them())
    return pipeline.meter.take()
