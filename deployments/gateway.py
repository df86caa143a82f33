"""The Serve deployment at the edge: with direct ingress, its replica is the gRPC server."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import grpc
from google.protobuf.message import Message
from ray import serve
from ray.serve import Deployment
from ray.serve.grpc_util import RayServegRPCContext
from ray.serve.handle import DeploymentHandle

from deployments import health, tls
from deployments.compose import edge
from deployments.config import from_mapping
from deployments.scorer_pool import ScorerPool
from deployments.wire import Unreadable
from serving.adapters import metrics
from serving.adapters.spool import FolderSpool
from serving.api import requests, rpc, status
from serving.domain.errors import InternalFault, InvalidRequest, VivaError

logger = logging.getLogger("ray.serve")

_PROBE_PERIOD_S = 2.0
_GAUGE_PERIOD_S = 1.0
_SWEEP_PERIOD_S = 300.0


class Gateway:
    """The services of `viva.v1` on the wire: credentials, statuses, metrics, health. What they do is in serving/api.

    A method for each of their calls is added below the class.
    """

    def __init__(self, config: Mapping[str, Any], scorer: DeploymentHandle[Any]) -> None:
        self._config = from_mapping(config)
        tls.check_environment(self._config.gateway, os.environ)
        self._pool = ScorerPool(scorer)
        self._edge = edge.Edge(self._config, self._pool)
        self._rpcs = rpc.table(*self._edge.services)
        loop = asyncio.get_running_loop()
        duties = (self._watch(), self._publish_queues(), self._sweep_spool(), self._edge.run())
        self._tasks = tuple(map(loop.create_task, duties))

    async def ready(self) -> bool:
        """Whether an answer could be scored now; asked by the stack at its start."""
        return await self._pool.ready()

    async def respond(self, name: str, request: Any, context: RayServegRPCContext) -> Message:
        """Answer one call. Errors are returned with their details on the context: raised ones would lose them."""
        call, started = self._rpcs[name], time.perf_counter()
        request_id = _request_id(context)
        try:
            caller = await self._edge.caller(call, context, request_id)
            request_id = getattr(request, "request_id", "") or request_id
            _check_readable(request)
            response: Message = await call.handler(request, caller)
        except asyncio.CancelledError:
            metrics.REQUESTS.labels(name, "CANCELLED").inc()
            raise
        except Exception as error:
            _fail(context, error, request_id, name)
            return call.response()
        finally:
            metrics.REQUEST_SECONDS.labels(name).observe(time.perf_counter() - started)
        metrics.REQUESTS.labels(name, "OK").inc()
        return response

    async def stream(self, name: str, request: Any, context: RayServegRPCContext) -> AsyncIterator[Message]:
        """Answer one call with a stream of responses; an error ends it, with its details on the context."""
        call, request_id = self._rpcs[name], _request_id(context)
        try:
            caller = await self._edge.caller(call, context, request_id)
            _check_readable(request)
            async for response in call.handler(request, caller):
                yield response
        except (asyncio.CancelledError, GeneratorExit):
            metrics.REQUESTS.labels(name, "CANCELLED").inc()
            raise
        except Exception as error:
            _fail(context, error, request_id, name)
            return
        metrics.REQUESTS.labels(name, "OK").inc()

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
            for lane in self._edge.lanes:
                metrics.QUEUED.labels(lane.name).set(lane.queued)
                metrics.RUNNING.labels(lane.name).set(lane.running)
            await asyncio.sleep(_GAUGE_PERIOD_S)


def _add_calls(kind: type[Gateway]) -> None:
    """Give the class a method of each call's name, which is how Ray Serve finds it."""
    for service in edge.SERVICES:
        for method in service.methods:
            setattr(kind, method.name, (_streaming if method.server_streaming else _unary)(method.name))


def _unary(name: str) -> Callable[..., Any]:
    async def call(self: Gateway, request: Any, grpc_context: RayServegRPCContext) -> Message:
        return await self.respond(name, request, grpc_context)

    return call


def _streaming(name: str) -> Callable[..., Any]:
    async def call(self: Gateway, request: Any, grpc_context: RayServegRPCContext) -> AsyncIterator[Message]:
        async for response in self.stream(name, request, grpc_context):
            yield response

    return call


_add_calls(Gateway)

gateway: Deployment = serve.deployment(
    health_check_period_s=2, health_check_timeout_s=10, graceful_shutdown_timeout_s=5, name="Gateway"
)(Gateway)


def _request_id(context: RayServegRPCContext) -> str:
    """The id that the caller's headers give, or a new one: until the message's own has been checked."""
    return requests.request_id(str(dict(context.invocation_metadata()).get("x-request-id", "")), lenient=True)


def _check_readable(request: Any) -> None:
    if isinstance(request, Unreadable):
        raise InvalidRequest("what was sent is no message of this call: its bytes, or a text in it, cannot be read")


def _fail(context: RayServegRPCContext, error: Exception, request_id: str, name: str) -> None:
    request_id = requests.request_id(request_id, lenient=True)  # a bad one is never echoed
    if isinstance(error, InternalFault):
        logger.error("call %s of %s failed: %s", request_id, name, error.message)
    elif not isinstance(error, VivaError):
        logger.error("call %s of %s failed", request_id, name, exc_info=error)
    rich = status.to_status(error, request_id)
    code = status.code_of(error) if isinstance(error, VivaError) else grpc.StatusCode.INTERNAL
    context.set_code(code)
    context.set_details(rich.message)
    context.set_trailing_metadata(status.trailing_metadata(rich))
    metrics.REQUESTS.labels(name, code.name).inc()
