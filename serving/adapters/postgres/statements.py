"""Statements of records, made once for each table: composing and quoting one takes as long as running it."""

from __future__ import annotations

from functools import cache
from typing import Final, LiteralString

from psycopg import sql

from serving.adapters.postgres.tables import Table

_COMMON: Final = ("tenant_id", "name", "parent", "version", "create_time", "update_time", "body")
_FIXED: Final = frozenset({"tenant_id", "name", "parent", "version", "create_time"})
# Equal, and not by an index: while a table's statistics are those of its first rows, an index that begins with the
# tenant looks as good as the name's own, and a statement planned with it reads all that a tenant has.
_OF_TENANT: Final = "tenant_id IS NOT DISTINCT FROM"
_SELECT: Final = "SELECT name, version, create_time, update_time, body FROM {table}"


def insert(table: Table, on_conflict: LiteralString = "") -> bytes:
    """Stores a row; its values by the names of the columns."""
    return _made(
        "INSERT INTO {table} ({columns}) VALUES ({values}) " + on_conflict, table.name, (*_COMMON, *table.columns)
    )


def update(table: Table) -> bytes:
    """Changes a row where `etag` is empty or its version; gives version and create_time."""
    return _made(
        f"UPDATE {{table}} SET version = version + 1, {{changes}} WHERE name = %(name)s AND {_OF_TENANT} %(tenant_id)s "
        "AND (%(etag)s = '' OR version::text = %(etag)s) RETURNING version, create_time",
        table.name,
        (*_COMMON, *table.columns),
    )


def select(table: Table, lock: LiteralString = "") -> bytes:
    """The row of a name (first value) and tenant (second)."""
    return _made(_SELECT + f" WHERE name = %s AND {_OF_TENANT} %s " + lock, table.name)


def children(table: Table, below_tenant: bool) -> bytes:
    """The rows of a tenant (first value) below a parent (second), oldest first.

    Args:
        below_tenant: the parent is the tenant itself: then its index is the one to read.
    """
    tenant = "tenant_id =" if below_tenant else _OF_TENANT
    return _made(_SELECT + f" WHERE {tenant} %s AND parent = %s ORDER BY create_time, name", table.name)


def delete(table: Table) -> bytes:
    """Deletes the row of a name (first value) and tenant (second)."""
    return _made(f"DELETE FROM {{table}} WHERE name = %s AND {_OF_TENANT} %s", table.name)


@cache
def _made(text: LiteralString, table: str, columns: tuple[str, ...] = ()) -> bytes:
    statement = sql.SQL(text).format(
        table=sql.Identifier(table),
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        values=sql.SQL(", ").join(map(sql.Placeholder, columns)),
        changes=sql.SQL(", ").join(
            sql.SQL("{} = {}").format(sql.Identifier(column), sql.Placeholder(column))
            for column in columns
            if column not in _FIXED
        ),
    )
    return statement.as_bytes()
