"""The Serve deployment that a node runs once: its metrics page, and its Triton unless that is somebody else's."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from ray import serve
from ray.serve import Deployment

from deployments.compose import engine
from deployments.config import from_mapping
from serving.adapters import metrics

_SWEEP_PERIOD_S: Final = 5.0


class Node:
    """Owner of its node's model server: starts it, restarts it, stops it, sweeps its shared memory."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._housekeeper: asyncio.Task[None] | None = None
        self._config = from_mapping(config)
        self._supervisor = engine.supervisor(self._config)
        self._started = False
        if self._config.metrics_port:
            metrics.serve(self._config.metrics_port, self._config.metrics_dir)
        self._housekeeper = asyncio.get_running_loop().create_task(self._keep_house())

    async def check_health(self) -> None:
        """Serve asks before it calls the replica ready: the first time, the model server is started.

        Here and not in `__init__`, because starting awaits, and because the child's parent-death signal follows the
        thread that forks it, which must be the long-lived one of this loop.
        """
        if self._supervisor and not self._started:
            await self._supervisor.start()
            self._started = True

    async def _keep_house(self) -> None:
        generation = 1
        while True:
            metrics.forget_dead(self._config.metrics_dir)
            endpoint = self._supervisor.endpoint if self._supervisor else None
            if endpoint and endpoint.generation > generation:
                metrics.TRITON_RESTARTS.inc(endpoint.generation - generation)
                generation = endpoint.generation
            await asyncio.sleep(_SWEEP_PERIOD_S)

    async def __del__(self) -> None:
        if self._housekeeper is None:
            return  # the start failed
        self._housekeeper.cancel()
        if self._supervisor:
            await self._supervisor.stop()


node: Deployment = serve.deployment(
    health_check_period_s=2, health_check_timeout_s=30, graceful_shutdown_timeout_s=10, name="Node"
)(Node)
