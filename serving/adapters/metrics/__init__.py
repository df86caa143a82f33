"""Prometheus metrics of the processes of a node, one definition each. docs/observability.md explains them.

Their values lie in files that all processes of a node write to and its page sums up. prometheus_client chooses this
mode when it is imported, by `PROMETHEUS_MULTIPROC_DIR`; the stack sets it for every process that it starts,
deployments/serve.yaml for every replica. What the node itself measures is in `readings`.

Names follow https://prometheus.io/docs/practices/naming/: base units, `_total` for counters. No label has a value that
a caller chooses, so that the number of series does not grow with use.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
if FOLDER_VARIABLE in os.environ:  # the definitions below open files in it
    Path(os.environ[FOLDER_VARIABLE]).mkdir(parents=True, exist_ok=True, mode=0o700)

# Seconds: from a warm text answer (tens of milliseconds) to a ten-minute video.
_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
_FAST_BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0)
_HOUR_S: Final = 3600.0
# Seconds: from an answer that met an idle worker to a season's backlog of three days.
_TURNAROUND_BUCKETS: Final = (
    *(0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0),
    *(hours * _HOUR_S for hours in (1, 2, 4, 8, 12, 24, 48, 72)),
)

# The edge.
REQUESTS = Counter("viva_requests", "Calls answered, by gRPC code.", ["method", "code"])
REQUEST_ERRORS = Counter("viva_request_errors", "Calls that ended in an error, by its ErrorInfo reason.", ["reason"])
REQUEST_SECONDS = Histogram("viva_request_seconds", "Wall time of a call.", ["method"], buckets=_BUCKETS)
ANSWER_SECONDS = Histogram(
    "viva_answer_seconds", "Wall time of a call that ended with an assessment.", ["queue"], buckets=_BUCKETS
)
QUEUED = Gauge("viva_queued_answers", "Answers waiting at the edge.", ["queue"], multiprocess_mode="livesum")
RUNNING = Gauge("viva_running_answers", "Answers being scored.", ["queue"], multiprocess_mode="livesum")
REFUSED = Counter("viva_refused_answers", "Answers that a queue at the edge refused.", ["queue", "why"])
RECEIVED_BYTES = Counter("viva_received_bytes", "Bytes of media received.", ["by"])

# An answer's life.
STAGE_SECONDS = Histogram("viva_stage_seconds", "Wall time of a stage of one answer.", ["stage"], buckets=_BUCKETS)
MODEL_CALL_SECONDS = Histogram(
    "viva_model_call_seconds",
    "Wall time of a request to a model server, its wait there included.",
    ["model"],
    buckets=_BUCKETS,
)

# Durable work.
JOB_WAIT_SECONDS = Histogram(
    "viva_job_wait_seconds", "From when a job was to be begun until a worker had it.", ["lane"], buckets=_BUCKETS
)
JOB_SECONDS = Histogram("viva_job_seconds", "Wall time of an attempt at a job.", ["kind"], buckets=_BUCKETS)
JOB_ATTEMPTS = Counter("viva_job_attempts", "Attempts at jobs that are over.", ["kind", "outcome"])
TURNAROUND_SECONDS = Histogram(
    "viva_turnaround_seconds",
    "From when an answer was accepted until its first result was stored.",
    ["rank"],
    buckets=_TURNAROUND_BUCKETS,
)

# What it stands on.
TRANSACTION_SECONDS = Histogram(
    "viva_postgres_transaction_seconds", "Wall time of a transaction, its connection in hand.", buckets=_FAST_BUCKETS
)
CONNECTIONS = Gauge("viva_postgres_connections", "Connections of the pools.", ["state"], multiprocess_mode="livesum")
CONNECTION_LIMIT = Gauge(
    "viva_postgres_connections_limit", "Most connections of the pools.", multiprocess_mode="livesum"
)
CONNECTION_WAITERS = Gauge(
    "viva_postgres_waiting_transactions", "Transactions that wait for a connection.", multiprocess_mode="livesum"
)
TRITON_RESTARTS = Counter("viva_triton_restarts", "Restarts of the supervised model server.")
MODEL_RELOADS = Counter("viva_triton_model_reloads", "Models loaded again because their process could not infer.")
