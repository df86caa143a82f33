"""The Serve deployment at the edge: with direct ingress, its replica is the gRPC server."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message
from ray import serve
from ray.exceptions import RayActorError, RayError
from ray.serve import Deployment
from ray.serve.exceptions import DeploymentUnavailableError
from ray.serve.grpc_util import RayServegRPCContext, gRPCInputStream
from ray.serve.handle import DeploymentHandle

from deployments import health
from deployments.compose import edge
from deployments.config import from_mapping
from serving.adapters import metrics
from serving.adapters.spool import FolderSpool
from serving.api import requests, status
from serving.api.auth import ApiKeys
from serving.domain.answer import Answer
from serving.domain.errors import InternalFault, VivaError, WorkerLost
from viva.v1 import assessment_pb2
from viva.v1 import scoring_pb2 as pb

logger = logging.getLogger("ray.serve")
Response = TypeVar("Response", bound=Message)

_PROBE_PERIOD_S = 2.0
_READY_TIMEOUT_S = 5.0
_GAUGE_PERIOD_S = 1.0
_SWEEP_PERIOD_S = 300.0


class ScorerPool:
    """`AnswerScorer` over the scorer replicas. Scoring has no side effects, so a lost replica's answer is retried."""

    def __init__(self, handle: DeploymentHandle[Any]) -> None:
        self._handle = handle

    async def score(self, answer: Answer, request_id: str) -> assessment_pb2.Assessment:
        """Score on some replica; once more on another when the first one dies."""
        try:
            return await self._once(answer, request_id)
        except WorkerLost:
            logger.warning("answer %s: its scorer died, trying another", request_id)
        try:
            return await self._once(answer, request_id)
        except WorkerLost as error:
            # Twice is no accident: a caller that retried would take replica after replica down.
            raise InternalFault("the answer ended two scorers") from error

    async def ready(self) -> bool:
        """Whether some scorer and its models answer."""
        try:
            async with asyncio.timeout(_READY_TIMEOUT_S):
                return bool(await self._handle.ready.remote())
        except (RayError, DeploymentUnavailableError, TimeoutError):
            return False

    async def _once(self, answer: Answer, request_id: str) -> assessment_pb2.Assessment:
        response = self._handle.score.remote(answer, request_id)
        try:
            result = await response
        except asyncio.CancelledError:
            response.cancel()  # type: ignore[no-untyped-call]
            raise
        except (RayActorError, DeploymentUnavailableError) as error:
            raise WorkerLost("the scorer died during the call") from error
        if isinstance(result, VivaError):
            raise result
        return assessment_pb2.Assessment.FromString(result)


class Gateway:
    """`viva.v1.Scoring` on the wire: credentials, statuses, metrics, health. The service itself is in serving/api."""

    def __init__(self, config: Mapping[str, Any], scorer: DeploymentHandle[Any]) -> None:
        self._config = from_mapping(config)
        self._keys = ApiKeys(self._config.gateway.api_keys)
        self._pool = ScorerPool(scorer)
        self._service, self._lanes = edge.scoring_service(self._config, self._pool)
        loop = asyncio.get_running_loop()
        self._tasks = tuple(map(loop.create_task, (self._watch(), self._publish_queues(), self._sweep_spool())))

    async def ScoreAnswer(self, request: pb.ScoreAnswerRequest, grpc_context: RayServegRPCContext) -> Message:
        return await self._respond(
            "ScoreAnswer",
            grpc_context,
            request.request_id,
            lambda request_id: self._service.score_answer(request, request_id),
            pb.ScoreAnswerResponse(),
        )

    async def UploadAnswer(
        self, request_stream: gRPCInputStream[pb.UploadAnswerRequest], grpc_context: RayServegRPCContext
    ) -> Message:
        return await self._respond(
            "UploadAnswer",
            grpc_context,
            "",
            lambda request_id: self._service.upload_answer(request_stream, request_id),
            pb.UploadAnswerResponse(),
        )

    async def RenderReport(self, request: pb.RenderReportRequest, grpc_context: RayServegRPCContext) -> Message:
        return await self._respond(
            "RenderReport",
            grpc_context,
            "",
            lambda _: self._service.render_report(request),
            pb.RenderReportResponse(),
        )

    async def ready(self) -> bool:
        """Whether an answer could be scored now; asked by the stack at its start."""
        return await self._pool.ready()

    async def _respond(
        self,
        method: str,
        context: RayServegRPCContext,
        given: str,
        work: Callable[[str], Awaitable[Message]],
        empty: Message,
    ) -> Message:
        """Run one call. Errors are returned with their details on the context: raised ones would lose them in Ray."""
        started = time.perf_counter()
        # Until the message's own id has been checked; a bad one is never echoed.
        request_id = requests.request_id(_header(context, "x-request-id"), lenient=True)
        try:
            self._keys.tenant(context.invocation_metadata(), context.peer())
            request_id = requests.request_id(given) if given else request_id
            response = await work(request_id)
        except asyncio.CancelledError:
            metrics.REQUESTS.labels(method, "CANCELLED").inc()
            raise
        except VivaError as error:
            return _fail(context, error, request_id, empty, method)
        except Exception as error:
            logger.exception("call %s of %s failed", request_id, method)
            return _fail(context, error, request_id, empty, method)
        finally:
            metrics.REQUEST_SECONDS.labels(method).observe(time.perf_counter() - started)
        metrics.REQUESTS.labels(method, "OK").inc()
        return response

    async def _watch(self) -> None:
        """Keep `grpc.health.v1` honest: serving means that a scorer and its models answer."""
        while True:
            health.set_serving(await self._pool.ready())
            await asyncio.sleep(_PROBE_PERIOD_S)

    async def _sweep_spool(self) -> None:
        """Delete media whose gateway was killed while it had it."""
        spool, age_s = FolderSpool(self._config.spool_dir), 2 * self._config.scorer.timeout_s
        while True:
            await asyncio.to_thread(spool.sweep, age_s)
            await asyncio.sleep(_SWEEP_PERIOD_S)

    async def _publish_queues(self) -> None:
        while True:
            for lane in self._lanes:
                metrics.QUEUED.labels(lane.name).set(lane.queued)
                metrics.RUNNING.labels(lane.name).set(lane.running)
            await asyncio.sleep(_GAUGE_PERIOD_S)


gateway: Deployment = serve.deployment(
    health_check_period_s=2, health_check_timeout_s=10, graceful_shutdown_timeout_s=5, name="Gateway"
)(Gateway)


def _header(context: RayServegRPCContext, name: str) -> str:
    return str(dict(context.invocation_metadata()).get(name, ""))


def _fail(context: RayServegRPCContext, error: BaseException, request_id: str, empty: Message, method: str) -> Message:
    if isinstance(error, InternalFault):
        logger.error("call %s of %s failed: %s", request_id, method, error.message)
    rich = status.to_status(error, request_id)
    code = status.code_of(error) if isinstance(error, VivaError) else grpc.StatusCode.INTERNAL
    context.set_code(code)
    context.set_details(rich.message)
    context.set_trailing_metadata(status.trailing_metadata(rich))
    metrics.REQUESTS.labels(method, code.name).inc()
    return empty
