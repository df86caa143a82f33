"""Records in a real PostgreSQL: stored, listed, kept apart by tenant."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import sql

from serving.adapters.postgres import paging, schema
from serving.adapters.postgres.codec import from_plain, to_plain
from serving.adapters.postgres.database import PostgresDatabase
from serving.adapters.postgres.records import list_statement
from serving.adapters.postgres.server import PostgresServer
from serving.adapters.postgres.tables import TABLES
from serving.domain.candidate import Candidate, Resume
from serving.domain.errors import Conflict, InternalFault, InvalidRequest, NotFound, Stale
from serving.domain.interview import Interview, InterviewState, Priority
from serving.domain.report import Report
from serving.domain.role import CompetencyWeight, FollowUp, Lack, Question, Role, RoleContent
from serving.domain.tenant import Tenant
from serving.records.ports import ListQuery
from tests.postgres import caller, new_tenant, running

ROLE = RoleContent(
    competencies=(CompetencyWeight("teamwork", 2.0),),
    languages=("en", "zh"),
    questions=(
        Question("q1", "teamwork", "zh", "讲一次团队合作。", follow_ups=(FollowUp("f1", Lack.ACTION, "你做了什么？"),)),
    ),
    max_follow_ups=0,
)


async def _interviews(database: PostgresDatabase, tenant: str, count: int) -> None:
    async with database.transaction(tenant) as tx:
        for index in range(count):
            await tx.insert(
                Interview(
                    name=f"tenants/{tenant}/interviews/{index:03d}",
                    candidate=f"tenants/{tenant}/candidates/c{index % 3}",
                    role_revision="r",
                    state=InterviewState.OPEN if index % 2 else InterviewState.COMPLETED,
                    deadline_time=datetime(2027, 1, 1, tzinfo=UTC) + timedelta(days=index),
                    priority=Priority.BULK,
                )
            )


async def test_a_record_is_read_as_it_was_stored(database: PostgresDatabase) -> None:
    tenant = new_tenant()
    async with database.transaction(tenant) as tx:
        role = await tx.insert(Role(name=f"tenants/{tenant}/roles/r", display_name="Trainee", content=ROLE))
        candidate = await tx.insert(
            Candidate(name=f"tenants/{tenant}/candidates/c", resume=Resume(text="…", degree="硕士"))
        )
    async with database.transaction(tenant) as tx:
        assert await tx.get(Role, role.name) == role
        assert await tx.get(Candidate, candidate.name) == candidate
    assert role.etag == "1" and role.create_time is not None


async def test_a_change_needs_the_newest_etag_where_one_is_given(database: PostgresDatabase) -> None:
    tenant = new_tenant()
    async with database.transaction(tenant) as tx:
        role = await tx.insert(Role(name=f"tenants/{tenant}/roles/r", display_name="A", content=ROLE))
        changed = await tx.replace(dataclasses.replace(role, display_name="B"), role.etag)
    assert changed.etag != role.etag and changed.create_time == role.create_time
    with pytest.raises(Stale):
        async with database.transaction(tenant) as tx:
            await tx.replace(dataclasses.replace(role, display_name="C"), role.etag)
    async with database.transaction(tenant) as tx:
        assert (await tx.get(Role, role.name)).display_name == "B"
        assert (await tx.replace(dataclasses.replace(role, display_name="D"))).etag == "3"


async def test_a_second_record_of_a_name_is_a_conflict_and_ensuring_it_is_none(database: PostgresDatabase) -> None:
    tenant = new_tenant()
    record = Candidate(name=f"tenants/{tenant}/candidates/c")
    async with database.transaction(tenant) as tx:
        assert await tx.ensure(record)
        assert not await tx.ensure(record)
    with pytest.raises(Conflict):
        async with database.transaction(tenant) as tx:
            await tx.insert(record)


async def test_what_raises_leaves_nothing_behind(database: PostgresDatabase) -> None:
    tenant = new_tenant()
    with pytest.raises(ZeroDivisionError):
        async with database.transaction(tenant) as tx:
            await tx.insert(Candidate(name=f"tenants/{tenant}/candidates/c"))
            raise ZeroDivisionError
    async with database.transaction(tenant) as tx:
        assert await tx.find(Candidate, f"tenants/{tenant}/candidates/c") is None
        async with tx.savepoint():
            await tx.insert(Candidate(name=f"tenants/{tenant}/candidates/kept"))
        with pytest.raises(Conflict):
            async with tx.savepoint():
                await tx.insert(Candidate(name=f"tenants/{tenant}/candidates/kept"))
        assert await tx.find(Candidate, f"tenants/{tenant}/candidates/kept") is not None


@pytest.mark.parametrize("order", ["", "create_time desc", "name", "name desc", "update_time"])
async def test_pages_hold_every_record_once_in_order(database: PostgresDatabase, order: str) -> None:
    tenant = new_tenant()
    await _interviews(database, tenant, 25)
    found, token = [], ""
    async with database.transaction(tenant) as tx:
        while True:
            page = await tx.page(Interview, ListQuery(f"tenants/{tenant}", 10, token, order_by=order))
            found += [one.name[-3:] for one in page.records]
            token = page.next_page_token
            if not token:
                break
    expected = [f"{index:03d}" for index in range(25)]
    assert found == (expected[::-1] if order.endswith("desc") else expected)


async def test_filters_compare_states_names_and_times(database: PostgresDatabase) -> None:
    tenant = new_tenant()
    await _interviews(database, tenant, 12)
    candidate, time = f"tenants/{tenant}/candidates/c1", "2027-01-06T00:00:00Z"
    text = f'state = STATE_OPEN AND candidate = "{candidate}" AND deadline_time < "{time}"'
    async with database.transaction(tenant) as tx:
        page = await tx.page(Interview, ListQuery(f"tenants/{tenant}", filter=text))
    assert [one.name[-3:] for one in page.records] == ["001"]


@pytest.mark.parametrize(
    "text",
    [
        "state =",
        "state ~ OPEN",
        "password = 1",
        "state = OPEN create_time > 2027-01-01T00:00:00Z",
        "create_time > yesterday",
        "create_time > 2027-01-01T00:00:00",
        "state = OPEN OR state = OPEN",
        "; DROP TABLE interviews",
        "state = OPEN AND " * 30,
        'name = "' + "\0" + '"',
    ],
)
async def test_a_filter_that_cannot_be_read_names_the_field(database: PostgresDatabase, text: str) -> None:
    async with database.transaction(new_tenant()) as tx:
        with pytest.raises(InvalidRequest) as caught:
            await tx.page(Interview, ListQuery("tenants/x", filter=text))
    assert caught.value.field == "filter"


async def test_a_page_token_belongs_to_its_list(database: PostgresDatabase) -> None:
    tenant = new_tenant()
    await _interviews(database, tenant, 3)
    async with database.transaction(tenant) as tx:
        token = (await tx.page(Interview, ListQuery(f"tenants/{tenant}", 1))).next_page_token
        for query in (
            ListQuery(f"tenants/{tenant}", 1, token, filter="state = OPEN"),
            ListQuery(f"tenants/{tenant}", 1, token, order_by="name"),
            ListQuery("tenants/other", 1, token),
            ListQuery(f"tenants/{tenant}", 1, token[:-3]),
            ListQuery(f"tenants/{tenant}", 1, "x"),
        ):
            with pytest.raises(InvalidRequest) as caught:
                await tx.page(Interview, query)
            assert caught.value.field == "page_token"
        for query in (
            ListQuery("tenants/x", -1),
            ListQuery("tenants/x", 1001),
            ListQuery("tenants/x", order_by="body"),
        ):
            with pytest.raises(InvalidRequest):
                await tx.page(Interview, query)


async def test_a_request_id_makes_one_thing(database: PostgresDatabase) -> None:
    tenant = new_tenant()
    who = caller(tenant)
    async with database.transaction(tenant) as tx:
        assert await tx.repeat(who, "CreateRole", b"one", "tenants/t/roles/a") is None
    async with database.transaction(tenant) as tx:
        assert await tx.repeat(who, "CreateRole", b"one", "tenants/t/roles/b") == "tenants/t/roles/a"
        for method, body in (("CreateRole", b"two"), ("CreateInterview", b"one")):
            with pytest.raises(Conflict) as caught:
                await tx.repeat(who, method, body, "tenants/t/roles/c")
            assert caught.value.field == "request_id"


async def test_a_request_that_comes_twice_at_once_makes_one_thing(database: PostgresDatabase) -> None:
    tenant = new_tenant()
    who = caller(tenant)

    async def send(name: str) -> str | None:
        async with database.transaction(tenant) as tx:
            return await tx.repeat(who, "CreateRole", b"one", name)

    made = await asyncio.gather(*(send(f"tenants/t/roles/{index}") for index in range(6)))
    first = made.index(None)
    assert made.count(None) == 1
    assert {name for name in made if name} == {f"tenants/t/roles/{first}"}


async def test_no_statement_of_one_tenant_reaches_another(database: PostgresDatabase, postgres: PostgresServer) -> None:
    mine, theirs = new_tenant(), new_tenant()
    async with database.transaction(theirs) as tx:
        secret = await tx.insert(Role(name=f"tenants/{theirs}/roles/secret", display_name="S", content=ROLE))
        await tx.audit(caller(theirs), "CreateRole", secret.name)
    async with database.transaction(mine) as tx:
        assert await tx.find(Role, secret.name) is None
        assert not await tx.delete(Role, secret.name)
        with pytest.raises(NotFound):
            await tx.replace(secret)
        assert (await tx.page(Role, ListQuery(f"tenants/{theirs}"))).records == ()
        assert (await tx.audit_entries(10, "")).records == ()
    with pytest.raises(InternalFault, match="InsufficientPrivilege"):
        async with database.transaction(mine) as tx:
            await tx._connection.execute(
                "INSERT INTO candidates SELECT %s, 'n', 'p', 1, now(), now(), '{}'::jsonb", (theirs,)
            )
    # Without the code, the database itself: the role that serves sees nothing unless it says who it is.
    with psycopg.connect(postgres.app_url) as bare:
        for table in TABLES.values():
            row = bare.execute(f"SELECT count(*) FROM {table.name}").fetchone()
            assert row == (0,), table.name
        row = bare.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user").fetchone()
        assert row == (False, False)


def test_every_table_has_row_level_security(postgres: PostgresServer) -> None:
    with psycopg.connect(postgres.owner_url) as owner:
        rows = owner.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace "
            "AND NOT (relrowsecurity AND relforcerowsecurity)"
        ).fetchall()
    assert {row[0] for row in rows} <= {"alembic_version", "installation", "turns"}  # none holds anything of a tenant's


def test_the_audit_log_can_only_grow(postgres: PostgresServer) -> None:
    for statement in ("UPDATE audit SET actor = ''", "DELETE FROM audit", "UPDATE usage SET media_seconds = 0"):
        with psycopg.connect(postgres.app_url) as bare, pytest.raises(psycopg.errors.InsufficientPrivilege):
            bare.execute(statement)


def test_migrations_go_forward_and_back(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running(tmp_path_factory.mktemp("migrations")) as server:
        before = _shape(server.owner_url)
        schema.upgrade(server.owner_url)  # again is harmless
        assert schema.current(server.owner_url) == schema.newest()
        schema.downgrade(server.owner_url, "base")
        assert schema.current(server.owner_url) == ""
        assert _shape(server.owner_url) == []
        schema.upgrade(server.owner_url)
        assert _shape(server.owner_url) == before


def _shape(url: str) -> list[tuple[object, ...]]:
    """Columns, indexes, policies and grants of all tables but Alembic's own."""
    with psycopg.connect(url) as owner:
        parts = (
            "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'",
            "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
            "SELECT tablename, policyname, roles::text FROM pg_policies",
            "SELECT table_name, grantee, privilege_type FROM information_schema.table_privileges "
            "WHERE table_schema = 'public'",
        )
        rows = [row for part in parts for row in owner.execute(part).fetchall()]
    return sorted((row for row in rows if row[0] != "alembic_version"), key=str)


