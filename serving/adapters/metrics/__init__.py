"""Prometheus metrics, one definition each. Counters of all processes of a node are kept in files and summed up.

prometheus_client chooses its multi-process mode when it is imported, by `PROMETHEUS_MULTIPROC_DIR`; the stack sets it
for every process that it starts, deployments/serve.yaml for every replica.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, multiprocess, start_http_server

from serving.domain.job import LeasedJob

_FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
if _FOLDER_VARIABLE in os.environ:  # the definitions below open files in it
    Path(os.environ[_FOLDER_VARIABLE]).mkdir(parents=True, exist_ok=True, mode=0o700)

# Seconds: from a warm text answer (tens of milliseconds) to a ten-minute video.
_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)

REQUESTS = Counter("viva_requests", "Calls answered, by method and gRPC code.", ["method", "code"])
REQUEST_SECONDS = Histogram("viva_request_seconds", "Wall time of a call.", ["method"], buckets=_BUCKETS)
QUEUED = Gauge("viva_queued_answers", "Answers waiting at the edge.", ["queue"], multiprocess_mode="livesum")
RUNNING = Gauge("viva_running_answers", "Answers being scored.", ["queue"], multiprocess_mode="livesum")
STAGE_SECONDS = Histogram("viva_stage_seconds", "Wall time of a stage of one answer.", ["stage"], buckets=_BUCKETS)
JOB_WAIT_SECONDS = Histogram(
    "viva_job_wait_seconds", "From when a job was to be begun until a worker had it.", ["lane"], buckets=_BUCKETS
)
JOB_SECONDS = Histogram("viva_job_seconds", "Wall time of an attempt at a job.", ["kind"], buckets=_BUCKETS)
TRITON_RESTARTS = Counter("viva_triton_restarts", "Restarts of the supervised model server.")


class JobMetrics:
    """Attempts at jobs as histograms."""

    def begun(self, job: LeasedJob) -> None:
        JOB_WAIT_SECONDS.labels(job.lane.value).observe(job.waited_s)

    def ended(self, job: LeasedJob, seconds: float) -> None:
        JOB_SECONDS.labels(job.kind.value).observe(seconds)


class PrometheusObserver:
    """Stage times as a histogram."""

    def observe(self, stage: str, seconds: float) -> None:
        STAGE_SECONDS.labels(stage).observe(seconds)


def serve(port: int, folder: Path) -> None:
    """Serve the metrics of all processes of this node on `http://127.0.0.1:port/metrics`.

    Raises:
        OSError: the port is taken.
        RuntimeError: this process keeps its metrics elsewhere, so the page would stay empty.
    """
    if os.environ.get(_FOLDER_VARIABLE) != str(folder):
        raise RuntimeError(f"{_FOLDER_VARIABLE} must be {folder} in the environment of every process of this node")
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry, path=str(folder))  # type: ignore[no-untyped-call]
    start_http_server(port, addr="127.0.0.1", registry=registry)


def forget_dead(folder: Path) -> None:
    """Drop the gauges of processes that are gone, so that a killed one does not count as busy for ever."""
    for path in folder.glob("gauge_live*_*.db"):
        found = re.search(r"_(\d+)\.db$", path.name)
        if found and not Path("/proc", found[1]).exists():
            multiprocess.mark_process_dead(int(found[1]), path=str(folder))  # type: ignore[no-untyped-call]
