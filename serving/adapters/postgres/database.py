"""Connections and transactions. A connection belongs to one tenant for the length of a transaction."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.pq import TransactionStatus
from psycopg_pool import AsyncConnectionPool, PoolTimeout, TooManyRequests

from serving.adapters.postgres.transaction import PostgresTransaction
from serving.domain.errors import InternalFault, StoreUnavailable, VivaError

SYSTEM_ROLE: Final = "viva_system"
_BEGIN_SYSTEM: Final = f"BEGIN; SET LOCAL ROLE {SYSTEM_ROLE}; SET LOCAL synchronous_commit = off".encode()
_TENANTS_KEPT: Final = 1024
_AWAY_RETRY_S: Final = 2.0
_CONNECT_TIMEOUT_S: Final = 3.0
_WAITING_EACH: Final = 64  # who may wait for a connection, for each there may be
# A server that is cut off answers nothing, not even that: the kernel gives the connection up after so many seconds, and
# the server a statement that takes longer than any of ours should.
PATIENCE: Final[dict[str, Any]] = {
    "connect_timeout": int(_CONNECT_TIMEOUT_S),
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 15_000,  # milliseconds
    # Every statement but the count of the queue has an index, and one is planned once: while a table has four rows, a
    # scan of it is cheaper, and would be what is done when it has a season's.
    "options": "-c statement_timeout=60000 -c enable_seqscan=off",
}


@dataclass(frozen=True, slots=True)
class PoolUse:
    """A pool at one moment: connections that are used, that are free, that there may be, and who waits for one."""

    used: int
    free: int
    most: int
    waiting: int


class PostgresDatabase:
    """`Database` over a pool of connections; open it on the event loop that uses it.

    Args:
        url: `postgresql://...` of the role viva_app.
        most: connections at a time.
        took: told the seconds of every transaction, from when it had its connection.
    """

    def __init__(self, url: str, most: int = 8, took: Callable[[float], None] | None = None) -> None:
        self._took = took
        self._most = most
        self._kept: dict[str, Any] = {}
        self._pool = AsyncConnectionPool(
            url,
            min_size=1,
            max_size=most,
            open=False,
            timeout=_CONNECT_TIMEOUT_S,
            max_waiting=_WAITING_EACH * most,
            reconnect_timeout=0,  # nobody waits for an attempt that was made before the database came back
            kwargs={"autocommit": True, "application_name": "viva", **PATIENCE},
        )

    async def open(self) -> None:
        """Begin connecting; does not wait, since the database may come later."""
        await self._pool.open(wait=False)

    def use(self) -> PoolUse:
        """The pool now."""
        stats = self._pool.get_stats()
        size, free = stats.get("pool_size", 0), stats.get("pool_available", 0)
        return PoolUse(size - free, free, self._most, stats.get("requests_waiting", 0))

    async def close(self) -> None:
        """Close the connections; transactions in flight are rolled back."""
        await self._pool.close()

    @asynccontextmanager
    async def transaction(self, tenant: str) -> AsyncIterator[PostgresTransaction]:
        """A transaction of a tenant: row-level security shows its rows only."""
        async with self._begun(_begin(tenant)) as connection:
            yield PostgresTransaction(connection, tenant, self._kept)

    @asynccontextmanager
    async def system(self) -> AsyncIterator[AsyncConnection[Any]]:
        """A transaction that sees callers, work and what is due over all tenants, and nothing else.

        It is not waited for on disk: a lost lease or turn does no harm.
        """
        async with self._begun(_BEGIN_SYSTEM) as connection:
            yield connection

    @asynccontextmanager
    async def _begun(self, begin: bytes) -> AsyncIterator[AsyncConnection[Any]]:
        with _store_errors():
            connection = await self._connection(begin)
            started = time.perf_counter()
            try:
                yield connection
                await connection.execute("COMMIT")
            except BaseException:
                await asyncio.shield(_abandon(connection))
                raise
            finally:
                await asyncio.shield(self._pool.putconn(connection))
                if self._took:
                    self._took(time.perf_counter() - started)

    async def _connection(self, begin: bytes) -> AsyncConnection[Any]:
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


@lru_cache(_TENANTS_KEPT)
def _begin(tenant: str) -> bytes:
    """What begins a transaction of a tenant, made once: quoting takes as long as running it."""
    return sql.SQL("BEGIN; SET LOCAL viva.tenant = {}").format(sql.Literal(tenant)).as_bytes()


class _store_errors:
    """What the driver raises becomes ours; what the block raised itself passes."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, VivaError):
            return
        if isinstance(error, PoolTimeout | TooManyRequests):
            raise StoreUnavailable("too many wait for the database", retry_after_s=_AWAY_RETRY_S) from error
        if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
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
