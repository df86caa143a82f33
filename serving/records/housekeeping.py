"""What is done by the clock, over all tenants, by one process at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from serving.domain.errors import NotFound, StoreUnavailable
from serving.records import retention
from serving.records.objects import StorageClasses
from serving.records.ports import Database, Due, DueWork, Sweepable, Vacuum
from serving.records.screening_ports import RuleEngine

logger = logging.getLogger("viva.housekeeping")

_PAUSE_S: Final = 60.0
_BATCH: Final = 200  # of each kind, so that a flood of one kind does not keep the others waiting
_OLD_BATCH: Final = 1_000  # rows of a statement, which holds their locks for some hundredths of a second
_ABANDONED_S: Final = 86_400.0  # longer than any stream, and than anything that is scored


class Housekeeping:
    """Ends what has come to its end: deadlines, retention, and what nobody asks for any more.

    Run it in each process that works; one at a time has the turn.

    Args:
        spools: where unfinished uploads lie, and media that are worked on.
    """

    def __init__(
        self,
        database: Database,
        due: DueWork,
        storage: StorageClasses,
        rules: RuleEngine,
        spools: Sequence[Sweepable],
        vacuum: Vacuum,
    ) -> None:
        self._database = database
        self._due = due
        self._storage = storage
        self._rules = rules
        self._spools = spools
        self._vacuum = vacuum
        self._deletes = False
        # Media come last: they are given up by what comes before.
        self._walks = (
            _Walk(due.deadlines, self._end_by_deadline),
            _Walk(due.media_ends, self._end_media),
            _Walk(due.report_ends, self._end_interview),
            _Walk(due.unchecked_media, self._delete_media),
        )

    async def run(self) -> None:
        """Keep house for as long as the task runs."""
        while True:
            more = False
            try:
                more = await self.turn()
            except StoreUnavailable as error:
                logger.warning("housekeeping waits: %s", error.message)
            except Exception:
                logger.exception("housekeeping failed")
            if not more:
                await asyncio.sleep(_PAUSE_S)

    async def turn(self) -> bool:
        """Do some of everything that is due, if it is our turn; whether there may be more.

        Raises:
            StoreUnavailable: a store is away; what is not done is done at another time.
        """
        async with self._due.turn() as ours:
            if not ours:
                return False
            more = [await walk.go() for walk in self._walks]
            more.append(await self._due.delete_old(_OLD_BATCH))
            for spool in self._spools:
                await asyncio.to_thread(spool.sweep, _ABANDONED_S)
        if self._deletes and not any(more):
            self._deletes = False
            await self._vacuum.run()
        return any(more)

    async def _end_by_deadline(self, due: Due) -> None:
        async with self._database.transaction(due.tenant) as tx:
            await retention.end_by_deadline(tx, due.name, self._rules)

    async def _end_media(self, due: Due) -> None:
        async with self._database.transaction(due.tenant) as tx:
            await retention.end_media(tx, due.name)

    async def _end_interview(self, due: Due) -> None:
        async with self._database.transaction(due.tenant) as tx:
            await retention.end_interview(tx, due.name)
        self._deletes = True

    async def _delete_media(self, due: Due) -> None:
        async with self._database.transaction(due.tenant) as tx:
            await retention.delete_media(tx, self._storage, due.tenant, due.name)


class _Walk:
    """Goes through what is due batch by batch, and begins anew at the end: what cannot be done does not hold the rest
    up, and is met again."""

    def __init__(
        self,
        find: Callable[[Due | None, int], Awaitable[tuple[Due, ...]]],
        do: Callable[[Due], Awaitable[None]],
    ) -> None:
        self._find = find
        self._do = do
        self._after: Due | None = None

    async def go(self) -> bool:
        """Do a batch; whether there may be more. Raises `StoreUnavailable`."""
        found = await self._find(self._after, _BATCH)
        for due in found:
            try:
                await self._do(due)
            except NotFound:
                pass  # it was deleted meanwhile
            except StoreUnavailable:
                raise
            except Exception:
                logger.exception("what was due at %s could not be done", due.time.isoformat())
            self._after = due
        if len(found) < _BATCH:
            self._after = None
            return False
        return True
