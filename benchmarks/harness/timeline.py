"""A run over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness.core import Observation, Outcome
from benchmarks.harness.result import Timeline

_STEPS: Final = 7200  # seconds are drawn together beyond two hours


def timeline(observations: Sequence[Observation], warm_up_s: float) -> Timeline:
    """A run in steps of a second, warm-up included."""
    end_s = max(max(one.done_s, one.intended_s) for one in observations)
    step_s = float(max(1, math.ceil(end_s / _STEPS)))
    steps = int(end_s // step_s) + 1
    intended = _steps([one.intended_s for one in observations], step_s)
    sent = _counts(_steps([one.sent_s for one in observations], step_s), steps)
    replied = _counts(_steps([one.done_s for one in observations], step_s), steps)
    by_outcome = {
        outcome: _counts(_steps([one.done_s for one in observations if one.outcome is outcome], step_s), steps)
        for outcome in Outcome
    }
    latencies: list[list[float]] = [[] for _ in range(steps)]
    for one, step in zip(observations, intended, strict=True):
        if one.outcome is Outcome.OK:
            latencies[step].append(one.latency_s)
    return Timeline(
        step_s=step_s,
        warm_up_s=warm_up_s,
        offered=_ints(_counts(intended, steps)),
        ok=_ints(by_outcome[Outcome.OK]),
        refused=_ints(by_outcome[Outcome.REFUSED]),
        expired=_ints(by_outcome[Outcome.EXPIRED]),
        failed=_ints(by_outcome[Outcome.FAILED]),
        outstanding=_ints(np.cumsum(sent - replied)),
        p50_s=tuple(_of(values, 50) for values in latencies),
        p95_s=tuple(_of(values, 95) for values in latencies),
        max_s=tuple(_of(values, 100) for values in latencies),
    )


def _steps(times_s: Sequence[float], step_s: float) -> NDArray[np.intp]:
    return (np.array(times_s, np.float64) // step_s).astype(np.intp)


def _counts(steps: NDArray[np.intp], length: int) -> NDArray[np.intp]:
    return np.bincount(steps, minlength=length)


def _ints(values: NDArray[Any]) -> tuple[int, ...]:
    return tuple(int(value) for value in values)


def _of(values: Sequence[float], wanted: float) -> float | None:
    """Of a second alone, for plots: without a claim, so without a least number."""
    return float(np.percentile(values, wanted)) if values else None
