"""Runs the golden set through two variants: the second's outputs for the first's very inputs, and both's scores."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from deployments.parity.golden import Golden
from deployments.parity.recording import ModelCall, Recorder
from deployments.parity.variants import Variant, served
from serving.adapters.media import PyAvDecoder
from serving.adapters.triton.client import TritonClient
from serving.adapters.triton.models import TritonModels
from serving.pipeline.score_answer import ScoreAnswer

_CALL_S: Final = 120.0

Scores = dict[tuple[int, str], float | None]  # place of the answer, competency


@dataclass(frozen=True, slots=True)
class OutputError:
    """How far one output of one model lies from the first variant's, for equal inputs.

    Attributes:
        rows: of all calls.
        differing: rows that are not bit for bit the same.
        largest: greatest absolute difference; None of text, and where a row has another length; NaN where there is one.
        scale: greatest absolute value of the first variant's.
    """

    model: str
    output: str
    rows: int
    differing: int
    largest: float | None
    scale: float


@dataclass(frozen=True, slots=True)
class ScoreDrift:
    """How far final scores, out of 10, lie from the first variant's.

    Attributes:
        scores: competencies of all answers that both scored.
        lost: competencies that one of them alone scored with a number.
        largest, mean: of the absolute differences.
        worst: the answer and competency of the largest.
    """

    scores: int
    lost: int
    largest: float
    mean: float
    worst: str


@dataclass(frozen=True, slots=True)
class Parity:
    """What came of a comparison."""

    first: str
    second: str
    answers: int
    outputs: tuple[OutputError, ...]
    drift: ScoreDrift


async def compare(
    first: Variant, second: Variant, answers: Sequence[Golden], folder: Path, done: Callable[[str], None]
) -> Parity:
    """Score the answers by both variants, one after the other, and lay the results beside each other.

    Args:
        folder: empty and with a short path: files of the servers.
        done: told of each answer's and each step's end.

    Raises:
        VivaError: a server does not start, or an answer cannot be scored.
    """
    with served(first, folder / "a") as runtime_dir:
        recorder = Recorder(TritonClient(runtime_dir))
        try:
            before = await _scores(recorder, first.repository, answers, done)
        finally:
            await recorder.close()
        calls = recorder.take()
    with served(second, folder / "b") as runtime_dir:
        client = TritonClient(runtime_dir)
        try:
            errors = await _errors(client, calls)
            done(f"{len(calls)} model calls")
            after = await _scores(client, second.repository, answers, done)
        finally:
            await client.close()
    return Parity(first.name, second.name, len(answers), errors, drift_of(answers, before, after))


async def _scores(
    client: TritonClient | Recorder, repository: Path, answers: Sequence[Golden], done: Callable[[str], None]
) -> Scores:
    models, found = TritonModels(cast(TritonClient, client), repository), Scores()
    use_case = ScoreAnswer(models, PyAvDecoder(), config_sha256="")
    for place, golden in enumerate(answers):
        assessment = await use_case.run(golden.answer)
        for competency in assessment.competencies:
            found[place, competency.name] = competency.score
        done(golden.name)
    return found


async def _errors(client: TritonClient, calls: Sequence[ModelCall]) -> tuple[OutputError, ...]:
    pairs: dict[tuple[str, str], list[tuple[NDArray[Any], NDArray[Any]]]] = {}
    for call in calls:
        found = await client.infer(call.model, call.inputs, timeout_s=_CALL_S)
        for name, array in call.outputs.items():
            pairs.setdefault((call.model, name), []).append((array, found[name]))
    return tuple(error_of(model, name, both) for (model, name), both in sorted(pairs.items()))


def error_of(model: str, output: str, pairs: Sequence[tuple[NDArray[Any], NDArray[Any]]]) -> OutputError:
    """How far the second of each pair, [rows, ...], lies from the first."""
    rows = sum(len(wanted) for wanted, _ in pairs)
    differing = sum(
        not np.array_equal(mine, theirs) for wanted, found in pairs for mine, theirs in zip(wanted, found, strict=True)
    )
    comparable = all(wanted.shape == found.shape and np.issubdtype(wanted.dtype, np.number) for wanted, found in pairs)
    if not comparable:
        return OutputError(model, output, rows, differing, None, 0.0)
    apart = [float(np.abs(wanted - found).max()) for wanted, found in pairs if wanted.size]
    largest = math.nan if any(map(math.isnan, apart)) else max(apart, default=0.0)
    scale = max((float(np.abs(wanted).max()) for wanted, _ in pairs if wanted.size), default=0.0)
    return OutputError(model, output, rows, differing, largest, scale)


def drift_of(answers: Sequence[Golden], before: Scores, after: Scores) -> ScoreDrift:
    """How far the scores of the answers moved."""
    apart: dict[tuple[int, str], float] = {}
    lost = 0
    for key in before.keys() | after.keys():
        both = [score for score in (before.get(key), after.get(key)) if score is not None and math.isfinite(score)]
        if len(both) == 2:
            apart[key] = abs(both[0] - both[1])
        elif both:
            lost += 1
    worst = max(sorted(apart), key=lambda key: apart[key], default=None)
    return ScoreDrift(
        scores=len(apart),
        lost=lost,
        largest=max(apart.values(), default=0.0),
        mean=statistics.fmean(apart.values()) if apart else 0.0,
        worst=f"{answers[worst[0]].name}: {worst[1]}" if worst else "",
    )
