"""The state of the queue over all tenants, and the bound that rests on it, in a real PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator

import psycopg
import pytest

from serving.adapters.postgres.database import PostgresDatabase
from serving.adapters.postgres.queue import PostgresQueue
from serving.adapters.postgres.server import PostgresServer
from serving.api.intake import Intake
from serving.api.limits import AnswerQuota
from serving.domain.errors import Overloaded, QuotaExceeded
from serving.domain.job import Job, JobKind, Lane, Rank
from serving.records.backlog import Backlog
from tests.postgres import new_tenant


class Clock:
    """Stands still until it is moved."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def empty(postgres: PostgresServer, database: PostgresDatabase) -> AsyncIterator[PostgresDatabase]:
    """The queue is over all tenants, so each test begins with an empty one."""
    with psycopg.connect(postgres.owner_url) as owner:
        owner.execute("TRUNCATE jobs, turns")
    yield database


async def add(database: PostgresDatabase, tenant: str, count: int, lane: Lane, rank: Rank = Rank.BULK) -> None:
    async with database.transaction(tenant) as tx:
        kind = JobKind.DELIVER if lane is Lane.ERRAND else JobKind.SCORE
        await tx.enqueue([Job(kind, lane, rank, f"{tenant}/{lane.value}{n}") for n in range(count)])


async def do(database: PostgresDatabase, lane: Lane, count: int) -> None:
    """Lease and end so many jobs."""
    for job in await PostgresQueue(database).lease(lane, count, 30.0):
        async with database.transaction(job.tenant) as tx:
            assert await tx.finish(job)


async def test_the_rate_is_that_of_jobs_which_waited_and_are_done(empty: PostgresDatabase) -> None:
    clock = Clock()
    backlog = Backlog(PostgresQueue(empty), clock)
    await add(empty, "aaa", 30, Lane.TEXT)
    await add(empty, "bbb", 10, Lane.TEXT)
    await backlog.look()
    assert (backlog.of(Lane.TEXT, Rank.BULK).count, backlog.rate) == (40, 0.0)
    await do(empty, Lane.TEXT, 8)
    await add(empty, "aaa", 5, Lane.TEXT)  # what has come meanwhile counts as waiting, not as undone
    clock.now += 2.0
    await backlog.look()
    depth = backlog.of(Lane.TEXT, Rank.BULK)
    assert (depth.count, depth.rate) == (37, pytest.approx(4.0))


async def test_lanes_and_ranks_are_told_apart_and_errands_are_no_answers(empty: PostgresDatabase) -> None:
    clock = Clock()
    backlog = Backlog(PostgresQueue(empty), clock)
    await add(empty, "aaa", 4, Lane.MEDIA)
    await add(empty, "aaa", 2, Lane.MEDIA, Rank.LIVE)
    await add(empty, "aaa", 9, Lane.ERRAND, Rank.INTERACTIVE)
    await backlog.look()
    await do(empty, Lane.MEDIA, 2)  # the live ones go first
    clock.now += 1.0
    await backlog.look()
    assert backlog.of(Lane.MEDIA, Rank.LIVE).rate == pytest.approx(2.0)
    assert backlog.of(Lane.MEDIA, Rank.BULK).rate == 0.0
    assert backlog.of(Lane.MEDIA, Rank.BULK).oldest_s > 0
    assert backlog.answers == 4


async def test_answers_of_all_tenants_are_bounded_and_told_when_there_is_room(empty: PostgresDatabase) -> None:
    clock = Clock()
    backlog = Backlog(PostgresQueue(empty), clock)
    quota = AnswerQuota(empty, intake=Intake(backlog, 20))
    one, other = new_tenant(), new_tenant()
    await add(empty, one, 18, Lane.TEXT)
    await backlog.look()
    await do(empty, Lane.TEXT, 4)
    clock.now += 2.0
    await backlog.look()  # fourteen wait, two a second are done
    await quota.admit(one, 6)
    for tenant in (one, other):
        with pytest.raises(Overloaded) as caught:
            await quota.admit(tenant, 5)
        assert not isinstance(caught.value, QuotaExceeded)  # nothing of the tenant's own
        assert caught.value.metadata == {"queue": "answers", "limit": "20"}
        assert caught.value.retry_after_s == pytest.approx(5 / 2)
    clock.now += 1.0
    await backlog.look()  # nothing of what was admitted came
    await quota.admit(other, 6)


async def test_a_queue_that_was_never_seen_refuses_nobody(empty: PostgresDatabase) -> None:
    Intake(Backlog(PostgresQueue(empty)), 20).admit(20)
