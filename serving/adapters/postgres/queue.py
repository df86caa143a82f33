"""The workers' side of the queue, and the call that wakes them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any, Final

import psycopg
from psycopg import AsyncConnection

from serving.adapters.postgres import queries
from serving.adapters.postgres.database import PATIENCE, PostgresDatabase
from serving.domain.job import JobKind, Lane, LeasedJob, Rank
from serving.records.ports import Waiting

_SQL: Final = queries.load("queue")
_CHANNEL: Final = "viva_jobs"
_RECONNECT_S: Final = 0.5
_RINGS_S: Final = 0.05  # the first at once, those that follow in it together


class PostgresQueue:
    """`JobQueue`."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    async def lease(self, lane: Lane, count: int, lease_s: float) -> tuple[LeasedJob, ...]:
        values = {"lane": lane.value, "count": count, "lease_s": lease_s}
        async with self._database.system() as connection:
            async with connection.pipeline():
                await connection.execute(_SQL["lease_lock"], values)
                await connection.execute(_SQL["promote"], values)
                leased = await connection.execute(_SQL["lease"], values)
            rows = await leased.fetchall()
        return tuple(
            LeasedJob(job_id, tenant, JobKind(kind), Lane(lane_word), subject, lease, attempt, waited_s, trace or "")
            for job_id, tenant, kind, lane_word, subject, lease, attempt, waited_s, trace in rows
        )

    async def extend(self, jobs: Sequence[LeasedJob], lease_s: float) -> frozenset[str]:
        values = {
            "job_ids": [job.job_id for job in jobs],
            "leases": [job.lease for job in jobs],
            "lease_s": lease_s,
        }
        async with self._database.system() as connection:
            rows = await (await connection.execute(_SQL["extend"], values)).fetchall()
        return frozenset(row[0] for row in rows)

    async def release(self, job: LeasedJob, delay_s: float) -> None:
        values = {"job_id": job.job_id, "lease": job.lease, "delay_s": delay_s}
        async with self._database.system() as connection:
            await connection.execute(_SQL["release"], values)

    async def waiting(self, newest: int) -> tuple[Waiting, ...]:
        async with self._database.system() as connection:
            rows = await (await connection.execute(_SQL["backlog"], {"newest": newest})).fetchall()
        return tuple(Waiting(Lane(lane), Rank(rank), *counted) for lane, rank, *counted in rows)


class Doorbell:
    """Wakes workers when there is work; one that is missed costs them no more than their own poll.

    A NOTIFY takes a lock over the whole database when its transaction commits, so it is sent after the transactions
    that made the work, and once for many of them.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """There is work; returns at once."""
        self._rung.set()

    async def send(self) -> None:
        """Send rings for as long as the task runs."""
        while True:
            with contextlib.suppress(psycopg.Error, OSError):
                async with await self._connect() as connection:
                    while True:
                        await self._rung.wait()
                        self._rung.clear()
                        await connection.execute(f"NOTIFY {_CHANNEL}")
                        await asyncio.sleep(_RINGS_S)
            await asyncio.sleep(_RECONNECT_S)  # what was rung meanwhile is found by the workers' own look

    async def listen(self, heard: asyncio.Event) -> None:
        """Set `heard` at every ring, for as long as the task runs."""
        while True:
            with contextlib.suppress(psycopg.Error, OSError):
                async with await self._connect() as connection:
                    await connection.execute(f"LISTEN {_CHANNEL}")
                    heard.set()  # what was sent before is looked for
                    async for _ in connection.notifies():
                        heard.set()
            await asyncio.sleep(_RECONNECT_S)

    async def _connect(self) -> AsyncConnection[Any]:
        return await AsyncConnection.connect(self._url, autocommit=True, **PATIENCE)
