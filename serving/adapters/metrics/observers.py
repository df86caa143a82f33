"""What the rooms of the engine report to, as metrics."""

from __future__ import annotations

from prometheus_client import Histogram

from serving.adapters.metrics import (
    JOB_ATTEMPTS,
    JOB_SECONDS,
    JOB_WAIT_SECONDS,
    MODEL_CALL_SECONDS,
    STAGE_SECONDS,
    TURNAROUND_SECONDS,
)
from serving.domain.job import JobKind, JobOutcome, LeasedJob, Rank


class _ByLabel:
    """A histogram with one label; remembers its series, since finding one costs as much as using it."""

    def __init__(self, histogram: Histogram) -> None:
        self._histogram = histogram
        self._series: dict[str, Histogram] = {}

    def observe(self, label: str, seconds: float) -> None:
        series = self._series.get(label)
        if series is None:
            series = self._series[label] = self._histogram.labels(label)
        series.observe(seconds)


class PrometheusObserver:
    """Stages, model calls and turnaround as histograms."""

    def __init__(self) -> None:
        self._stages = _ByLabel(STAGE_SECONDS)
        self._models = _ByLabel(MODEL_CALL_SECONDS)
        self._ranks = _ByLabel(TURNAROUND_SECONDS)

    def observe(self, stage: str, seconds: float) -> None:
        self._stages.observe(stage, seconds)

    def model_called(self, model: str, seconds: float) -> None:
        self._models.observe(model, seconds)

    def turned_round(self, rank: Rank, seconds: float) -> None:
        self._ranks.observe(rank.name.lower(), seconds)


class JobMetrics:
    """Attempts at jobs as histograms, and what became of them as a counter."""

    def __init__(self) -> None:
        for kind in JobKind:  # a counter that begins with its first event shows no increase then
            for outcome in JobOutcome:
                JOB_ATTEMPTS.labels(kind.value, outcome.value)

    def begun(self, job: LeasedJob) -> None:
        JOB_WAIT_SECONDS.labels(job.lane.value).observe(job.waited_s)

    def ended(self, job: LeasedJob, seconds: float, outcome: JobOutcome) -> None:
        JOB_SECONDS.labels(job.kind.value).observe(seconds)
        JOB_ATTEMPTS.labels(job.kind.value, outcome.value).inc()
