"""The Serve deployment that decodes media and runs the pipeline against its node's model server."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import Mapping
from typing import Any

from ray import serve
from ray.serve import Deployment
from ray.serve.handle import DeploymentHandle

from deployments import logs
from deployments.compose import engine
from deployments.compose.work import DurableWork
from deployments.config import of_this_node
from serving.adapters.metrics.observers import PrometheusObserver
from serving.adapters.node_sign import NodeSign
from serving.adapters.telemetry import telemetry
from serving.api import assessments
from serving.domain import trace
from serving.domain.answer import Answer
from serving.domain.assessment import Assessment
from serving.domain.errors import InternalFault, Overloaded, VivaError
from serving.domain.job import Lane
from serving.pipeline import tracing
from serving.pipeline.concurrency import computed
from serving.pipeline.precedence import Precedence
from serving.pipeline.stages import timed
from serving.pipeline.tracer import Kind
from serving.records.awaited import CHARS, MEDIA_S, Awaited
from serving.records.slots import Slots

_END_S = 3.0
# A decoder takes the interpreter's lock back after every packet, and waits so long for a thread that computes.
_SWITCH_S = 0.001

logger = logging.getLogger("viva.scorer")


class Scorer:
    """One process that scores answers.

    Args:
        config: plain values of `VivaConfig`.
        node: held so that Serve starts the model servers with the scorers; they are found through their node's
            endpoint file, since tensors travel by loopback and shared memory.
        pipeline: makes what scores, in this process.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        node: DeploymentHandle[Any] | None,
        pipeline: engine.Pipeline = engine.pipeline,
    ) -> None:
        logs.install_in_replica()
        sys.setswitchinterval(_SWITCH_S)
        self._config = of_this_node(config)
        self._node = node
        self._observer = PrometheusObserver()
        self._models, self._use_case = pipeline(self._config)
        # The gateways bound what is in the cluster; these bound what one replica works on, however Ray spreads it and
        # whatever is in the queue.
        reserved, waiting = self._config.overload.reserved_slots, self._config.most_calls
        slots = {
            Lane.TEXT: Slots(self._config.scorer.text_slots, reserved, waiting),
            Lane.MEDIA: Slots(self._config.scorer.media_slots, reserved, waiting),
        }
        self._sign = NodeSign(self._config.run_dir)
        precedence = Precedence(self._sign, self._config.overload.patience_s)
        self._texts = Awaited(slots[Lane.TEXT], precedence, unit=CHARS)
        self._media = Awaited(slots[Lane.MEDIA], precedence, unit=MEDIA_S)
        self._telemetry = telemetry(self._config.telemetry, "viva-scorer")
        work = DurableWork(self._config, self._use_case.run, slots, precedence, self._telemetry.tracer)
        self._work = asyncio.get_running_loop().create_task(work.run())

    async def score(
        self, answer: Answer, request_id: str, traceparent: str = "", remaining_s: float | None = None
    ) -> bytes | VivaError:
        """A serialised `viva.v1.Assessment`, or the error: raised through Ray it would lose its shape.

        Args:
            traceparent: whose trace this goes on in; empty begins one.
            remaining_s: for which the caller still waits; None for ever.
        """
        logs.about(request_id=request_id)
        parent = trace.parse(traceparent)
        with tracing.entered(self._telemetry.tracer, "Scorer.score", Kind.SERVER, parent, {}) as span:
            result = await self._score(answer, request_id, remaining_s)
            if isinstance(result, VivaError):
                span.fail(type(result).__name__)
            return result

    async def _score(self, answer: Answer, request_id: str, remaining_s: float | None) -> bytes | VivaError:
        limit = asyncio.timeout(self._config.scorer.timeout_s)
        try:
            started = time.perf_counter()
            async with (self._media if answer.media else self._texts).turn(answer, remaining_s), limit:
                self._observer.observe("scorer_wait", time.perf_counter() - started)
                assessment = await self._use_case.run(answer)
            with timed(self._observer, "serialise"):
                return await computed(len(assessment.transcript.sentences), _serialised, assessment)
        except VivaError as error:
            if isinstance(error, InternalFault):
                logger.exception("answer %s failed", request_id)
            return error
        except Exception as error:
            if isinstance(error, TimeoutError) and limit.expired():
                # Our limit, not the caller's, so it does not wear the caller's code.
                return Overloaded(f"scoring took longer than {self._config.scorer.timeout_s:g} s")
            logger.exception("answer %s failed", request_id)
            return InternalFault("unexpected fault in the scorer")

    async def ready(self) -> bool:
        """Whether an answer could be scored now; the first call also embeds the reference sentences."""
        if not self._models.available():
            return False
        try:
            await self._use_case.warm_up()
        except VivaError as error:
            logger.warning("not ready: %s", error.message)
            return False
        return True

    async def check_health(self) -> None:
        """Serve replaces a scorer whose worker has ended: it would score calls, but no job."""
        if self._work.done():
            raise RuntimeError("the worker has ended") from self._work.exception()

    async def __del__(self) -> None:
        self._work.cancel()
        await asyncio.wait([self._work], timeout=_END_S)
        await self._models.close()
        self._sign.close()
        await asyncio.to_thread(self._telemetry.close)


def _serialised(assessment: Assessment) -> bytes:
    return assessments.to_message(assessment).SerializeToString()


scorer: Deployment = serve.deployment(
    health_check_period_s=2, health_check_timeout_s=10, graceful_shutdown_timeout_s=5, name="Scorer"
)(Scorer)
