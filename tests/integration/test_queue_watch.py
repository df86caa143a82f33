"""The queue as metrics see it, in a real PostgreSQL: right, cheap, and looked at by one process at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import psycopg
import pytest
from psycopg import AsyncConnection

from serving.adapters.postgres import queries
from serving.adapters.postgres.database import PostgresDatabase
from serving.adapters.postgres.queue import PostgresQueue
from serving.adapters.postgres.server import PostgresServer
from serving.adapters.postgres.watch import QueueState, QueueWatch, look
from serving.domain.job import Job, JobKind, Lane, Rank

PERIOD_S = 0.05


@pytest.fixture
async def empty(postgres: PostgresServer, database: PostgresDatabase) -> AsyncIterator[PostgresDatabase]:
    with psycopg.connect(postgres.owner_url) as owner:
        owner.execute("TRUNCATE jobs, turns")
    yield database


@pytest.fixture
async def system(postgres: PostgresServer) -> AsyncIterator[AsyncConnection[Any]]:
    async with await AsyncConnection.connect(postgres.app_url, autocommit=True) as connection:
        await connection.execute("SET ROLE viva_system")
        yield connection


async def _add(database: PostgresDatabase, tenant: str, lane: Lane, rank: Rank, count: int, delay_s: float = 0) -> None:
    jobs = [Job(JobKind.SCORE, lane, rank, f"{tenant}/{lane.value}/{index}", delay_s) for index in range(count)]
    async with database.transaction(tenant) as tx:
        await tx.enqueue(jobs)


async def test_what_waits_is_worked_on_or_comes_later_is_counted_over_all_tenants(
    empty: PostgresDatabase, system: AsyncConnection[Any]
) -> None:
    await _add(empty, "aaa", Lane.TEXT, Rank.BULK, 5)
    await _add(empty, "bbb", Lane.TEXT, Rank.BULK, 2)
    await _add(empty, "bbb", Lane.MEDIA, Rank.INTERACTIVE, 3)
    await _add(empty, "bbb", Lane.ERRAND, Rank.INTERACTIVE, 4, delay_s=600)
    await PostgresQueue(empty).lease(Lane.MEDIA, 2, 30.0)
    await system.execute(
        "UPDATE jobs SET ready_at = now() - interval '90 seconds' WHERE tenant_id = 'bbb' AND lane = 'text'"
    )
    state = await look(system)
    assert {key: count for key, count in state.waiting.items() if count} == {
        (Lane.TEXT, Rank.BULK): 7,
        (Lane.MEDIA, Rank.INTERACTIVE): 1,
    }
    assert 90 <= state.oldest_s[Lane.TEXT, Rank.BULK] < 120
    assert state.oldest_s[Lane.TEXT, Rank.LIVE] == 0
    assert state.leased == {Lane.TEXT: 0, Lane.MEDIA: 2, Lane.ERRAND: 0}
    assert state.delayed == {Lane.TEXT: 0, Lane.MEDIA: 0, Lane.ERRAND: 4}


async def test_looking_reads_the_index_and_no_row_of_a_long_queue(
    postgres: PostgresServer, empty: PostgresDatabase, system: AsyncConnection[Any]
) -> None:
    await _add(empty, "large", Lane.TEXT, Rank.BULK, 40_000)
    with psycopg.connect(postgres.owner_url, autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE jobs")
    explain = b"EXPLAIN " + queries.load("watch")["waiting"].encode()
    plan = "\n".join(row[0] for row in await (await system.execute(explain, {"limit": 100_000})).fetchall())
    assert "Seq Scan" not in plan, plan
    assert plan.count("Index Only Scan using jobs_ready") >= 3, plan


async def test_one_looks_at_a_time_and_another_takes_over_when_it_ends(
    postgres: PostgresServer, empty: PostgresDatabase
) -> None:
    first, second = (QueueWatch(postgres.app_url, PERIOD_S) for _ in range(2))
    one = asyncio.create_task(first.run())
    await _until(lambda: first.state)
    other = asyncio.create_task(second.run())
    try:
        await asyncio.sleep(4 * PERIOD_S)
        assert second.state is None
        one.cancel()
        await _until(lambda: second.state)
        assert first.state is None
    finally:
        one.cancel()
        other.cancel()
        await asyncio.gather(one, other, return_exceptions=True)


async def test_a_watch_that_cannot_connect_shows_nothing_and_goes_on(empty: PostgresDatabase) -> None:
    watch = QueueWatch("postgresql://viva_app@127.0.0.1:1/viva", PERIOD_S)
    task = asyncio.create_task(watch.run())
    await asyncio.sleep(4 * PERIOD_S)
    assert watch.state is None and not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _until(read: Callable[[], QueueState | None]) -> None:
    async with asyncio.timeout(30):
        while read() is None:
            await asyncio.sleep(PERIOD_S / 2)
