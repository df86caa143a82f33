"""Attempts at jobs as spans, by OpenTelemetry's conventions for messaging."""

from __future__ import annotations

from contextlib import AbstractContextManager

from serving.domain import trace
from serving.domain.job import LeasedJob
from serving.pipeline import tracing
from serving.pipeline.tracer import Key, Kind, Span, Tracer, Value


def traced(tracer: Tracer, job: LeasedJob) -> AbstractContextManager[Span]:
    """Inside, the attempt is the current span.

    It belongs to the trace of what made the job, also days later, and links to it: whoever made the job did not wait.
    """
    made_by = trace.parse(job.trace)
    about: dict[Key, Value] = {
        Key.MESSAGING_SYSTEM: "postgresql",
        Key.MESSAGING_OPERATION: job.kind.value,
        Key.MESSAGING_OPERATION_TYPE: "process",
        Key.MESSAGING_DESTINATION: job.lane.value,
        Key.MESSAGING_ID: str(job.job_id),
        Key.ATTEMPT: job.attempt,
        Key.WAITED: job.waited_s,
    }
    return tracing.entered(tracer, f"{job.kind.value} {job.lane.value}", Kind.CONSUMER, made_by, about, link=made_by)
