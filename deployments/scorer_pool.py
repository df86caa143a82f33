"""`AnswerScorer` over the scorer replicas."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from ray.exceptions import RayActorError, RayError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError
from ray.serve.handle import DeploymentHandle

from serving.api import deadlines
from serving.domain.answer import Answer
from serving.domain.errors import InternalFault, Overloaded, VivaError, WorkerLost
from serving.pipeline import tracing
from serving.pipeline.tracer import Kind
from viva.v1 import assessment_pb2

logger = logging.getLogger("ray.serve")

_READY_TIMEOUT_S: Final = 5.0


class ScorerPool:
    """Scoring has no side effects, so a lost replica's answer is scored by another.

    Replicas of this node come first. A node that falls silent closes no connection, and who waits for a scorer there
    waits on: it is then those who came in by that node, whom the balancer in front tells.
    """

    def __init__(self, handle: DeploymentHandle[Any]) -> None:
        self._handle = handle
        handle._init(_prefer_local_routing=True)  # type: ignore[no-untyped-call]

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
        with tracing.step("Scorer.score", Kind.CLIENT):
            result = await self._result(answer, request_id)
            if isinstance(result, VivaError):
                raise result
        return assessment_pb2.Assessment.FromString(result)

    async def _result(self, answer: Answer, request_id: str) -> bytes | VivaError:
        response = self._handle.score.remote(answer, request_id, tracing.traceparent(), deadlines.remaining_s())
        try:
            result: bytes | VivaError = await response
        except asyncio.CancelledError:
            response.cancel()  # type: ignore[no-untyped-call]
            raise
        except BackPressureError as error:
            raise Overloaded("too many calls wait for a scorer") from error
        except (RayActorError, DeploymentUnavailableError) as error:
            raise WorkerLost("the scorer died during the call") from error
        return result
