"""What stands at the edge: credentials, services, queues. Light: a gateway loads no decoder and no model client."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from google.protobuf.descriptor import ServiceDescriptor

from deployments.config import VivaConfig
from serving.adapters.postgres.database import PostgresDatabase
from serving.adapters.postgres.queue import Doorbell
from serving.adapters.spool import FolderSpool
from serving.api.admission import Lane
from serving.api.auth import ApiKeys
from serving.api.roles import RoleService
from serving.api.rpc import Rpc, Service
from serving.api.service import AnswerScorer, ScoringService
from serving.domain.tenant import Caller, Scope
from serving.report import render_report

SERVICES: Final[tuple[ServiceDescriptor, ...]] = tuple(kind.DESCRIPTOR for kind in (ScoringService, RoleService))


class Edge:
    """Everything of one gateway that is not Ray's.

    Attributes:
        services: what answers calls.
        lanes: bounded queues of calls that are answered while the caller waits; for the metrics.
    """

    def __init__(self, config: VivaConfig, scorer: AnswerScorer) -> None:
        gateway = config.gateway
        self._keys = ApiKeys(gateway.api_keys)
        self._database = PostgresDatabase(config.database.url, config.database.connections)
        self._doorbell = Doorbell(self._database, config.database.url)
        text = Lane("text", config.text_concurrency, gateway.text_queue, expected_s=0.1)
        media = Lane("media", config.media_concurrency, gateway.media_queue, expected_s=10.0)
        report = Lane("report", concurrency=2, max_queued=gateway.text_queue, expected_s=0.1)
        scoring = ScoringService(
            scorer, FolderSpool(config.spool_dir), render_report, text_lane=text, media_lane=media, render_lane=report
        )
        self.lanes = (text, media, report)
        self.services: tuple[Service, ...] = (scoring, RoleService(self._database))

    async def run(self) -> None:
        """What goes on beside the calls, for as long as the task runs."""
        await self._database.open()
        await asyncio.gather(self._doorbell.send())

    async def caller(self, call: Rpc, context: Any, request_id: str) -> Caller:
        """Who calls, when they may.

        Args:
            context: of the call: `invocation_metadata()` and `peer()`.

        Raises:
            Unauthorized, Forbidden, QuotaExceeded.
        """
        tenant = self._keys.tenant(context.invocation_metadata(), context.peer())
        caller = Caller(tenant, frozenset(Scope), "local", request_id)
        call.authorize(caller)
        return caller
