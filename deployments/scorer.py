"""The Serve deployment that decodes media and runs the pipeline against its node's model server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from ray import serve
from ray.serve import Deployment
from ray.serve.handle import DeploymentHandle

from deployments.compose import engine
from deployments.compose.work import DurableWork
from deployments.config import from_mapping
from serving.api import assessments
from serving.domain.answer import Answer
from serving.domain.errors import InternalFault, Overloaded, VivaError
from serving.domain.job import Lane
from serving.records.slots import Slots

_END_S = 3.0

logger = logging.getLogger("ray.serve")


class Scorer:
    """One process that scores answers.

    Args:
        config: plain values of `VivaConfig`.
        node: held so that Serve starts the model servers with the scorers; they are found through their node's
            endpoint file, since tensors travel by loopback and shared memory.
    """

    def __init__(self, config: Mapping[str, Any], node: DeploymentHandle[Any] | None) -> None:
        self._config = from_mapping(config)
        self._node = node
        self._models, self._use_case = engine.pipeline(self._config)
        # The gateways bound what is in the cluster; these bound what one replica works on, however Ray spreads it and
        # whatever is in the queue.
        self._slots = {
            Lane.TEXT: Slots(self._config.scorer.text_slots),
            Lane.MEDIA: Slots(self._config.scorer.media_slots),
        }
        work = DurableWork(self._config, self._use_case.run, self._slots)
        self._work = asyncio.get_running_loop().create_task(work.run())

    async def score(self, answer: Answer, request_id: str) -> bytes | VivaError:
        """A serialised `viva.v1.Assessment`, or the error: raised through Ray it would lose its shape."""
        limit = asyncio.timeout(self._config.scorer.timeout_s)
        try:
            async with self._slots[Lane.MEDIA if answer.media else Lane.TEXT].one(), limit:
                assessment = await self._use_case.run(answer)
            return await asyncio.to_thread(lambda: assessments.to_message(assessment).SerializeToString())
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


scorer: Deployment = serve.deployment(
    health_check_period_s=2, health_check_timeout_s=10, graceful_shutdown_timeout_s=5, name="Scorer"
)(Scorer)
