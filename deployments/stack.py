"""One host's whole stack in the foreground: Ray, Serve and the application. Run by `viva up` as a child process.

Usage: python -m deployments.stack CONFIG.json RAY_DIR READY_FD

Writes a byte to the descriptor READY_FD when the first answer could be scored, and stops cleanly on SIGTERM. RAY_DIR is
a private folder with a short path, which the caller deletes.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from deployments import ports, reaper, tls
from deployments.config import VivaConfig, from_mapping
from serving.adapters.triton.shm import sweep_stale
from serving.domain.limits import LIMITS

if TYPE_CHECKING:
    from ray.serve.handle import DeploymentHandle

    from deployments.compose.engine import Pipeline

# Above the ports of Triton, below Linux's ephemeral range, which starts at 32768.
REPLICA_PORTS: Final = range(25_000, 32_000)
# What Serve's gRPC server is made of: the API, what reads it, and what it lacks (health, the advertised port).
SERVICERS: Final = (
    "deployments.wire.add_to_server",
    "viva.v1.answers_pb2_grpc.add_AnswersServicer_to_server",
    "viva.v1.candidates_pb2_grpc.add_CandidatesServicer_to_server",
    "viva.v1.interviews_pb2_grpc.add_InterviewsServicer_to_server",
    "viva.v1.reports_pb2_grpc.add_ReportsServicer_to_server",
    "viva.v1.roles_pb2_grpc.add_RolesServicer_to_server",
    "viva.v1.scoring_pb2_grpc.add_ScoringServicer_to_server",
    "viva.v1.screening_pb2_grpc.add_ScreeningServicer_to_server",
    "viva.v1.tenants_pb2_grpc.add_TenantsServicer_to_server",
    "viva.v1.webhooks_pb2_grpc.add_WebhooksServicer_to_server",
    "google.longrunning.operations_pb2_grpc.add_OperationsServicer_to_server",
    "deployments.health.add_to_server",
)

_OBJECT_STORE_BYTES: Final = 80 * 1024 * 1024  # Ray's least is 75 MiB; nothing large travels through it
_MESSAGE_OVERHEAD: Final = 1_000_000
_REPLICA_MESSAGE_BYTES: Final = 64 * 1024 * 1024
_READY_TIMEOUT_S: Final = 120.0
_READY_CALL_S: Final = 10.0


def environment(config: VivaConfig, replica_ports: range) -> Mapping[str, str]:
    """Environment of every process that imports Ray Serve, which reads its settings from there.

    deployments/serve.yaml holds the same for a cluster; a test keeps them equal.
    """
    return {
        "PROMETHEUS_MULTIPROC_DIR": str(config.metrics_dir),
        # Ten looks a second at a stack that does not change cost 8% of a core.
        "RAY_SERVE_CONTROL_LOOP_INTERVAL_S": "0.5",
        "RAY_SERVE_DIRECT_INGRESS_MAX_GRPC_PORT": str(replica_ports.stop),
        "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": "0.5",  # the default keeps shutdown waiting for 30 s
        "RAY_SERVE_DIRECT_INGRESS_MIN_GRPC_PORT": str(replica_ports.start),
        "RAY_SERVE_ENABLE_DIRECT_INGRESS": "1",  # the replica is the gRPC server: no proxy hop
        "RAY_SERVE_GRPC_MAX_MESSAGE_SIZE": str(LIMITS.inline_media_bytes + _MESSAGE_OVERHEAD),
        "RAY_SERVE_LOG_TO_STDERR": "0",
        "RAY_SERVE_METRICS_EXPORT_INTERVAL_MS": "5000",  # ten times a second by default, in every replica
        "RAY_SERVE_PORT_QUARANTINE_S": "0",
        # An assessment of a long answer is larger than gRPC's 4 MiB.
        "RAY_SERVE_REPLICA_GRPC_MAX_MESSAGE_LENGTH": str(_REPLICA_MESSAGE_BYTES),
        # User code in the server's loop, or a slow consumer does not slow the sender of an upload down.
        "RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD": "0",
        "RAY_SERVE_USE_GRPC_BY_DEFAULT": "1",  # between replicas: a call costs 2 ms of CPU less than an actor's task
        "VIVA_GRPC_ADDRESS": config.gateway.address,
        **tls.environment(config.gateway),
    }


def host_environment(token_file: Path) -> Mapping[str, str]:
    """Environment of a Ray that lives on one host and ends with us.

    Args:
        token_file: the secret that Ray's processes show each other; its ports are open to other users and hosts.
            Ray's own choice is a file in the home folder, which may be missing or read-only.
    """
    return {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token_file),
        # When Ray's head was killed, `viva up` starts the stack again; a minute's hope for its return would be lost.
        "RAY_gcs_rpc_server_reconnect_timeout_s": "5",
        # Nobody asks this Ray for its own metrics and task lists, which every process would keep sending.
        "RAY_enable_metrics_collection": "0",
        "RAY_task_events_report_interval_ms": "0",
        "REPORTER_UPDATE_INTERVAL_MS": "60000",  # Ray's agent looks at every process of the host each time
        "RAY_USAGE_STATS_ENABLED": "0",
    }


def stop_on_sigterm() -> None:
    """Leave by SystemExit at the first SIGTERM; later ones must not cut the shutdown short."""

    def leave(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, leave)


def main(arguments: Sequence[str], pipeline: Pipeline | None = None) -> int:
    """Run until SIGTERM.

    Args:
        arguments: as above.
        pipeline: makes what scores, in each scorer; None for the one that does.
    """
    config = from_mapping(json.loads(Path(arguments[0]).read_text()))
    ray_dir, ready = Path(arguments[1]), int(arguments[2])
    os.set_inheritable(ready, False)  # its end tells the caller of ours, whoever outlives us
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # `viva up` decides; a Ctrl-C reaches the whole process group
    stop_on_sigterm()
    for name in (tls.CERT_VARIABLE, tls.KEY_VARIABLE, tls.CLIENT_CA_VARIABLE):
        os.environ.pop(name, None)
    # A replacement needs a port of its own while the old replica drains.
    os.environ.update(environment(config, ports.free_run(REPLICA_PORTS, 4 * config.gateway.replicas + 4)))
    os.environ.update(host_environment(_new_token(ray_dir / "token")))
    os.environ.pop("RAY_AUTH_TOKEN", None)  # would win over the file
    # `viva up` reaps for us too, unless it was killed: Ray's agents outlive their raylet by minutes.
    with reaper.adopting():
        try:
            _serve(config, ray_dir, ready, pipeline)
        finally:
            sweep_stale()
    return 0


def _new_token(path: Path) -> Path:
    path.touch(mode=0o600)
    path.write_text(secrets.token_hex(32))
    return path


def _serve(config: VivaConfig, ray_dir: Path, ready: int, pipeline: Pipeline | None) -> None:
    """Run until SIGTERM. Raises TimeoutError when no answer could be scored in time."""
    import ray
    from ray import serve
    from ray.serve.config import gRPCOptions

    from deployments import logs
    from deployments.app import application
    from deployments.compose import engine

    logs.install_on_stderr()
    try:
        ray.init(
            address="local",
            num_cpus=os.cpu_count(),
            resources={config.node_resource: 1} if config.node_resource else None,
            include_dashboard=False,
            object_store_memory=_OBJECT_STORE_BYTES,
            _node_ip_address="127.0.0.1",
            _temp_dir=str(ray_dir),
            log_to_driver=False,
            configure_logging=False,
        )
        stop_on_sigterm()  # ray.init has put its own handler in place of ours
        serve.start(proxy_location="Disabled", grpc_options=gRPCOptions(grpc_servicer_functions=list(SERVICERS)))
        _wait_ready(serve.run(application(config, pipeline or engine.pipeline), name="viva", route_prefix=None))
        os.write(ready, b"1")
        while True:
            signal.pause()
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if ray.is_initialized():
            serve.shutdown()  # type: ignore[no-untyped-call]
        ray.shutdown()


def _wait_ready(gateway: DeploymentHandle[Any]) -> None:
    deadline = time.monotonic() + _READY_TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            if gateway.ready.remote().result(timeout_s=_READY_CALL_S):
                return
        except TimeoutError:
            continue
        time.sleep(0.2)
    raise TimeoutError(f"no answer could be scored within {_READY_TIMEOUT_S:.0f} s")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
