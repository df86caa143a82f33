"""Connections and transactions. A connection belongs to one tenant for the length of a transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.pq import TransactionStatus
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from serving.adapters.postgres.transaction import PostgresTransaction
from serving.domain.errors import InternalFault, StoreUnavailable, VivaError

SYSTEM_ROLE: Final = "viva_system"
_AWAY_RETRY_S: Final = 2.0
_CONNECT_TIMEOUT_S: Final = 3.0
# A server that is cut off answers nothing, not even that: the kernel gives the connection up after so many seconds, and
# the server a statement that takes longer than any of ours should.
PATIENCE: Final[dict[str, Any]] = {
    "connect_timeout": int(_CONNECT_TIMEOUT_S),
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 15_000,  # milliseconds
    "options": "-c statement_timeout=60000",
}


class PostgresDatabase:
    """`Database` over a pool of connections; open it on the event loop that uses it.

    Args:
        url: `postgresql://...` of the role viva_app.
        most: connections at a time.
    """

    def __init__(self, url: str, most: int = 8) -> None:
        self._most = most
        self._kept: dict[str, Any] = {}
        self._pool = AsyncConnectionPool(
            url,
            min_size=1,
            max_size=most,
            open=False,
            timeout=_CONNECT_TIMEOUT_S,
            reconnect_timeout=0,  # nobody waits for an attempt that was made before the database came back
            kwargs={"autocommit": True, "application_name": "viva", **PATIENCE},
        )

    async def open(self) -> None:
        """Begin connecting; does not wait, since the database may come later."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Close the connections; transactions in flight are rolled back."""
        await self._pool.close()

    @asynccontextmanager
    async def transaction(self, tenant: str) -> AsyncIterator[PostgresTransaction]:
        """A transaction of a tenant: row-level security shows its rows only."""
        begin = sql.SQL("BEGIN; SELECT set_config('viva.tenant', {}, true)").format(sql.Literal(tenant))
        async with self._begun(begin) as connection:
            yield PostgresTransaction(connection, tenant, self._kept)

    @asynccontextmanager
    async def system(self) -> AsyncIterator[AsyncConnection[Any]]:
        """A transaction that sees callers, work and what is due over all tenants, and nothing else.

        It is not waited for on disk: a lost lease or turn does no harm.
        """
        begin = sql.SQL("BEGIN; SET LOCAL ROLE {}; SET LOCAL synchronous_commit = off").format(
            sql.Identifier(SYSTEM_ROLE)
        )
        async with self._begun(begin) as connection:
            yield connection

    @asynccontextmanager
    async def _begun(self, begin: sql.Composed) -> AsyncIterator[AsyncConnection[Any]]:
        with _store_errors():
            connection = await self._connection(begin)
            try:
                yield connection
                await connection.execute("COMMIT")
            except BaseException:
                await asyncio.shield(_abandon(connection))
                raise
            finally:
                await asyncio.shield(self._pool.putconn(connection))

    async def _connection(self, begin: sql.Composed) -> AsyncConnection[Any]:
        """A connection on which the transaction has begun. After a restart of the server each one in the pool is
        broken and says so only when it is used, so as many are tried."""
        for _ in range(self._most):
            connection = await self._pool.getconn()
            try:
                await connection.execute(begin)
                return connection
            except psycopg.OperationalError:
                await self._pool.putconn(connection)  # dropped there, for it is broken
            except BaseException:
                await asyncio.shield(_abandon(connection))
                await asyncio.shield(self._pool.putconn(connection))
                raise
        connection = await self._pool.getconn()
        await connection.execute(begin)
        return connection


class _store_errors:
    """What the driver raises becomes ours; what the block raised itself passes."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, VivaError):
            return
        if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError | PoolTimeout):
            raise StoreUnavailable("the database cannot be reached now", retry_after_s=_AWAY_RETRY_S) from error
        if isinstance(error, psycopg.errors.UndefinedTable):  # gateways may start before the migration has run
            raise StoreUnavailable("the database has no schema yet", retry_after_s=_AWAY_RETRY_S) from error
        if isinstance(error, psycopg.Error):
            # Without its text: PostgreSQL quotes the values of a statement, and faults are logged.
            raise InternalFault(f"PostgreSQL refused a statement: {type(error).__name__} ({error.sqlstate})") from None


async def _abandon(connection: AsyncConnection[Any]) -> None:
    """Roll back, or close what cannot be rolled back."""
    try:
        if connection.info.transaction_status != TransactionStatus.IDLE:
            await connection.execute("ROLLBACK")
    except psycopg.Error:
        await connection.close()
