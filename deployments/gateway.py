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
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError
from ray.serve.grpc_util import RayServegRPCContext, gRPCInputStream
from ray.serve.handle import DeploymentHandle

from deployments import health
from deployments.compose import edge
from deployments.config import from_mapping
from serving.adapters import metrics
from serving.api import requests, status, uploads
from serving.api.auth import ApiKeys
from serving.domain.answer import Answer
from serving.domain.errors import InternalFault, Overloaded, VivaError, WorkerLost
from viva.v1 import assessment_pb2
from viva.v1 import scoring_pb2 as pb

logger = logging.getLogger("ray.serve")
Response = TypeVar("Response", bound=Message)

_PROBE_PERIOD_S = 1.0


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
            return await self._once(answer, request_id)

    async def ready(self) -> bool:
        """Whether some scorer and its models answer."""
        try:
            return bool(await self._handle.ready.remote())
        except (RayError, DeploymentUnavailableError):
            return False

    async def _once(self, answer: Answer, request_id: str) -> assessment_pb2.Assessment:
        response = self._handle.score.remote(answer, request_id)
        try:
            result = await response
        except asyncio.CancelledError:
            response.cancel()  # type: ignore[no-untyped-call]
            raise
        except BackPressureError as error:
            raise Overloaded("all scorers are busy") from error
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
        self._probe = asyncio.get_running_loop().create_task(self._watch())

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
        try:
            config = await uploads.receive_config(request_stream)
        except VivaError as error:
            return _fail(grpc_context, error, requests.request_id(""), pb.UploadAnswerResponse(), "UploadAnswer")
        return await self._respond(
            "UploadAnswer",
            grpc_context,
            config.request_id,
            lambda request_id: self._service.upload_answer(config, request_stream, request_id),
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
        request_id: str,
        work: Callable[[str], Awaitable[Message]],
        empty: Message,
    ) -> Message:
        """Run one call. Errors are returned with their details on the context: raised ones would lose them in Ray."""
        started = time.perf_counter()
        try:
            self._keys.tenant(context.invocation_metadata(), context.peer())
            request_id = requests.request_id(request_id)
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
        """Keep `grpc.health.v1` honest (serving: a scorer and its models answer) and the queue gauges fresh."""
        while True:
            health.set_serving(await self._pool.ready())
            for lane in self._lanes:
                metrics.QUEUED.labels(lane.name).set(lane.queued)
                metrics.RUNNING.labels(lane.name).set(lane.running)
            await asyncio.sleep(_PROBE_PERIOD_S)


gateway: Deployment = serve.deployment(
    health_check_period_s=1, health_check_timeout_s=10, graceful_shutdown_timeout_s=5, name="Gateway"
)(Gateway)


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
