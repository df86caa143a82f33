"""The queue in a real PostgreSQL: fair, fenced, and nothing lost."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest

from serving.adapters.postgres import queries
from serving.adapters.postgres.database import PostgresDatabase
from serving.adapters.postgres.queue import Doorbell, PostgresQueue
from serving.adapters.postgres.server import PostgresServer
from serving.domain.errors import StoreUnavailable
from serving.domain.job import Job, JobKind, Lane, LeasedJob, Rank
from serving.records.slots import Slots
from serving.records.worker import Worker
from tests.postgres import caller, new_tenant, running

LEASE_S = 30.0


@pytest.fixture
async def empty(postgres: PostgresServer, database: PostgresDatabase) -> AsyncIterator[PostgresDatabase]:
    """The queue is over all tenants, so each test begins with an empty one."""
    with psycopg.connect(postgres.owner_url) as owner:
        owner.execute("TRUNCATE jobs, turns")
    yield database


async def _add(
    database: PostgresDatabase, tenant: str, count: int, rank: Rank = Rank.BULK, delay_s: float = 0.0
) -> None:
    async with database.transaction(tenant) as tx:
        await tx.enqueue([Job(JobKind.SCORE, Lane.TEXT, rank, f"{tenant}/{index}", delay_s) for index in range(count)])


async def _finish(database: PostgresDatabase, job: LeasedJob) -> bool:
    async with database.transaction(job.tenant) as tx:
        return await tx.finish(job)


async def test_a_tenant_with_five_answers_does_not_wait_for_one_with_forty_thousand(empty: PostgresDatabase) -> None:
    queue = PostgresQueue(empty)
    await _add(empty, "large", 40_000)
    await _add(empty, "small", 5)
    order: list[str] = []
    while order.count("small") < 5:
        order += [job.tenant for job in await queue.lease(Lane.TEXT, 2, LEASE_S)]
    assert len(order) <= 10


async def test_tenants_take_turns_whatever_each_has(empty: PostgresDatabase) -> None:
    queue = PostgresQueue(empty)
    for tenant, count in (("aaa", 30), ("bbb", 30), ("ccc", 30)):
        await _add(empty, tenant, count)
    order = [job.tenant for _ in range(15) for job in await queue.lease(Lane.TEXT, 1, LEASE_S)]
    assert all(Counter(order[at : at + 3]) == {"aaa": 1, "bbb": 1, "ccc": 1} for at in range(0, 15, 3))
    many = [job.tenant for _ in range(5) for job in await queue.lease(Lane.TEXT, 4, LEASE_S)]
    assert max(Counter(many).values()) - min(Counter(many).values()) <= 1, "a lease of four does not favour anybody"


async def test_a_higher_rank_goes_before_every_lower_one(empty: PostgresDatabase) -> None:
    queue = PostgresQueue(empty)
    await _add(empty, "aaa", 3, Rank.BULK)
    await _add(empty, "aaa", 2, Rank.INTERACTIVE)
    await _add(empty, "bbb", 2, Rank.LIVE)
    order = [job.tenant for _ in range(7) for job in await queue.lease(Lane.TEXT, 1, LEASE_S)]
    assert order == ["bbb", "bbb", "aaa", "aaa", "aaa", "aaa", "aaa"]


async def test_oldest_first_within_a_tenant(empty: PostgresDatabase) -> None:
    queue = PostgresQueue(empty)
    await _add(empty, "aaa", 6)
    leased = [*await queue.lease(Lane.TEXT, 4, LEASE_S), *await queue.lease(Lane.TEXT, 4, LEASE_S)]
    assert [job.subject for job in leased] == [f"aaa/{index}" for index in range(6)]


async def test_a_lane_gives_nothing_of_another(empty: PostgresDatabase) -> None:
    await _add(empty, "aaa", 1)
    assert await PostgresQueue(empty).lease(Lane.MEDIA, 8, LEASE_S) == ()


async def test_many_workers_at_once_never_have_the_same_job(empty: PostgresDatabase) -> None:
    queue = PostgresQueue(empty)
    await _add(empty, "aaa", 200)
    batches = await asyncio.gather(*(queue.lease(Lane.TEXT, 5, LEASE_S) for _ in range(40)))
    ids = [job.job_id for batch in batches for job in batch]
    assert len(ids) == len(set(ids)) == 200


async def test_a_lease_that_ended_gives_the_job_to_another_and_its_first_holder_cannot_end_it(
    empty: PostgresDatabase,
) -> None:
    queue = PostgresQueue(empty)
    await _add(empty, "aaa", 1)
    (first,) = await queue.lease(Lane.TEXT, 1, 0.0)
    (second,) = await queue.lease(Lane.TEXT, 1, LEASE_S)
    assert (second.job_id, second.attempt) == (first.job_id, first.attempt + 1)
    assert await queue.extend([first], LEASE_S) == frozenset()
    assert not await _finish(empty, first)
    await queue.release(first, 0.0)
    assert await queue.lease(Lane.TEXT, 1, LEASE_S) == ()
    assert await _finish(empty, second)
    assert not await _finish(empty, second)


async def test_a_job_given_back_waits_for_its_delay(empty: PostgresDatabase) -> None:
    queue = PostgresQueue(empty)
    await _add(empty, "aaa", 1)
    (job,) = await queue.lease(Lane.TEXT, 1, LEASE_S)
    await queue.release(job, 60.0)
    assert await queue.lease(Lane.TEXT, 1, LEASE_S) == ()
    async with empty.system() as connection:
        await connection.execute("UPDATE jobs SET ready_at = now()")
    (again,) = await queue.lease(Lane.TEXT, 1, LEASE_S)
    assert again.attempt == 2


async def test_a_job_is_there_if_and_only_if_its_transaction_is(empty: PostgresDatabase) -> None:
    queue = PostgresQueue(empty)
    with pytest.raises(ZeroDivisionError):
        async with empty.transaction("aaa") as tx:
            await tx.enqueue([Job(JobKind.SCORE, Lane.TEXT, Rank.BULK, "s")])
            raise ZeroDivisionError
    assert await queue.lease(Lane.TEXT, 1, LEASE_S) == ()
    await _add(empty, "aaa", 1)
    (job,) = await queue.lease(Lane.TEXT, 1, LEASE_S)
    with pytest.raises(ZeroDivisionError):
        async with empty.transaction("aaa") as tx:
            assert await tx.finish(job)
            raise ZeroDivisionError
    assert await _finish(empty, job)


async def test_cancelled_work_cannot_be_ended(empty: PostgresDatabase) -> None:
    queue = PostgresQueue(empty)
    await _add(empty, "aaa", 1)
    (job,) = await queue.lease(Lane.TEXT, 1, LEASE_S)
    async with empty.transaction("bbb") as tx:
        assert not await tx.cancel(job.subject)  # another tenant's
    async with empty.transaction("aaa") as tx:
        assert await tx.cancel(job.subject)
    assert not await _finish(empty, job)


@pytest.mark.parametrize("analysed", ["when they are there", "while they are written"])
async def test_the_lease_query_looks_at_tenants_and_not_at_jobs(
    empty: PostgresDatabase, postgres: PostgresServer, analysed: str
) -> None:
    with psycopg.connect(postgres.owner_url, autocommit=True) as owner:
        async with empty.transaction("large") as tx:
            await tx.enqueue([Job(JobKind.SCORE, Lane.TEXT, Rank.BULK, f"large/{index}") for index in range(50_000)])
            # Now the table has pages and no row: what PostgreSQL itself does when it happens to look at this moment.
            owner.execute("ANALYZE jobs")
        if analysed == "when they are there":
            owner.execute("ANALYZE jobs")
    for index in range(20):
        await _add(empty, f"tenant-{index}", 3)
    async with empty.system() as connection:
        values = {"lane": "text", "count": 8, "lease_s": 1.0}
        await connection.execute(queries.load("queue")["lease_lock"], values)
        plan = await connection.execute(
            "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + queries.load("queue")["lease"], values
        )
        (root,) = (await plan.fetchone() or ([],))[0]
    scanned = _rows_scanned(root["Plan"], "jobs")
    assert 0 < scanned < 2_000, scanned


def _rows_scanned(plan: dict[str, object], table: str) -> float:
    """Rows that the scans of a table gave, over all their loops."""
    here = 0.0
    if plan.get("Relation Name") == table and "Scan" in str(plan["Node Type"]):
        here = float(str(plan["Actual Rows"])) * float(str(plan["Actual Loops"]))
        here += float(str(plan.get("Rows Removed by Filter", 0)))
    below = plan.get("Plans", [])
    assert isinstance(below, list)
    return here + sum(_rows_scanned(one, table) for one in below)


class _Doing:
    """A handler that ends its jobs, and remembers them."""

    def __init__(self, database: PostgresDatabase, work_s: float = 0.0) -> None:
        self.database = database
        self.work_s = work_s
        self.done: list[str] = []
        self.cancelled: list[str] = []
        self.most = self.now = 0

    async def __call__(self, job: LeasedJob) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(self.work_s)
            if await _finish(self.database, job):
                self.done.append(job.subject)
        except asyncio.CancelledError:
            self.cancelled.append(job.subject)
            raise
        finally:
            self.now -= 1


async def _until(condition: object, seconds: float = 20.0) -> None:
    assert callable(condition)
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


async def test_a_worker_is_woken_works_in_its_slots_and_stops(
    empty: PostgresDatabase, postgres: PostgresServer
) -> None:
    doing, heard = _Doing(empty, work_s=0.01), asyncio.Event()
    doorbell = Doorbell(postgres.app_url)
    worker = Worker(PostgresQueue(empty), {JobKind.SCORE: doing}, {Lane.TEXT: Slots(3)}, heard)
    tasks = [asyncio.create_task(one) for one in (doorbell.send(), doorbell.listen(heard), worker.run())]
    await _add(empty, "aaa", 40)
    doorbell.ring()
    await _until(lambda: len(doing.done) == 40)
    assert 1 < doing.most <= 3
    doing.work_s = 60.0
    await _add(empty, "aaa", 1)
    doorbell.ring()
    await _until(lambda: doing.now == 1)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert doing.cancelled == ["aaa/0"]


async def test_a_job_that_another_took_over_is_stopped(
    empty: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.records.worker._RENEW_S", 0.1)
    doing = _Doing(empty, work_s=60.0)
    worker = Worker(PostgresQueue(empty), {JobKind.SCORE: doing}, {Lane.TEXT: Slots(1)}, asyncio.Event())
    task = asyncio.create_task(worker.run())
    await _add(empty, "aaa", 1)
    await _until(lambda: doing.now == 1)
    async with empty.transaction("aaa") as tx:
        await tx.cancel("aaa/0")
    await _until(lambda: doing.cancelled == ["aaa/0"])
    doing.work_s = 0.0
    await _add(empty, "bbb", 1)  # and the worker goes on
    await _until(lambda: doing.done == ["bbb/0"])
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_job_that_comes_again_while_we_work_on_it_ends_once_and_the_worker_goes_on(
    empty: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a database that was killed before the lease was on its disk."""
    monkeypatch.setattr("serving.records.worker._RENEW_S", 60.0)
    doing = _Storing(empty, work_s=1.5)  # longer than the worker waits before it looks again
    worker = Worker(PostgresQueue(empty), {JobKind.SCORE: doing}, {Lane.TEXT: Slots(4)}, asyncio.Event())
    task = asyncio.create_task(worker.run())
    tenant = new_tenant()
    await _add(empty, tenant, 1)
    await _until(lambda: len(worker._running) == 1)
    async with empty.system() as connection:
        await connection.execute("UPDATE jobs SET ready = true, lease = NULL")
    await _until(lambda: len(doing.done) == 2)
    await _add(empty, tenant, 1)
    await _until(lambda: len(doing.done) == 3)
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await _stored(empty, tenant) == [f"{tenant}/0", f"{tenant}/0"]


