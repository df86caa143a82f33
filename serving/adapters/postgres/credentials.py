"""Keys and tenants over all tenants, read as the role that may see no more than these and work."""

from __future__ import annotations

from typing import Final

from serving.adapters.postgres import queries
from serving.adapters.postgres.database import PostgresDatabase
from serving.adapters.postgres.records import read_page, record_of
from serving.domain.tenant import ApiKey, Tenant
from serving.records.ports import ListQuery, Page

_SQL: Final = queries.load("credentials")


class PostgresCredentials:
    """`Credentials`."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    async def find(self, key_sha256: str) -> tuple[str, ApiKey] | None:
        async with self._database.system() as connection:
            row = await (await connection.execute(_SQL["find_key"], {"key_sha256": key_sha256})).fetchone()
        return None if row is None else (row[0], record_of(ApiKey, row[1:]))

    async def link_secret(self) -> bytes:
        async with self._database.system() as connection:
            row = await (await connection.execute(_SQL["link_secret"])).fetchone()
        assert row is not None, "the migration wrote it"
        return bytes(row[0])

    async def tenant(self, tenant: str) -> Tenant | None:
        async with self._database.system() as connection:
            row = await (await connection.execute(_SQL["find_tenant"], {"name": f"tenants/{tenant}"})).fetchone()
        return None if row is None else record_of(Tenant, row)

    async def tenants(self, query: ListQuery) -> Page[Tenant]:
        async with self._database.system() as connection:
            return await read_page(connection, Tenant, query, None)
