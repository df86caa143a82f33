"""What lies between a caller and the models for a text answer, on one stack, one answer at a time.

Three ways of the same answers through the same tritonserver take turns:

- `end_to_end`: the stack's API, by its client;
- `pipeline`: the product's pipeline in this process, which calls the stack's tritonserver itself;
- `bare`: the model calls that the pipeline made for that answer, recorded once, sent again by the plain client, each as
  soon as those are back that were back when it was recorded.

Routing is `end_to_end - pipeline`: edge, admission, Ray and serialisation. `pipeline - bare` is what the pipeline does
beside waiting for models (text signals, arrays, checks of tensors), and what its client does better or worse than the
plain one. `end_to_end - bare` is all that is not a model call.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from benchmarks.harness.core import BenchError, Sample
from benchmarks.harness.scores import scores_sha256
from benchmarks.peers.bare_triton.replay import BareClient
from benchmarks.raw.answers import answer_to, json_of
from deployments.config import TritonConfig
from deployments.parity.recording import ModelCall, Recorder
from serving.adapters.media import PyAvDecoder
from serving.adapters.triton.client import TritonClient
from serving.adapters.triton.endpoint import read_endpoint
from serving.adapters.triton.models import TritonModels
from serving.pipeline.score_answer import ScoreAnswer
from viva_client import AnswerOptions, AsyncVivaClient, assessment_to_dict

WAYS: Final = ("end_to_end", "pipeline", "bare")
_WARM_UP: Final = 3

Way = Callable[[Sample], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Routing:
    """Milliseconds for a text answer.

    Attributes:
        calls: model calls of an answer, the median.
        p50_ms, p95_ms: of each way.
        routing_p50_ms: median of `end_to_end - pipeline` of the same answer in the same turn.
        work_p50_ms: the same of `pipeline - bare`; above_bare_p50_ms: of `end_to_end - bare`.
    """

    answers: int
    calls: float
    p50_ms: Mapping[str, float]
    p95_ms: Mapping[str, float]
    routing_p50_ms: float
    work_p50_ms: float
    above_bare_p50_ms: float


async def measure(address: str, run_dir: Path, samples: Sequence[Sample], turns: int) -> Routing:
    """Measure on a stack of this host that does nothing else.

    Args:
        address: `HOST:PORT` of its API.
        run_dir: where it publishes its tritonserver.
        samples: text answers.
        turns: each sends every answer every way.

    Raises:
        BenchError: the stack's tritonserver is not published, or the ways score an answer differently.
        VivaError: the stack refused an answer.
    """
    endpoint = read_endpoint(run_dir)
    if endpoint is None:
        raise BenchError(f"no tritonserver is published in {run_dir}")
    recorder, bare = Recorder(TritonClient(run_dir)), BareClient(endpoint.grpc)
    models = TritonModels(cast(TritonClient, recorder), TritonConfig().model_repository)
    pipeline = ScoreAnswer(models, PyAvDecoder(), config_sha256="")
    client = AsyncVivaClient(address)
    calls: dict[str, tuple[ModelCall, ...]] = {}

    async def routed(sample: Sample) -> str:
        options = AnswerOptions(sample.question, sample.language, sample.competencies)
        return scores_sha256(assessment_to_dict(await client.score_text(sample.text, options)))

    async def direct(sample: Sample) -> str:
        return scores_sha256(json_of(await pipeline.run(answer_to(sample))))

    async def replayed(sample: Sample) -> None:
        await bare.replay(calls[sample.sample_id])

    try:
        await pipeline.warm_up()
        for sample in samples:
            if await routed(sample) != await direct(sample):
                raise BenchError(f"{sample.sample_id}: the stack and the pipeline in this process score it differently")
            recorder.take()
            await direct(sample)
            calls[sample.sample_id] = recorder.take()
        options = {s.sample_id: AnswerOptions(s.question, s.language, s.competencies) for s in samples}
        answers = {s.sample_id: answer_to(s) for s in samples}
        ways: tuple[Way, ...] = (
            lambda sample: client.score_text(sample.text, options[sample.sample_id]),
            lambda sample: pipeline.run(answers[sample.sample_id]),
            replayed,
        )
        spent = [await _turn(ways, sample, turn) for turn in range(turns + _WARM_UP) for sample in samples][
            _WARM_UP * len(samples) :
        ]
    finally:
        await client.close()
        await bare.close()
        await models.close()
    return _figures(spent, [len(of) for of in calls.values()])


async def _turn(ways: Sequence[Way], sample: Sample, turn: int) -> tuple[float, ...]:
    """Seconds of each way, in their order; which comes first changes from turn to turn."""
    spent = [0.0] * len(ways)
    for step in range(len(ways)):
        at = (turn + step) % len(ways)
        started = time.perf_counter()
        await ways[at](sample)
        spent[at] = time.perf_counter() - started
    return tuple(spent)


def _figures(spent: Sequence[tuple[float, ...]], calls: Sequence[int]) -> Routing:
    columns = dict(zip(WAYS, (sorted(column) for column in zip(*spent, strict=True)), strict=True))
    return Routing(
        answers=len(spent),
        calls=statistics.median(calls),
        p50_ms={name: 1000 * statistics.median(of) for name, of in columns.items()},
        p95_ms={name: 1000 * of[int(0.95 * len(of))] for name, of in columns.items()},
        routing_p50_ms=1000 * statistics.median(one[0] - one[1] for one in spent),
        work_p50_ms=1000 * statistics.median(one[1] - one[2] for one in spent),
        above_bare_p50_ms=1000 * statistics.median(one[0] - one[2] for one in spent),
    )
