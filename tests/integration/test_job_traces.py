"""The trace of durable work: kept with the job, gone on in by each attempt, in a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from serving.adapters.postgres import schema
from serving.adapters.postgres.database import PostgresDatabase
from serving.adapters.postgres.queue import PostgresQueue
from serving.adapters.postgres.server import PostgresServer
from serving.adapters.telemetry import TelemetryConfig
from serving.adapters.telemetry.otlp import OtlpTelemetry
from serving.domain import trace
from serving.domain.job import Job, JobKind, JobOutcome, Lane, LeasedJob, Rank
from serving.domain.trace import SAMPLED, TraceContext
from serving.pipeline import tracing
from serving.pipeline.tracer import Kind, NoTracer
from serving.records.slots import Slots
from serving.records.worker import Worker
from tests.postgres import running

CALLER = TraceContext("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", SAMPLED)
LEASE_S = 30.0
PATIENCE_S = 20.0


@pytest.fixture
async def empty(postgres: PostgresServer, database: PostgresDatabase) -> AsyncIterator[PostgresDatabase]:
    """The queue is over all tenants, so each test begins with an empty one."""
    with psycopg.connect(postgres.owner_url) as owner:
        owner.execute("TRUNCATE jobs, turns")
    yield database


async def _add(database: PostgresDatabase) -> None:
    async with database.transaction("acme") as tx:
        await tx.enqueue([Job(JobKind.SCORE, Lane.TEXT, Rank.BULK, "acme/answer")])


class _SecondTime:
    """Gives a job back the first time, and ends it the second."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database
        self._queue = PostgresQueue(database)
        self.ended = asyncio.Event()

    async def __call__(self, job: LeasedJob) -> JobOutcome:
        if job.attempt == 1:
            tracing.current().fail("ModelUnavailable")
            await self._queue.release(job, 0.0)
            return JobOutcome.RETRIED
        async with self._database.transaction(job.tenant) as tx:
            await tx.finish(job)
        self.ended.set()
        return JobOutcome.DONE


async def test_each_attempt_is_a_span_in_the_trace_of_what_made_the_job(empty: PostgresDatabase) -> None:
    exporter = InMemorySpanExporter()
    telemetry = OtlpTelemetry(TelemetryConfig("http://127.0.0.1:1", sample_ratio=0.0), "test", exporter)
    with tracing.entered(NoTracer(), "SubmitAnswer", Kind.SERVER, CALLER, {}):
        await _add(empty)
    doing, heard = _SecondTime(empty), asyncio.Event()
    slots = {Lane.TEXT: Slots(1)}
    worker = Worker(PostgresQueue(empty), {JobKind.SCORE: doing}, slots, heard, None, telemetry.tracer)
    working = asyncio.create_task(worker.run())
    async with asyncio.timeout(PATIENCE_S):
        await doing.ended.wait()
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    telemetry.close()
    first, second = exporter.get_finished_spans()
    for span in (first, second):
        assert span.name == "score text"
        assert span.parent is not None and f"{span.parent.span_id:016x}" == CALLER.span_id
        assert [f"{link.context.trace_id:032x}" for link in span.links] == [CALLER.trace_id]
    told = [(span.attributes or {}) for span in (first, second)]
    assert [one["viva.job.attempt"] for one in told] == [1, 2]
    assert [one["viva.job.outcome"] for one in told] == ["retried", "done"]
    assert [one.get("error.type") for one in told] == ["ModelUnavailable", None]


async def test_a_job_that_no_call_made_begins_a_trace(empty: PostgresDatabase) -> None:
    await _add(empty)
    (job,) = await PostgresQueue(empty).lease(Lane.TEXT, 1, LEASE_S)
    assert job.trace == ""


async def test_a_job_keeps_its_trace_also_where_nobody_records_it(empty: PostgresDatabase) -> None:
    with tracing.entered(NoTracer(), "SubmitAnswer", Kind.SERVER, None, {}):
        trace_id = tracing.trace_id()
        await _add(empty)
    (job,) = await PostgresQueue(empty).lease(Lane.TEXT, 1, LEASE_S)
    kept = trace.parse(job.trace)
    assert kept is not None and kept.trace_id == trace_id


async def test_jobs_outlive_the_way_back_and_forward(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        database = PostgresDatabase(server.app_url)
        await database.open()
        with tracing.entered(NoTracer(), "SubmitAnswer", Kind.SERVER, CALLER, {}):
            await _add(database)
        await asyncio.to_thread(schema.downgrade, server.owner_url, "0001")
        await asyncio.to_thread(schema.upgrade, server.owner_url)
        (job,) = await PostgresQueue(database).lease(Lane.TEXT, 1, LEASE_S)
        assert (job.subject, job.trace) == ("acme/answer", "")
        await database.close()