async def test_a_handler_that_fails_leaves_its_job_to_the_end_of_its_lease(empty: PostgresDatabase) -> None:
    calls: list[int] = []

    async def failing(job: LeasedJob) -> None:
        calls.append(job.attempt)
        raise ZeroDivisionError

    worker = Worker(PostgresQueue(empty), {JobKind.SCORE: failing}, {Lane.TEXT: Slots(1)}, asyncio.Event())
    task = asyncio.create_task(worker.run())
    await _add(empty, "aaa", 1)
    await _until(lambda: calls == [1])
    async with empty.system() as connection:
        await connection.execute("UPDATE jobs SET ready_at = now()")
    await _until(lambda: calls == [1, 2])
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_database_that_is_killed_costs_no_job(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        database = PostgresDatabase(server.app_url)
        await database.open()
        doing, heard = _Storing(database, work_s=0.005), asyncio.Event()
        doorbell = Doorbell(server.app_url)
        worker = Worker(PostgresQueue(database), {JobKind.SCORE: doing}, {Lane.TEXT: Slots(4)}, heard)
        tasks = [asyncio.create_task(one) for one in (doorbell.send(), doorbell.listen(heard), worker.run())]
        await _add(database, "aaa", 300)
        doorbell.ring()
        for seen in (60, 150):
            await _until(lambda seen=seen: len(doing.done) > seen)
            _kill(server)
        await _until(lambda: len(set(doing.done)) == 300, 60.0)
        assert await _stored(database, "aaa") == sorted(f"aaa/{index}" for index in range(300))  # each once
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await database.close()


class _Storing(_Doing):
    """Ends each job together with an entry that tells of it, once the database is there."""

    async def __call__(self, job: LeasedJob) -> None:
        await asyncio.sleep(self.work_s)
        while True:
            try:
                async with self.database.transaction(job.tenant) as tx:
                    if await tx.finish(job):
                        await tx.audit(caller(job.tenant), "Score", job.subject)
                self.done.append(job.subject)
                return
            except StoreUnavailable:
                await asyncio.sleep(0.1)


async def _stored(database: PostgresDatabase, tenant: str) -> list[str]:
    async with database.transaction(tenant) as tx:
        return sorted(entry.resource for entry in (await tx.audit_entries(1000, "")).records)


def _kill(server: PostgresServer) -> None:
    """End the postmaster, and with it every connection."""
    os.kill(int((server.log_path.parent / "postgres/postmaster.pid").read_text().split()[0]), signal.SIGKILL)


async def test_slots_go_to_those_who_wait_in_order() -> None:
    slots, order = Slots(1), []

    async def use(name: str) -> None:
        async with slots.one():
            order.append(name)
            await asyncio.sleep(0)

    slots.begin(1, of=await slots.take_free())
    tasks = [asyncio.create_task(use(name)) for name in "abc"]
    await asyncio.sleep(0)
    tasks[1].cancel()
    slots.give(1)
    await asyncio.gather(*tasks, return_exceptions=True)
    assert order == ["a", "c"]
    assert await slots.take_free() == 1
