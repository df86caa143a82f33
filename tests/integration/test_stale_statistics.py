"""Statistics of a table are those of when PostgreSQL last looked. A queue that was empty then, or the first answers of
a season, must not make a statement read all that a tenant has."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import psycopg
import pytest

from serving.adapters.postgres import statements
from serving.adapters.postgres.database import PostgresDatabase
from serving.adapters.postgres.queue import PostgresQueue
from serving.adapters.postgres.server import PostgresServer
from serving.adapters.postgres.tables import TABLES
from serving.adapters.postgres.transaction import PostgresTransaction
from serving.domain.job import Job, JobKind, Lane, Rank
from serving.domain.submission import Submission
from tests import postgres as servers

TENANT: Final = "acme"
ROWS: Final = 5_000
PLANNED_ONCE: Final = 12  # runs after which neither driver nor server plans a statement anew
INTERVIEW: Final = f"tenants/{TENANT}/interviews/spring"
_ANSWERS: Final = """
INSERT INTO answers (tenant_id, name, parent, version, create_time, update_time, body, state, question_id)
SELECT %(tenant)s, %(interview)s || number || '/answers/1', %(interview)s || number, 1, now(), now(), '{}', 'queued',
       'q'
FROM generate_series(%(first)s::int, %(last)s::int) AS number
"""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A PostgreSQL of its own that looks at these tables when it is told to."""
    with tempfile.TemporaryDirectory(prefix="vs-", dir="/tmp") as folder, servers.running(Path(folder)) as running:
        with psycopg.connect(running.owner_url) as owner:
            for table in ("answers", "jobs"):
                owner.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
        yield running


@pytest.fixture
async def database(server: PostgresServer) -> AsyncIterator[PostgresDatabase]:
    opened = PostgresDatabase(server.app_url, most=1)
    await opened.open()
    yield opened
    await opened.close()


async def read(tx: PostgresTransaction, table: str) -> int:
    """Rows of a table that this transaction has looked at so far."""
    looked = "SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables"
    rows = await tx._connection.execute(f"{looked} WHERE relname = %s", [table])
    row = await rows.fetchone()
    assert row is not None
    return int(row[0])


async def write_answers(database: PostgresDatabase, first: int, last: int) -> None:
    async with database.transaction(TENANT) as tx:
        values = {"tenant": TENANT, "interview": INTERVIEW, "first": first, "last": last}
        await tx._connection.execute(_ANSWERS, values)


async def test_an_answer_is_read_by_its_name(database: PostgresDatabase, server: PostgresServer) -> None:
    select, key = statements.select(TABLES[Submission]), [f"{INTERVIEW}3/answers/1", TENANT]
    children, parent = statements.children(TABLES[Submission], below_tenant=False), [TENANT, f"{INTERVIEW}3"]
    await write_answers(database, 1, 4)
    with psycopg.connect(server.owner_url, autocommit=True) as owner:
        owner.execute("ANALYZE answers")
    for _ in range(PLANNED_ONCE):
        async with database.transaction(TENANT) as tx:
            await tx._connection.execute(select, key)
            await tx.states(key[:1])
            await tx._connection.execute(children, parent)
    await write_answers(database, 5, ROWS)
    async with database.transaction(TENANT) as tx:
        assert (await tx._connection.execute(select, key)).rowcount == 1
        assert set(await tx.states(key[:1])) == set(key[:1])
        assert (await tx._connection.execute(children, parent)).rowcount == 1
        assert await read(tx, "answers") < 100


async def test_a_job_ends_by_its_number(database: PostgresDatabase, server: PostgresServer) -> None:
    queue = PostgresQueue(database)
    with psycopg.connect(server.owner_url, autocommit=True) as owner:
        async with database.transaction(TENANT) as tx:
            await tx.enqueue([Job(JobKind.SCORE, Lane.TEXT, Rank.BULK, f"s/{number}") for number in range(ROWS)])
            owner.execute("ANALYZE jobs")
    (job,) = await queue.lease(Lane.TEXT, 1, 30.0)
    async with database.transaction(TENANT) as tx:
        assert await tx.finish(job)
        assert await read(tx, "jobs") < 100


async def test_another_tenant_and_nobody_see_none_of_it(database: PostgresDatabase, server: PostgresServer) -> None:
    name = f"{INTERVIEW}7/answers/1"
    async with database.transaction("other") as tx:
        assert await tx.states([name]) == {}
        rows = await tx._connection.execute("SELECT count(*) FROM answers")
        assert await rows.fetchone() == (0,)
    with psycopg.connect(server.app_url) as nobody:
        assert nobody.execute("SELECT count(*) FROM answers").fetchone() == (0,)
