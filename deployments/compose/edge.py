"""What stands at the edge: credentials, services, queues. Light: a gateway loads no decoder and no model client."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from google.protobuf.descriptor import ServiceDescriptor

from deployments.compose import resources
from deployments.config import VivaConfig
from serving.adapters.jwt.tokens import IssuedTokens
from serving.adapters.metrics import RECEIVED_BYTES
from serving.adapters.metrics.observers import PrometheusObserver
from serving.adapters.postgres.credentials import PostgresCredentials
from serving.adapters.postgres.queue import Doorbell, PostgresQueue
from serving.adapters.rules.engine import CelRules
from serving.adapters.spool import FolderSpool
from serving.adapters.spool.uploads import FolderUploads
from serving.api.admission import Lane
from serving.api.answers import AnswerService
from serving.api.auth import LOCAL_TENANT, Authenticator, configured_callers
from serving.api.candidates import CandidateService
from serving.api.intake import Intake
from serving.api.interviews import InterviewService
from serving.api.limits import AnswerQuota, RateLimits
from serving.api.operations import OperationService
from serving.api.pages import Writers
from serving.api.reports import ReportService
from serving.api.roles import RoleService
from serving.api.rpc import Rpc, Service
from serving.api.screening import ScreeningService
from serving.api.service import AnswerScorer, ScoringService
from serving.api.tenants import TenantService
from serving.api.uploading import Uploads
from serving.api.web import PageServer
from serving.api.webhooks import WebhookService
from serving.domain.tenant import Caller
from serving.records.awaited import CHARS
from serving.records.backlog import Backlog
from serving.records.tenants import ensure_tenants
from serving.report import render_feedback, render_interview, render_notice, render_report

SERVICES: Final[tuple[ServiceDescriptor, ...]] = tuple(
    kind.DESCRIPTOR
    for kind in (
        ScoringService,
        TenantService,
        RoleService,
        InterviewService,
        CandidateService,
        AnswerService,
        OperationService,
        ReportService,
        ScreeningService,
        WebhookService,
    )
)
_UPLOADS: Final = 64  # that arrive at a time at one gateway


class Edge:
    """Everything of one gateway that is not Ray's.

    Attributes:
        services: what answers calls.
        scoring: one of them.
        lanes: bounded queues of calls that are answered while the caller waits; for the metrics.
    """

    def __init__(self, config: VivaConfig, scorer: AnswerScorer) -> None:
        gateway = config.gateway
        self._database = resources.database(config)
        credentials = PostgresCredentials(self._database)
        callers = configured_callers(gateway.api_keys, gateway.admin_keys)
        self._authenticator = Authenticator(
            credentials,
            configured=callers,
            tokens=IssuedTokens(gateway.jwt_issuers) if gateway.jwt_issuers else None,
            open_to_host=gateway.open_to_host,
            tls=gateway.tls,
        )
        self._rates = RateLimits(credentials)
        self._tenants = sorted({LOCAL_TENANT, *(caller.tenant for caller in callers.values())})
        self._egress = resources.egress(config)
        self._doorbell = Doorbell(config.database.url)
        overload, observer = config.overload, PrometheusObserver()
        text = Lane(
            "text",
            config.text_concurrency,
            gateway.text_queue,
            expected_s=0.1,
            unit=CHARS,
            max_wait_s=overload.text_wait_s,
            observer=observer,
        )
        media = Lane(
            "media",
            config.media_concurrency,
            gateway.media_queue,
            expected_s=10.0,
            max_wait_s=overload.media_wait_s,
            observer=observer,
        )
        watchers = Lane("watch", overload.watchers, max_queued=0, expected_s=60.0)
        report = Lane("report", concurrency=2, max_queued=gateway.text_queue, expected_s=0.1)
        scoring = self.scoring = ScoringService(
            scorer,
            FolderSpool(config.spool_dir, RECEIVED_BYTES.labels("answer").inc),
            render_report,
            text_lane=text,
            media_lane=media,
            render_lane=report,
            observer=observer,
        )
        database, bell, rules = self._database, self._doorbell, CelRules()
        arriving = Lane("upload", _UPLOADS, max_queued=0, expected_s=5.0)
        uploads = Uploads(
            FolderUploads(config.spool_dir, RECEIVED_BYTES.labels("upload").inc), resources.storage(config), arriving
        )
        reports = ReportService(database, rules, bell, credentials, config.web.links_begin, watchers)
        self._backlog = Backlog(PostgresQueue(database))
        intake = Intake(self._backlog, overload.queued_answers)
        writers = Writers(render_interview, render_feedback, render_notice)
        self._pages = PageServer(database, credentials, reports, writers, report)
        self._pages_at = (gateway.host, config.web.port)
        self.lanes = (text, media, report, arriving, watchers)
        self.services: tuple[Service, ...] = (
            scoring,
            TenantService(database, credentials),
            RoleService(database),
            InterviewService(database, rules, bell),
            CandidateService(database, rules, bell),
            AnswerService(database, AnswerQuota(database, intake=intake), bell, uploads),
            OperationService(database, watchers),
            reports,
            ScreeningService(database, rules),
            WebhookService(database, self._egress),
        )

    async def run(self) -> None:
        """What goes on beside the calls, for as long as the task runs."""
        await self._database.open()
        host, port = self._pages_at
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._doorbell.send())
                group.create_task(resources.publish_pool(self._database))
                group.create_task(self._backlog.watch())
                group.create_task(ensure_tenants(self._database, self._tenants))
                if port:
                    group.create_task(self._pages.run(host, port))
        finally:
            await self._egress.close()
            await self._database.close()

    async def caller(self, call: Rpc, context: Any, request_id: str) -> Caller:
        """Who calls, when they may.

        Args:
            context: of the call: `invocation_metadata()`, `peer()` and `auth_context()`.

        Raises:
            Unauthorized, Forbidden, QuotaExceeded, StoreUnavailable.
        """
        caller = await self._authenticator.caller(
            context.invocation_metadata(), context.peer(), context.auth_context(), request_id
        )
        await self._rates.take(caller.tenant)
        call.authorize(caller)
        return caller
