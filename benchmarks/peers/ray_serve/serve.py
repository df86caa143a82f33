"""Usage: PEER_SETTINGS='{"port": 8000}' python -m benchmarks.peers.ray_serve.serve"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import tempfile
from pathlib import Path
from typing import Any, Final

from benchmarks.peers.scoring import Job, Scorer
from benchmarks.peers.settings import PeerSettings, from_environment
from deployments.ports import free_run

_OBJECT_STORE_BYTES: Final = 256 * 1024 * 1024
_PORTS: Final = range(29_000, 32_000)


def main() -> None:
    settings = from_environment()
    # Ray's Unix sockets hold 107 bytes of path.
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        os.environ.update(_environment(Path(folder)))
        _serve(settings, folder)


def _environment(folder: Path) -> dict[str, str]:
    """The high-throughput mode of Serve's documentation, with every file and port of it ours alone."""
    ports = free_run(_PORTS, 2)
    token = folder / "token"
    token.write_text(secrets.token_hex(32))
    return {
        "RAY_SERVE_THROUGHPUT_OPTIMIZED": "1",
        "RAY_SERVE_ENABLE_HA_PROXY": "1",
        "RAY_SERVE_HAPROXY_CONFIG_FILE_LOC": str(folder / "haproxy.cfg"),
        "RAY_SERVE_HAPROXY_SOCKET_PATH": str(folder / "haproxy.sock"),
        "RAY_SERVE_HAPROXY_SERVER_STATE_BASE": str(folder),
        "RAY_SERVE_HAPROXY_SERVER_STATE_FILE": str(folder / "server-state"),
        "RAY_SERVE_HAPROXY_METRICS_PORT": str(ports[0]),
        "RAY_SERVE_HAPROXY_STATS_PORT": str(ports[1]),
        "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": "0.5",  # of a shutdown
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token),
        "RAY_USAGE_STATS_ENABLED": "0",
    }


def _serve(settings: PeerSettings, folder: str) -> None:
    import ray  # reads its settings from the environment when it is imported
    from ray import serve
    from ray.serve.config import HTTPOptions

    try:
        ray.init(
            address="local",
            include_dashboard=False,
            object_store_memory=_OBJECT_STORE_BYTES,
            _node_ip_address="127.0.0.1",
            _temp_dir=folder,
            log_to_driver=False,
        )
        signal.signal(signal.SIGTERM, _leave)  # ray.init has put its own handler there
        serve.start(http_options=HTTPOptions(port=settings.port, request_timeout_s=settings.timeout_s))
        serve.run(_application(settings), name="answers", route_prefix="/")
        signal.pause()
    finally:
        serve.shutdown()  # type: ignore[no-untyped-call]
        ray.shutdown()


def _leave(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(0)


def _application(settings: PeerSettings) -> Any:
    from ray import serve
    from starlette.requests import Request

    class Answers:
        """Multipart in (`options` as JSON, `media` as a file where there is one), JSON out."""

        def __init__(self) -> None:
            self._scorer = Scorer(settings)

        async def __call__(self, request: Request) -> dict[str, Any]:
            form = await request.form()
            media = form.get("media")
            content = b"" if media is None or isinstance(media, str) else await media.read()
            scored: dict[str, Any] = await self._score((json.loads(str(form["options"])), content))
            return scored

        @serve.batch(max_batch_size=settings.max_batch, batch_wait_timeout_s=settings.max_wait_ms / 1000)
        async def _score(self, jobs: list[Job]) -> list[dict[str, Any]]:
            return await asyncio.to_thread(self._scorer.score, jobs)

    # Twice a batch: the next one waits at the replica while one is scored.
    return serve.deployment(
        num_replicas=settings.workers,
        ray_actor_options={"num_cpus": 1, "runtime_env": {"env_vars": {"OMP_NUM_THREADS": "1"}}},
        max_ongoing_requests=2 * settings.max_batch,
    )(Answers).bind()


if __name__ == "__main__":
    main()
