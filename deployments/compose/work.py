"""What does durable work inside a scorer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from deployments.compose import resources
from deployments.config import VivaConfig
from serving.adapters.metrics import RECEIVED_BYTES
from serving.adapters.metrics.observers import JobMetrics, PrometheusObserver
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
from serving.pipeline.precedence import Precedence
from serving.pipeline.tracer import Tracer
from serving.records.backlog import Backlog
from serving.records.delivery import Deliver
from serving.records.erasure import Erase
from serving.records.housekeeping import Housekeeping
from serving.records.score_work import ScoreWork
from serving.records.shedding import Shedding
from serving.records.slots import Slots
from serving.records.worker import Worker

_ERRANDS = 16
_LOOK_S = 5.0


class DurableWork:
    """The worker of one scorer, with its own connections.

    Args:
        score: scores one answer.
        slots: places of the lanes that score, shared with calls that are answered at once.
        precedence: of those calls, and of jobs that somebody waits for.
        tracer: where attempts at jobs are told.
    """

    def __init__(
        self,
        config: VivaConfig,
        score: Callable[[Answer], Awaitable[Assessment]],
        slots: Mapping[Lane, Slots],
        precedence: Precedence,
        tracer: Tracer,
    ) -> None:
        self._database = resources.database(config)
        self._egress = resources.egress(config)
        self._heard = asyncio.Event()
        self._doorbell = Doorbell(config.database.url)
        queue, storage, rules = PostgresQueue(self._database), resources.storage(config), CelRules()
        objective_s = config.overload.bulk_turnaround_slo_s
        self._backlog = Backlog(queue) if objective_s else None
        scoring = ScoreWork(
            self._database,
            queue,
            storage,
            self._egress,
            rules,
            FolderSpool(config.spool_dir, RECEIVED_BYTES.labels("fetch").inc),
            score,
            lambda assessment: assessments.to_message(assessment).SerializeToString(),
            config.scorer.timeout_s,
            PrometheusObserver(),
            precedence,
            Shedding(self._backlog, objective_s) if self._backlog else None,
        )
        vacuum = PostgresVacuum(config.database.url)
        handlers = {
            JobKind.SCORE: scoring.run,
            JobKind.DELIVER: Deliver(self._database, queue, self._egress).run,
            JobKind.ERASE: Erase(self._database, queue, storage, vacuum).run,
        }
        spools = (FolderUploads(config.spool_dir), FolderSpool(config.spool_dir))
        self._housekeeping = Housekeeping(self._database, PostgresDue(self._database), storage, rules, spools, vacuum)
        lanes = {**slots, Lane.ERRAND: Slots(_ERRANDS)}
        self._worker = Worker(queue, handlers, lanes, self._heard, JobMetrics(), tracer)

    async def run(self) -> None:
        """Work for as long as the task runs."""
        await self._database.open()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._doorbell.listen(self._heard))
                group.create_task(self._worker.run())
                group.create_task(resources.publish_pool(self._database))
                if self._backlog:
                    group.create_task(self._backlog.watch(_LOOK_S))
                group.create_task(self._housekeeping.run())
        finally:
            await self._egress.close()
            await self._database.close()
