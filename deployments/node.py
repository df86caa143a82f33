"""The Serve deployment that a node runs once: its metrics page, and its Triton unless that is somebody else's."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from ray import serve
from ray.serve import Deployment

from deployments import logs
from deployments.compose import engine, readings
from deployments.config import of_this_node
from serving.adapters import metrics
from serving.adapters.metrics import page
from serving.adapters.postgres.watch import QueueWatch
from serving.adapters.triton.endpoint import read_endpoint

_SWEEP_PERIOD_S: Final = 5.0


class Node:
    """Owner of its node's model server: starts it, restarts it, stops it, sweeps its shared memory."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._tasks: tuple[asyncio.Task[None], ...] = ()
        logs.install_in_replica()
        self._config = of_this_node(config)
        self._supervisor = engine.supervisor(self._config)
        self._started = False
        watch = QueueWatch(self._config.database.url)
        if self._config.metrics_port:
            page.serve(
                self._config.metrics_port,
                self._config.metrics_dir,
                self._triton_page,
                readings.of_queue(watch),
                readings.of_spool(self._config),
                readings.of_certificate(self._config),
            )
        duties = (self._keep_house(), *([watch.run()] if self._config.metrics_port else []))
        self._tasks = tuple(map(asyncio.get_running_loop().create_task, duties))

    async def check_health(self) -> None:
        """Serve asks before it calls the replica ready: the first time, the model server is started.

        Here and not in `__init__`, because starting awaits, and because the child's parent-death signal follows the
        thread that forks it, which must be the long-lived one of this loop.
        """
        if self._supervisor and not self._started:
            await self._supervisor.start()
            self._started = True

    async def _keep_house(self) -> None:
        generation, reloads = 1, 0
        while True:
            page.forget_dead(self._config.metrics_dir)
            endpoint = self._supervisor.endpoint if self._supervisor else None
            if endpoint and endpoint.generation > generation:
                metrics.TRITON_RESTARTS.inc(endpoint.generation - generation)
                generation, reloads = endpoint.generation, 0
            if endpoint and endpoint.reloads > reloads:
                metrics.MODEL_RELOADS.inc(endpoint.reloads - reloads)
                reloads = endpoint.reloads
            await asyncio.sleep(_SWEEP_PERIOD_S)

    def _triton_page(self) -> str:
        endpoint = read_endpoint(self._config.run_dir)
        return endpoint.metrics if endpoint else ""

    async def __del__(self) -> None:
        if not self._tasks:
            return  # the start failed
        for task in self._tasks:
            task.cancel()
        if self._supervisor:
            await self._supervisor.stop()


node: Deployment = serve.deployment(
    health_check_period_s=2, health_check_timeout_s=30, graceful_shutdown_timeout_s=10, name="Node"
)(Node)
