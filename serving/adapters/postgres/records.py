"""Records in their tables: one shape of statement for all kinds."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, LiteralString, TypeVar

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.types.json import Jsonb

from serving.adapters.postgres import filters, paging, statements
from serving.adapters.postgres.codec import from_plain, to_plain
from serving.adapters.postgres.tables import TABLES, Table, column_value
from serving.domain import names
from serving.domain.errors import Conflict, NotFound, Stale
from serving.records.ports import ListQuery, Page

R = TypeVar("R")

# Beside the JSON, where queries need them; they win over what the JSON says.
_OUTSIDE: Final = frozenset({"name", "create_time", "update_time", "etag"})
_MOST_KEPT: Final = 256


class Records:
    """The part of a transaction that stores and reads records.

    Args:
        now: time that is written into what is stored.
        kept: immutable records of earlier transactions, by name; theirs and ours.
    """

    def __init__(
        self, connection: AsyncConnection[Any], tenant: str, now: datetime, kept: dict[str, Any] | None = None
    ) -> None:
        self._kept = {} if kept is None else kept
        self._connection = connection
        self._tenant = tenant
        self._now = now

    async def insert(self, record: R) -> R:
        stored = _with(record, create_time=self._now, update_time=self._now, etag="1")
        values = self._values(stored)
        with self._conflict(values["name"]):
            await self._connection.execute(statements.insert(TABLES[type(record)]), values)
        return stored

    async def ensure(self, record: Any) -> bool:
        statement = statements.insert(TABLES[type(record)], "ON CONFLICT DO NOTHING")
        return bool((await self._connection.execute(statement, self._values(record))).rowcount)

    async def get(self, kind: type[R], name: str, *, lock: bool = False, share: bool = False) -> R:
        found = await self._one(kind, name, "FOR UPDATE" if lock else "FOR SHARE" if share else "")
        if found is None:
            raise NotFound(f"{name} does not exist", field="name")
        return found

    async def find(self, kind: type[R], name: str) -> R | None:
        return await self._one(kind, name, "")

    async def children(self, kind: type[R], parent: str) -> tuple[R, ...]:
        found = await self._connection.execute(
            statements.children(TABLES[kind], below_tenant=parent.count("/") == 1), (self._tenant, parent)
        )
        rows = await found.fetchall()
        return tuple(record_of(kind, row) for row in rows)

    async def replace(self, record: R, etag: str = "") -> R:
        if "\0" in etag:  # no version is written so, and PostgreSQL takes no such text
            etag = names.OWN
        values = {**self._values(_with(record, update_time=self._now)), "etag": etag}
        changed = await self._connection.execute(statements.update(TABLES[type(record)]), values)
        row = await changed.fetchone()
        if row is None:
            await self.get(type(record), values["name"])  # raises when it is not there at all
            raise Stale(f"{values['name']} has changed since it was read", field="etag")
        return _with(record, update_time=self._now, create_time=row[1], etag=str(row[0]))

    async def delete(self, kind: type[Any], name: str) -> bool:
        deleted = await self._connection.execute(statements.delete(TABLES[kind]), (name, self._tenant))
        return bool(deleted.rowcount)

    async def page(self, kind: type[R], query: ListQuery) -> Page[R]:
        return await read_page(self._connection, kind, query, self._tenant)

    async def _one(self, kind: type[R], name: str, lock: LiteralString) -> R | None:
        table = TABLES[kind]
        if table.immutable and name in self._kept and names.tenant_of(name) == self._tenant:
            kept: R = self._kept[name]
            return kept
        row = await (await self._connection.execute(statements.select(table, lock), (name, self._tenant))).fetchone()
        if row is None:
            return None
        record = record_of(kind, row)
        if table.immutable and row[2] < self._now:  # and not of this transaction, which may yet be undone
            while len(self._kept) >= _MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[name] = record
        return record

    def _values(self, record: Any) -> dict[str, Any]:
        body = {key: value for key, value in to_plain(record).items() if key not in _OUTSIDE}
        return {
            "tenant_id": self._tenant,
            "name": record.name,
            "parent": names.parent_of(record.name) or record.name,
            "version": 1,
            "create_time": getattr(record, "create_time", None) or self._now,
            "update_time": self._now,
            "body": Jsonb(body, dumps=_dumps),
            **{column: column_value(record, column) for column in TABLES[type(record)].columns},
        }

    @contextmanager
    def _conflict(self, name: str) -> Iterator[None]:
        try:
            yield
        except psycopg.errors.UniqueViolation as error:
            raise Conflict(f"{name} exists already", field="name") from error


async def read_page(connection: AsyncConnection[Any], kind: type[R], query: ListQuery, tenant: str | None) -> Page[R]:
    """A page of a tenant's records, or with None of all tenants'. Raises `InvalidRequest`."""
    table, size = TABLES[kind], paging.page_size(query.page_size)
    statement, values = list_statement(table, query, tenant, size + 1)
    rows = await (await connection.execute(statement, values)).fetchall()
    records = tuple(record_of(kind, row[:5]) for row in rows[:size])
    if len(rows) <= size:
        return Page(records)
    *_, key, name = rows[size - 1]
    return Page(records, paging.encode(query, [key.isoformat() if isinstance(key, datetime) else key, name]))


def list_statement(
    table: Table, query: ListQuery, tenant: str | None, limit: int
) -> tuple[sql.Composed, dict[str, Any]]:
    """The statement of a page, and its values; the page begins after the token's place. Raises `InvalidRequest`."""
    column, descending = paging.order(table, query.order_by)
    values: dict[str, Any] = {"tenant": tenant, "limit": limit}
    where: list[sql.Composable] = [sql.SQL("tenant_id = %(tenant)s" if tenant is not None else "true")]
    if names.id_of(query.parent) != names.OWN and query.parent.count("/") > 1:
        where.append(sql.SQL("parent = %(parent)s"))
        values["parent"] = query.parent
    for index, one in enumerate(filters.parse(query.filter, table.filters)):
        where.append(
            sql.SQL("{} {} {}").format(
                sql.Identifier(one.column), sql.SQL(one.operator), sql.Placeholder(f"filter_{index}")
            )
        )
        values[f"filter_{index}"] = one.value
    if column not in ("name", "create_time", "update_time"):
        where.append(sql.SQL("{} IS NOT NULL").format(sql.Identifier(column)))
    reader = paging.READERS.get(table.filters[column], paging.as_text)
    where += _after(column, descending, table, paging.decode(query, reader, paging.as_text), values)
    direction = sql.SQL("DESC" if descending else "ASC")
    statement = sql.SQL(
        "SELECT name, version, create_time, update_time, body, {column}, name AS last FROM {table} WHERE {where} "
        "ORDER BY {column} {direction}, name {direction} LIMIT %(limit)s"
    ).format(
        column=sql.Identifier(column),
        table=sql.Identifier(table.name),
        where=sql.SQL(" AND ").join(where),
        direction=direction,
    )
    return statement, values


