"""The Serve deployment at the edge: with direct ingress, its replica is the gRPC server."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import grpc
from google.protobuf.message import Message
from ray import serve
from ray.serve import Deployment
from ray.serve.grpc_util import RayServegRPCContext
from ray.serve.handle import DeploymentHandle

from deployments import health, logs, tls, wire
from deployments.compose import edge
from deployments.config import of_this_node
from deployments.scorer_pool import ScorerPool
from deployments.wire import Unreadable
from serving.adapters import metrics
from serving.adapters.spool import FolderSpool
from serving.adapters.telemetry import telemetry
from serving.api import calls, requests, rpc, status
from serving.domain.errors import InternalFault, InvalidRequest, VivaError
from serving.pipeline import tracing

# One line for each call that fails, but no flood of them: the metrics count what an overload refuses.
_LINES_PER_S = 20
refusals, faults = logging.getLogger("viva.calls"), logging.getLogger("viva.faults")

_SCORE = "ScoreAnswer"
_PROBE_PERIOD_S = 2.0
_GAUGE_PERIOD_S = 1.0
_SWEEP_PERIOD_S = 300.0


class Gateway:
    """The services of `viva.v1` on the wire: credentials, statuses, metrics, health. What they do is in serving/api.

    A method for each of their calls is added below the class.
    """

    def __init__(self, config: Mapping[str, Any], scorer: DeploymentHandle[Any]) -> None:
        self._config = of_this_node(config)
        logs.install_in_replica()
        for one in (refusals, faults):
            one.addFilter(logs.AtMost(_LINES_PER_S))
        tls.check_environment(self._config.gateway, os.environ)
        self._telemetry = telemetry(self._config.telemetry, "viva-gateway")
        self._pool = ScorerPool(scorer)
        self._edge = edge.Edge(self._config, self._pool)
        self._rpcs = rpc.table(*self._edge.services)
        wire.set_gate(f"/{self._rpcs[_SCORE].path}", self._refuses)
        loop = asyncio.get_running_loop()
        duties = (self._watch(), self._publish_queues(), self._sweep_spool(), self._edge.run())
        self._tasks = tuple(map(loop.create_task, duties))

    async def ready(self) -> bool:
        """Whether an answer could be scored now; asked by the stack at its start."""
        ready = await self._pool.ready()
        health.set_serving(ready)  # or whoever is told that we are ready may hear from `grpc.health.v1` that we are not
        return ready

    async def respond(self, name: str, request: Any, context: RayServegRPCContext) -> Message:
        """Answer one call. Errors are returned with their details on the context: raised ones would lose them."""
        call, started = self._rpcs[name], time.perf_counter()
        request_id = _request_id(context)
        try:
            logs.about(request_id=request_id, method=name)
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
            metrics.REQUEST_SECONDS.labels(name).observe(seconds := time.perf_counter() - started)
        metrics.REQUESTS.labels(name, "OK").inc()
        if queue := _queue_of(name, request):
            metrics.ANSWER_SECONDS.labels(queue).observe(seconds)
        return response

    def _refuses(self, request: Any, context: Any) -> bool:
        """Whether a call finds no room; it is not even asked who makes it."""
        if isinstance(request, Unreadable):
            return False
        error = self._edge.scoring.refusal(request)
        if error is not None:
            _fail(context, error, _request_id(context), _SCORE)
        return error is not None

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

    def traced(self, name: str, context: RayServegRPCContext) -> AbstractContextManager[None]:
        """A call as a span, inside of which it is answered."""
        return calls.traced(self._telemetry.tracer, self._rpcs[name].path, context)

    async def __del__(self) -> None:
        await asyncio.to_thread(self._telemetry.close)

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
        refused: Counter[tuple[str, str]] = Counter()
        while True:
            for lane in self._edge.lanes:
                metrics.QUEUED.labels(lane.name).set(lane.queued)
                metrics.RUNNING.labels(lane.name).set(lane.running)
                for why, count in lane.refused.items():
                    metrics.REFUSED.labels(lane.name, why).inc(count - refused[lane.name, why])
                    refused[lane.name, why] = count
            await asyncio.sleep(_GAUGE_PERIOD_S)


def _add_calls(kind: type[Gateway]) -> None:
    """Give the class a method of each call's name, which is how Ray Serve finds it."""
    for service in edge.SERVICES:
        for method in service.methods:
            setattr(kind, method.name, (_streaming if method.server_streaming else _unary)(method.name))


def _unary(name: str) -> Callable[..., Any]:
    async def call(self: Gateway, request: Any, grpc_context: RayServegRPCContext) -> Message:
        with self.traced(name, grpc_context):
            return await self.respond(name, request, grpc_context)

    return call


def _streaming(name: str) -> Callable[..., Any]:
    async def call(self: Gateway, request: Any, grpc_context: RayServegRPCContext) -> AsyncIterator[Message]:
        with self.traced(name, grpc_context):
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


def _queue_of(name: str, request: Any) -> str:
    """The queue of a call that waits for an assessment; empty for other calls."""
    if name == _SCORE:
        return "text" if request.WhichOneof("content") == "text" else "media"
    return "media" if name == "UploadAnswer" else ""


def _check_readable(request: Any) -> None:
    if isinstance(request, Unreadable):
        raise InvalidRequest("what was sent is no message of this call: its bytes, or a text in it, cannot be read")


def _fail(context: RayServegRPCContext, error: Exception, request_id: str, name: str) -> None:
    request_id = requests.request_id(request_id, lenient=True)  # a bad one is never echoed
    rich = status.to_status(error, request_id, tracing.trace_id())
    code = status.code_of(error) if isinstance(error, VivaError) else grpc.StatusCode.INTERNAL
    context.set_code(code)
    context.set_details(rich.message)
    context.set_trailing_metadata(status.trailing_metadata(rich))
    metrics.REQUESTS.labels(name, code.name).inc()
    ours = error if isinstance(error, VivaError) else InternalFault("unexpected fault")
    metrics.REQUEST_ERRORS.labels(ours.reason.name).inc()
    about = {"request_id": request_id, "method": name, "code": code.name, "reason": ours.reason.name}
    if isinstance(ours, InternalFault):
        faults.error("a call failed: %s", ours.message, exc_info=error, extra={"fields": about})
    else:
        refusals.info("a call was refused", extra={"fields": about})
