"""How long the queue is and how old, over all tenants: looked at by one process at a time."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from psycopg import AsyncConnection, sql

from serving.adapters.postgres import queries
from serving.adapters.postgres.database import PATIENCE, SYSTEM_ROLE
from serving.domain.job import Lane, Rank

_log = logging.getLogger(__name__)
_SQL: Final = queries.load("watch")
_LIMIT: Final = 100_000


@dataclass(frozen=True, slots=True)
class QueueState:
    """The queue at one moment; lanes and ranks without jobs count zero.

    Attributes:
        waiting: jobs that a worker could begin, counted up to 100,000 for each tenant.
        oldest_s: for how long the oldest of them could have been begun.
        leased: jobs that a worker has.
        delayed: jobs that are to be begun later.
    """

    waiting: dict[tuple[Lane, Rank], int] = field(default_factory=dict)
    oldest_s: dict[tuple[Lane, Rank], float] = field(default_factory=dict)
    leased: dict[Lane, int] = field(default_factory=dict)
    delayed: dict[Lane, int] = field(default_factory=dict)


class QueueWatch:
    """Looks at the queue every few seconds while no other process of the installation does.

    Args:
        url: `postgresql://...` of the role viva_app.

    Attributes:
        state: as it was last seen; None while another process looks, or the database is away.
    """

    def __init__(self, url: str, period_s: float = 10.0) -> None:
        self._url = url
        self._period_s = period_s
        self.state: QueueState | None = None

    async def run(self) -> None:
        """Look for as long as the task runs."""
        while True:
            try:
                async with await AsyncConnection.connect(self._url, autocommit=True, **PATIENCE) as connection:
                    await self._look(connection)
            except (psycopg.Error, OSError) as error:
                _log.warning("the queue cannot be looked at now: %s", type(error).__name__)
            finally:
                self.state = None
            await asyncio.sleep(self._period_s)

    async def _look(self, connection: AsyncConnection[Any]) -> None:
        await connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(SYSTEM_ROLE)))
        await connection.execute(_SQL["in_order"])
        ours = False
        while True:
            if not ours:
                row = await (await connection.execute(_SQL["watch"])).fetchone()
                ours = row is not None and row[0]
            if ours:
                self.state = await look(connection)
            await asyncio.sleep(self._period_s)


async def look(connection: AsyncConnection[Any]) -> QueueState:
    """The queue now, over a connection that has the role viva_system."""
    both = [(lane, rank) for lane in Lane for rank in Rank]
    state = QueueState(dict.fromkeys(both, 0), dict.fromkeys(both, 0.0), dict.fromkeys(Lane, 0), dict.fromkeys(Lane, 0))
    values = {"limit": _LIMIT}
    for lane, rank, count, age_s in await (await connection.execute(_SQL["waiting"], values)).fetchall():
        state.waiting[Lane(lane), Rank(rank)] = count
        state.oldest_s[Lane(lane), Rank(rank)] = age_s
    for lane, leased, delayed in await (await connection.execute(_SQL["begun"], values)).fetchall():
        state.leased[Lane(lane)], state.delayed[Lane(lane)] = leased, delayed
    return state
