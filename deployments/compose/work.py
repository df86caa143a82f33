"""What does durable work inside a scorer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from deployments.compose import resources
from deployments.config import VivaConfig
from serving.adapters.metrics import JobMetrics
from serving.adapters.postgres.database import PostgresDatabase
from serving.adapters.postgres.queue import Doorbell, PostgresQueue
from serving.adapters.rules.engine import CelRules
from serving.adapters.spool import FolderSpool
from serving.api import assessments
from serving.domain.answer import Answer
from serving.domain.assessment import Assessment
from serving.domain.job import JobKind, Lane
from serving.records.delivery import Deliver
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
        self._doorbell = Doorbell(self._database, config.database.url)
        queue = PostgresQueue(self._database)
        scoring = ScoreWork(
            self._database,
            queue,
            resources.storage(config),
            self._egress,
            CelRules(),
            FolderSpool(config.spool_dir),
            score,
            lambda assessment: assessments.to_message(assessment).SerializeToString(),
            config.scorer.timeout_s,
        )
        delivery = Deliver(self._database, queue, self._egress)
        handlers = {JobKind.SCORE: scoring.run, JobKind.DELIVER: delivery.run}
        self._worker = Worker(queue, handlers, {**slots, Lane.ERRAND: Slots(_ERRANDS)}, self._heard, JobMetrics())

    async def run(self) -> None:
        """Work for as long as the task runs."""
        await self._database.open()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._doorbell.listen(self._heard))
                group.create_task(self._worker.run())
        finally:
            await self._egress.close()
            await self._database.close()
