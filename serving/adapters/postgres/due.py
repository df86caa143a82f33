"""What is due over all tenants, as the role that sees times and names, and nothing of what was said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final

from serving.adapters.postgres import queries
from serving.adapters.postgres.database import PostgresDatabase
from serving.records.ports import Due

_SQL: Final = queries.load("housekeeping")
_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_OLD: Final = ("delete_requests", "delete_deliveries", "delete_events", "delete_operations")


class PostgresDue:
    """`DueWork`."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[bool]:
        async with self._database.system() as connection:
            row = await (await connection.execute(_SQL["turn"])).fetchone()
            assert row is not None, "a function has a value"
            yield row[0]

    async def deadlines(self, after: Due | None, limit: int) -> tuple[Due, ...]:
        return await self._due("deadlines", after, limit)

    async def media_ends(self, after: Due | None, limit: int) -> tuple[Due, ...]:
        return await self._due("media_ends", after, limit)

    async def report_ends(self, after: Due | None, limit: int) -> tuple[Due, ...]:
        return await self._due("report_ends", after, limit)

    async def unchecked_media(self, after: Due | None, limit: int) -> tuple[Due, ...]:
        return await self._due("unchecked_media", after, limit)

    async def delete_old(self, limit: int) -> bool:
        more = False
        for query in _OLD:
            async with self._database.system() as connection:
                deleted = await connection.execute(_SQL[query], {"limit": limit})
            more = more or deleted.rowcount == limit
        return more

    async def _due(self, query: str, after: Due | None, limit: int) -> tuple[Due, ...]:
        values = {
            "after_time": after.time if after else _FIRST,
            "after_name": after.name if after else "",
            "limit": limit,
        }
        async with self._database.system() as connection:
            rows = await (await connection.execute(_SQL[query], values)).fetchall()
        return tuple(Due(*row) for row in rows)
