"""What does durable work inside a scorer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from deployments.compose import resources
from deployments.config import VivaConfig
from serving.adapters.metrics import JobMetrics
from serving.adapters.postgres.database import PostgresDatabase
from serving.adapters.postgres.due import PostgresDue
from serving.adapters.postgres.queue import Doorbell, PostgresQueue
from serving.adapters.postgres.vacuum import PostgresVacuum
from serving.adapters.rules.engine import CelRules
from serving.adapters.spool import FolderSpool
from serving.adapters.spool.uploads import FolderUploads
from serving.api import assessments
from serving.domain.answer import Answer
from serving.domain.assessment import Assessment
from serving.domain.job import JobKind, Lane
from serving.records.delivery import Deliver
from serving.records.erasure import Erase
from serving.records.housekeeping import Housekeeping
from serving.records.score_work import ScoreWork
from serving.records.slots import Slots
from serving.records.worker import Worker

_ERRANDS = 16


class DurableWork:
    """The worker of one scorer, with its own connections.

    Args:
        score: scores one answer.
        slots: places of the lanes that score, shared with calls that are answered at once.
    """

    def __init__(
        self, config: VivaConfig, score: Callable[[Answer], Awaitable[Assessment]], slots: Mapping[Lane, Slots]
    ) -> None:
        self._database = PostgresDatabase(config.database.url, config.database.connections)
        self._egress = resources.egress(config)
        self._heard = asyncio.Event()
        self._doorbell = Doorbell(config.database.url)
        queue, storage, rules = PostgresQueue(self._database), resources.storage(config), CelRules()
        scoring = ScoreWork(
            self._database,
            queue,
            storage,
            self._egress,
            rules,
            FolderSpool(config.spool_dir),
            score,
            lambda assessment: assessments.to_message(assessment).SerializeToString(),
            config.scorer.timeout_s,
        )
        vacuum = PostgresVacuum(config.database.url)
        handlers = {
            JobKind.SCORE: scoring.run,
            JobKind.DELIVER: Deliver(self._database, queue, self._egress).run,
            JobKind.ERASE: Erase(self._database, queue, storage, vacuum).run,
        }
        spools = (FolderUploads(config.spool_dir), FolderSpool(config.spool_dir))
        self._housekeeping = Housekeeping(self._database, PostgresDue(self._database), storage, rules, spools, vacuum)
        self._worker = Worker(queue, handlers, {**slots, Lane.ERRAND: Slots(_ERRANDS)}, self._heard, JobMetrics())

    async def run(self) -> None:
        """Work for as long as the task runs."""
        await self._database.open()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._doorbell.listen(self._heard))
                group.create_task(self._worker.run())
                group.create_task(self._housekeeping.run())
        finally:
            await self._egress.close()
            await self._database.close()
