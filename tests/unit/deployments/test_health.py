"""Health is honest before anybody has looked."""

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from ray.serve._private.grpc_util import gRPCGenericServer

from deployments import health


@pytest.mark.parametrize("service", ["", "viva.v1.Scoring"])
async def test_a_gateway_does_not_serve_before_its_first_probe(service: str) -> None:
    server = gRPCGenericServer(service_handler_factory=lambda *_args, **_kwargs: None)
    health.add_to_server(None, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = health_pb2_grpc.HealthStub(channel)
            request = health_pb2.HealthCheckRequest(service=service)
            answer = await stub.Check(request)
            assert answer.status == health_pb2.HealthCheckResponse.NOT_SERVING
            health.set_serving(True)
            answer = await stub.Check(request)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
    finally:
        await server.stop(0)


async def test_a_gateway_without_an_address_says_which_variable_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_in_replica", lambda: True)
    monkeypatch.delenv(health.ADDRESS_VARIABLE, raising=False)
    server = gRPCGenericServer(service_handler_factory=lambda *_args, **_kwargs: None)
    with pytest.raises(RuntimeError, match="VIVA_GRPC_ADDRESS must name"):
        health.add_to_server(None, server)
