"""Keeps the node's Triton able to infer, and tells the node where it is."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from serving.adapters.triton.endpoint import Endpoint, read_endpoint, remove_endpoint, write_endpoint
from serving.adapters.triton.probe import HttpProbe, Outcomes
from serving.adapters.triton.server import TritonConfig, TritonServer
from serving.adapters.triton.shm import owner_is_alive
from serving.domain.errors import ModelUnavailable

_log = logging.getLogger(__name__)

_CALL_TIMEOUT_S = 1.0


@dataclass(frozen=True, slots=True)
class SupervisionPolicy:
    """How closely the server is watched, and how patient a restart is.

    Attributes:
        check_period_s: time between looks at the process, which cost next to nothing.
        model_period_s: time between looks at the models' counts, one request to the server.
        idle_probe_period_s: a model without traffic is probed this often.
        probe_timeout_s: a probe that takes longer says nothing of a model that answers others meanwhile: it is busy.
        start_timeout_s: from the start of the process to the last model's first answer.
        orphan_age_s: a region whose client died stays mapped for so long, as unmapping it under a request that is
            still queued would crash the server.
        backoff_first_s, backoff_last_s: wait before the second start in a row, and the longest wait.
    """

    check_period_s: float = 0.25
    model_period_s: float = 1.0
    idle_probe_period_s: float = 30.0
    probe_timeout_s: float = 20.0
    start_timeout_s: float = 120.0
    orphan_age_s: float = 120.0
    backoff_first_s: float = 0.2
    backoff_last_s: float = 10.0


@dataclass(slots=True)
class _Watch:
    """What was last known of a model."""

    outcomes: Outcomes
    proven_at: float  # loop time of its last sign of life

    def wants_probe(self, outcomes: Outcomes, now: float, idle_period_s: float) -> bool:
        """Take in new counts; True when requests began to fail, or none have told anything for a while."""
        before, self.outcomes = self.outcomes, outcomes
        if outcomes.failed > before.failed:
            return True
        if outcomes.succeeded > before.succeeded:
            self.proven_at = now
        return now - self.proven_at >= idle_period_s


class TritonSupervisor:
    """Owner of one `TritonServer`; everything runs on the loop that calls `start`.

    A server that ends is started again, with a backoff. A model whose requests began to fail, or that had none for
    a while, is probed; one that cannot infer is unloaded and loaded, as its processes have died. The endpoint is
    published in the runtime directory while the server can be used, and only then.
    """

    def __init__(self, config: TritonConfig, policy: SupervisionPolicy | None = None) -> None:
        self._config = config
        self._policy = policy or SupervisionPolicy()
        self._server = TritonServer(config)
        self._watches: dict[str, _Watch] = {}
        self._task: asyncio.Task[None] | None = None
        self._published: Endpoint | None = None
        self._orphans: dict[str, float] = {}  # regions of dead clients, and the loop time at which they were found
        self._next_model_look = 0.0
        self._next_orphan_look = 0.0

    @property
    def endpoint(self) -> Endpoint | None:
        """The published endpoint; None while the server cannot be used."""
        return self._published

    @property
    def log_path(self) -> Path:
        """The server's log."""
        return self._server.log_path

    async def start(self) -> Endpoint:
        """Start the server, wait until every model infers, publish it, and watch it from then on.

        Raises:
            ModelUnavailable: the first start failed; nothing is left running.
        """
        if self._task is not None:
            raise RuntimeError("the supervisor was started already")
        # A supervisor that was killed has left its file: carry on with its count so that clients see a change.
        left = read_endpoint(self._config.runtime_dir)
        remove_endpoint(self._config.runtime_dir)
        try:
            endpoint = await self._start_server(generation=left.generation + 1 if left else 1)
        except BaseException:
            await asyncio.to_thread(self._server.stop)
            raise
        self._task = asyncio.create_task(self._supervise(), name="triton-supervisor")
        return endpoint

    async def stop(self, grace_s: float = 5.0) -> None:
        """Withdraw the endpoint and end the server; safe to call twice."""
        self._withdraw()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        self._withdraw()
        await asyncio.to_thread(self._server.stop, grace_s)

    async def _supervise(self) -> None:
        while True:
            await asyncio.sleep(self._policy.check_period_s)
            try:
                if not self._server.alive():
                    await self._restart()
                await self._check_models()
                await self._unmap_orphans()
            except Exception:  # the watch must outlive whatever a check runs into
                _log.exception("checking Triton failed")

    async def _start_server(self, generation: int) -> Endpoint:
        # Not in a worker thread: the child lives as long as the thread that forks it.
        endpoint = self._server.start(generation)
        await asyncio.to_thread(self._server.wait_ready, self._policy.start_timeout_s)
        now = asyncio.get_running_loop().time()
        self._watches = {model: _Watch(Outcomes(), now) for model in self._config.models}
        self._publish(endpoint)
        return endpoint

    async def _restart(self) -> None:
        generation = self._published.generation if self._published else 0
        self._withdraw()
        wait_s = 0.0
        while True:
            _log.warning("tritonserver is gone; starting it again in %.1f s", wait_s)
            await asyncio.to_thread(self._server.stop)
            await asyncio.sleep(wait_s)
            generation += 1
            try:
                await self._start_server(generation)
            except ModelUnavailable as error:
                _log.error("tritonserver did not start: %s", error)
                wait_s = min(max(self._policy.backoff_first_s, 2 * wait_s), self._policy.backoff_last_s)
            else:
                return

    async def _check_models(self) -> None:
        endpoint, now = self._published, asyncio.get_running_loop().time()
        if endpoint is None or now < self._next_model_look:
            return
        self._next_model_look = now + self._policy.model_period_s
        outcomes = await asyncio.to_thread(HttpProbe(endpoint.http).outcomes, _CALL_TIMEOUT_S)
        for model, watch in self._watches.items():
            # Without counts the server is too busy to tell, or gone: the next look tells which.
            if model in outcomes and watch.wants_probe(outcomes[model], now, self._policy.idle_probe_period_s):
                await self._probe(model, watch)

    async def _probe(self, model: str, watch: _Watch) -> None:
        endpoint = self._published
        if endpoint is None:
            return
        probe = HttpProbe(endpoint.http)
        infers = await asyncio.to_thread(probe.infers, model, self._policy.probe_timeout_s)
        if infers is None:  # queued behind other requests, or stuck
            outcomes = await asyncio.to_thread(probe.outcomes, _CALL_TIMEOUT_S)
            infers = outcomes.get(model, Outcomes()).succeeded > watch.outcomes.succeeded
        if infers:
            watch.proven_at = asyncio.get_running_loop().time()
        elif self._server.alive():
            await self._reload(model, endpoint)

    async def _reload(self, model: str, endpoint: Endpoint) -> None:
        _log.warning("%s is loaded but cannot infer; loading it again", model)
        probe = HttpProbe(endpoint.http)
        if not await asyncio.to_thread(probe.reload, model, self._policy.start_timeout_s):
            _log.error("%s could not be loaded again; see %s", model, self.log_path)
            return
        # Loading sets the counts back.
        self._watches[model] = _Watch(Outcomes(), asyncio.get_running_loop().time())
        self._publish(replace(endpoint, reloads=endpoint.reloads + 1))

    async def _unmap_orphans(self) -> None:
        """Have the server unmap the inputs of client processes that died, once their requests must have ended."""
        now = asyncio.get_running_loop().time()
        if self._published is None or now < self._next_orphan_look:
            return
        self._next_orphan_look = now + self._policy.orphan_age_s / 2
        probe = HttpProbe(self._published.http)
        names = await asyncio.to_thread(probe.mapped_regions, _CALL_TIMEOUT_S)
        orphans = {name: self._orphans.get(name, now) for name in names if not owner_is_alive(name)}
        for name, found_at in orphans.items():
            if now - found_at >= self._policy.orphan_age_s:
                await asyncio.to_thread(probe.unmap_region, name, _CALL_TIMEOUT_S)
        self._orphans = orphans

    def _publish(self, endpoint: Endpoint) -> None:
        write_endpoint(self._config.runtime_dir, endpoint)
        self._published = endpoint

    def _withdraw(self) -> None:
        remove_endpoint(self._config.runtime_dir)
        self._published = None


def publish_external(runtime_dir: Path, grpc: str, http: str, metrics: str = "") -> Endpoint:
    """Publish a Triton that someone else runs and watches, at `host:port` addresses; returns its endpoint.

    Publishing the same addresses again changes nothing, so that every process of a node may do it.
    """
    left = read_endpoint(runtime_dir)
    if left is not None and (left.grpc, left.http, left.metrics, left.pid) == (grpc, http, metrics, None):
        return left
    endpoint = Endpoint(grpc, http, metrics, generation=left.generation + 1 if left else 1)
    runtime_dir.mkdir(parents=True, exist_ok=True)
    write_endpoint(runtime_dir, endpoint)
    return endpoint