async def test_lists_are_served_by_an_index_wherever_the_page_stands(
    database: PostgresDatabase, postgres: PostgresServer
) -> None:
    """EXPLAIN of the hot lists against 200,000 interviews and reports: an index scan, without a sort."""
    tenant = new_tenant("large")
    async with database.transaction(tenant) as tx:
        connection = tx._connection
        await connection.execute(
            "INSERT INTO interviews (tenant_id, name, parent, version, create_time, update_time, body, state, "
            "candidate, role_revision) SELECT %(t)s, 'tenants/' || %(t)s || '/interviews/' || i, "
            "'tenants/' || %(t)s, 1, now() + i * interval '1 ms', now() + i * interval '1 ms', '{}', "
            "CASE WHEN i %% 50 = 0 THEN 'open' ELSE "
            "'completed' END, 'c' || i, 'r' FROM generate_series(1, 200000) AS i",
            {"t": tenant},
        )
        await connection.execute(
            "INSERT INTO reports (tenant_id, name, parent, version, create_time, update_time, body, candidate, "
            "role_revision, overall) SELECT %(t)s, 'tenants/' || %(t)s || '/interviews/' || i || '/reports/1', "
            "'tenants/' || %(t)s || '/interviews/' || i, 1, now() + i * interval '1 ms', now(), "
            "'{}', 'c' || i, 'r', i %% 10 FROM generate_series(1, 200000) AS i",
            {"t": tenant},
        )
    with psycopg.connect(postgres.owner_url) as owner:
        owner.execute("ANALYZE interviews, reports")
    async with database.transaction(tenant) as tx:
        late = (datetime.now(UTC) + timedelta(seconds=190)).isoformat()
        for kind, query, key in (
            (Interview, ListQuery(f"tenants/{tenant}"), late),
            (Interview, ListQuery(f"tenants/{tenant}", order_by="create_time desc"), late),
            (Interview, ListQuery(f"tenants/{tenant}", filter="state = OPEN"), late),
            (Interview, ListQuery(f"tenants/{tenant}", order_by="name desc"), f"tenants/{tenant}/interviews/9"),
            (Interview, ListQuery(f"tenants/{tenant}", filter='candidate = "c77"'), late),
            (Report, ListQuery(f"tenants/{tenant}/interviews/-"), late),
            (Report, ListQuery(f"tenants/{tenant}/interviews/77"), late),
            (Report, ListQuery(f"tenants/{tenant}/interviews/-", order_by="overall desc"), 5.0),
        ):
            deep = dataclasses.replace(query, page_token=paging.encode(query, [key, f"tenants/{tenant}/x"]))
            statement, values = list_statement(TABLES[kind], deep, tenant, 51)
            rows = await (await tx._connection.execute(sql.SQL("EXPLAIN ") + statement, values)).fetchall()
            plan = "\n".join(row[0] for row in rows)
            assert "Index" in plan and "Seq Scan" not in plan, plan
            assert "Sort" not in plan.replace("Incremental Sort", ""), plan


async def test_a_tenant_record_survives_its_codec() -> None:
    tenant = Tenant(name="tenants/a", display_name="A", bias_audit_time=datetime(2026, 1, 1, tzinfo=UTC))
    assert from_plain(to_plain(tenant), Tenant) == tenant
