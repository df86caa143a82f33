"""`grpc.health.v1` of one gateway process, and the hook that adds what Ray Serve's gRPC server lacks."""

from __future__ import annotations

import asyncio
import os
from typing import Any, Final

from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from ray import serve
from ray.serve.exceptions import RayServeException

from deployments import tls

ADDRESS_VARIABLE: Final = "VIVA_GRPC_ADDRESS"
_SERVICES: Final = ("", "viva.v1.Scoring")
_servicer = health.aio.HealthServicer()
_tasks: set[asyncio.Task[None]] = set()


def set_serving(serving: bool) -> None:
    """Publish whether this gateway can score."""
    state = health_pb2.HealthCheckResponse.SERVING if serving else health_pb2.HealthCheckResponse.NOT_SERVING
    for service in _SERVICES:
        task = asyncio.get_running_loop().create_task(_servicer.set(service, state))
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)


def add_to_server(servicer: Any, server: Any) -> None:
    """A `grpc_servicer_functions` entry: adds the health service, and the port that all gateways share.

    Ray gives every replica a port of its own; the advertised one is bound by each of them with SO_REUSEPORT (gRPC's
    default), and the kernel spreads connections over them.
    """
    del servicer
    set_serving(False)  # grpcio's own default says SERVING before anybody has looked
    server.add_passthrough_service(health_pb2.DESCRIPTOR.services_by_name["Health"].full_name)
    health_pb2_grpc.add_HealthServicer_to_server(_servicer, server)
    if _in_replica():
        address = os.environ.get(ADDRESS_VARIABLE)
        if not address:
            raise RuntimeError(f"{ADDRESS_VARIABLE} must name the advertised HOST:PORT in every gateway's environment")
        files = tls.from_environment(os.environ)
        if files is None:
            server.add_insecure_port(address)
        else:
            server.add_secure_port(address, files.credentials())


def _in_replica() -> bool:
    # Ray's proxy actor runs this hook too, even where proxies are disabled: calls must not land there.
    try:
        serve.get_replica_context()
    except RayServeException:
        return False
    return True