def _after(
    column: str, descending: bool, table: Table, place: list[Any] | None, values: dict[str, Any]
) -> list[sql.Composable]:
    """What follows a place in the order; puts the place into `values`."""
    comparison = sql.SQL("<" if descending else ">")
    if column == "name":
        # Names of a tenant lie together in the index of all names, and a first page begins where they do.
        first = f"tenants/{values['tenant']}" + ("0" if descending else "/")
        values["after_name"] = place[1] if place else first
        return [sql.SQL("name {} %(after_name)s").format(comparison)] if place or values["tenant"] else []
    if place is None:
        return []
    values["after"], values["after_name"] = place
    return [
        sql.SQL("({}, name) {} (%(after)s::{}, %(after_name)s)").format(
            sql.Identifier(column), comparison, sql.SQL(table.filters[column])
        )
    ]


def record_of(kind: type[R], row: Any) -> R:
    """The record of a row (name, version, create_time, update_time, body)."""
    name, version, create_time, update_time, body = row
    outside = {"name": name, "create_time": create_time, "update_time": update_time, "etag": str(version)}
    record: R = from_plain({**body, **outside}, kind)
    return record


def _with(record: R, **changes: Any) -> R:
    """The record with those of the changes that it has a field for."""
    known = {one.name for one in dataclasses.fields(record)}  # type: ignore[arg-type]  # records are dataclasses
    return dataclasses.replace(record, **{key: value for key, value in changes.items() if key in known})  # type: ignore[type-var]


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
