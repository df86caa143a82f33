"""One host's whole stack in the foreground: Ray, Serve and the application. Run by `viva up` as a child process.

Usage: python -m deployments.stack CONFIG.json RAY_DIR

Prints `ready` on standard output when the first answer could be scored, and stops cleanly on SIGTERM.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from deployments import reaper
from deployments.config import VivaConfig, from_mapping
from serving.adapters.triton.shm import sweep_stale
from serving.domain.limits import LIMITS

_REPLICA_PORTS: Final = range(
    25_000, 32_000
)  # above those of Triton, below Linux's ephemeral range, which starts at 32768
_OBJECT_STORE_BYTES: Final = 80 * 1024 * 1024  # Ray's least is 75 MiB; nothing large travels through it
_MESSAGE_OVERHEAD: Final = 1_000_000
_READY_TIMEOUT_S: Final = 120.0


def environment(config: VivaConfig, replica_ports: range) -> Mapping[str, str]:
    """Environment of every process of the stack; Ray Serve reads its settings from there when it is imported."""
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
        "RAY_SERVE_PORT_QUARANTINE_S": "0",
        # User code in the server's loop, or a slow consumer does not slow the sender of an upload down.
        "RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD": "0",
        "RAY_USAGE_STATS_ENABLED": "0",
        "VIVA_GRPC_ADDRESS": config.gateway.address,
    }


def free_range(count: int) -> range:
    """A run of ports that nobody listens on; Ray would share a taken one silently."""
    start = _REPLICA_PORTS.start
    for port in _REPLICA_PORTS:
        if not _free(port):
            start = port + 1
        elif port + 1 - start == count:
            return range(start, port + 1)
    raise OSError(f"no {count} free ports in a row from {_REPLICA_PORTS.start} to {_REPLICA_PORTS.stop}")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("0.0.0.0", port))
        except OSError:
            return False
    return True


def main() -> int:
    config = from_mapping(json.loads(Path(sys.argv[1]).read_text()))
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # `viva up` decides; a Ctrl-C reaches the whole process group
    # A replacement needs a port of its own while the old replica drains.
    os.environ.update(environment(config, free_range(4 * config.gateway.replicas + 4)))

    reaper.become_reaper()

    import ray
    from ray import serve
    from ray.serve.config import gRPCOptions

    from deployments.app import application

    ray.init(
        address="local",
        num_cpus=os.cpu_count(),
        include_dashboard=False,
        object_store_memory=_OBJECT_STORE_BYTES,
        _node_ip_address="127.0.0.1",
        _temp_dir=sys.argv[2],
        log_to_driver=False,
        configure_logging=False,
    )
    signal.signal(signal.SIGTERM, lambda *_: stop.set())  # ray.init has put its own in place of ours
    try:
        serve.start(
            proxy_location="Disabled",
            grpc_options=gRPCOptions(
                grpc_servicer_functions=[
                    "viva.v1.scoring_pb2_grpc.add_ScoringServicer_to_server",
                    "deployments.health.add_to_server",
                ]
            ),
        )
        handle = serve.run(application(config), name="viva", route_prefix=None)
        while not stop.is_set() and not handle.ready.remote().result(timeout_s=_READY_TIMEOUT_S):
            stop.wait(0.2)
        if not stop.is_set():
            print("ready", flush=True)
            stop.wait()
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one must not cut the shutdown short
        serve.shutdown()  # type: ignore[no-untyped-call]
        ray.shutdown()
        # `viva up` does the same for us, unless it was killed: Ray's agents outlive their raylet by minutes.
        reaper.kill_descendants()
        sweep_stale()
        shutil.rmtree(sys.argv[2], ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
