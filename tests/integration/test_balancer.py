"""HAProxy with the shipped configuration between real gRPC clients and servers."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc import status_pb2
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_status import rpc_status

from tests.employers import eventually
from tests.haproxy import Haproxy
from tests.integration.test_edge_tls import sign
from viva_client.errors import error_from_rpc

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
ASK, WAIT, WATCH, UPLOAD, REFUSE = (f"/test.Calls/{name}" for name in ("Ask", "Wait", "Watch", "Upload", "Refuse"))


@dataclass
class Gateway:
    """A server whose calls do what the tests need, and which counts them."""

    name: str
    credentials: grpc.ServerCredentials | None = None
    calls: list[str] = field(default_factory=list)
    cancelled: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        self.health = health.HealthServicer()
        self.say(SERVING)
        self.server = grpc.server(ThreadPoolExecutor(32))
        health_pb2_grpc.add_HealthServicer_to_server(self.health, self.server)
        handlers = {
            "Ask": grpc.unary_unary_rpc_method_handler(self._ask),
            "Wait": grpc.unary_unary_rpc_method_handler(self._wait),
            "Watch": grpc.unary_stream_rpc_method_handler(self._watch),
            "Upload": grpc.stream_unary_rpc_method_handler(self._upload),
            "Refuse": grpc.stream_unary_rpc_method_handler(self._refuse),
        }
        self.server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Calls", handlers),))
        anywhere = "127.0.0.1:0"
        port = (
            self.server.add_secure_port(anywhere, self.credentials)
            if self.credentials
            else self.server.add_insecure_port(anywhere)
        )
        self.address = f"127.0.0.1:{port}"
        self.server.start()

    def say(self, state: Any) -> None:
        self.health.set("", state)

    def end(self) -> None:
        """Every call is cut."""
        self.release.set()
        self.server.stop(None).wait()

    def _ask(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        self.calls.append("Ask")
        return self.name.encode()

    def _wait(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        self.calls.append("Wait")
        context.add_callback(self.cancelled.set)
        self.release.wait(60)
        return self.name.encode()

    def _watch(self, request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        self.calls.append("Watch")
        yield self.name.encode()
        self.release.wait(60)
        yield b"end"

    def _upload(self, chunks: Iterator[bytes], context: grpc.ServicerContext) -> bytes:
        self.calls.append("Upload")
        return str(sum(map(len, chunks))).encode()

    def _refuse(self, chunks: Iterator[bytes], context: grpc.ServicerContext) -> bytes:
        next(chunks)
        rich = status_pb2.Status(code=grpc.StatusCode.RESOURCE_EXHAUSTED.value[0], message="full")
        context.abort_with_status(rpc_status.to_status(rich))
        raise AssertionError("abort raises")


@pytest.fixture
def gateways() -> Iterator[tuple[Gateway, Gateway]]:
    made = Gateway("a"), Gateway("b")
    for one in made:
        one.start()
    try:
        yield made
    finally:
        for one in made:
            one.end()


@pytest.fixture
def balancer(gateways: tuple[Gateway, Gateway], tmp_path: Path) -> Iterator[Haproxy]:
    running = Haproxy(tmp_path, {one.name: one.address for one in gateways})
    try:
        running.wait(a="UP", b="UP")
        yield running
    finally:
        running.stop()


@pytest.fixture
def channel(balancer: Haproxy) -> Iterator[grpc.Channel]:
    """One connection."""
    with grpc.insecure_channel(balancer.address) as channel:
        yield channel


def test_each_call_of_a_connection_is_placed_for_itself(
    channel: grpc.Channel, gateways: tuple[Gateway, Gateway]
) -> None:
    for _ in range(10):
        channel.unary_unary(ASK)(b"")
    assert [len(one.calls) for one in gateways] == [5, 5]


def test_a_gateway_that_cannot_score_gets_no_new_call_but_keeps_its_own(
    channel: grpc.Channel, gateways: tuple[Gateway, Gateway], balancer: Haproxy
) -> None:
    watch = channel.unary_stream(WATCH)(b"")
    one, other = _by_name(gateways, next(watch))
    one.say(NOT_SERVING)
    balancer.wait(**{one.name: "NOLB"})
    assert {channel.unary_unary(ASK)(b"").decode() for _ in range(4)} == {other.name}
    one.release.set()
    assert next(watch) == b"end"


def test_where_none_can_score_answers_are_still_accepted(
    channel: grpc.Channel, gateways: tuple[Gateway, Gateway], balancer: Haproxy
) -> None:
    for one in gateways:
        one.say(NOT_SERVING)
    balancer.wait(a="NOLB", b="NOLB")
    assert balancer.accepting() == {"a": "UP", "b": "UP"}
    assert {channel.unary_unary(ASK)(b"").decode() for _ in range(4)} == {"a", "b"}


def test_a_caller_that_gives_up_stops_the_work(channel: grpc.Channel, gateways: tuple[Gateway, Gateway]) -> None:
    call = channel.unary_unary(WAIT).future(b"")
    one = eventually(lambda: next((one for one in gateways if one.calls), None))
    call.cancel()
    assert one.cancelled.wait(30)


def test_an_upload_arrives_and_one_that_is_refused_half_way_says_why(channel: grpc.Channel) -> None:
    assert channel.stream_unary(UPLOAD)(iter([bytes(65_536)] * 160)) == b"10485760"
    with pytest.raises(grpc.RpcError) as raised:
        channel.stream_unary(REFUSE)(_without_end())
    error = error_from_rpc(raised.value)
    assert (error.code, error.message, error.retryable) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "full", True)


def test_a_reload_cuts_no_call(channel: grpc.Channel, gateways: tuple[Gateway, Gateway], balancer: Haproxy) -> None:
    watch = channel.unary_stream(WATCH)(b"")
    one, other = _by_name(gateways, next(watch))
    balancer.reload({other.name: other.address})
    balancer.wait(**{other.name: "UP"})
    one.calls.clear()
    assert {channel.unary_unary(ASK)(b"").decode() for _ in range(4)} == {other.name}
    one.release.set()
    assert (next(watch), one.calls) == (b"end", [])


def test_calls_on_a_gateway_that_is_killed_fail_so_that_they_are_tried_again(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.integration.test_balancer"]
    victim = subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True)
    try:
        assert victim.stdout is not None
        running = Haproxy(tmp_path, {"victim": victim.stdout.readline().strip()})
        try:
            running.wait(victim="UP")
            with grpc.insecure_channel(running.address) as channel:
                watch = channel.unary_stream(WATCH)(b"")
                next(watch)
                calls = [channel.unary_unary(WAIT).future(b""), channel.stream_unary(UPLOAD).future(_without_end())]
                time.sleep(0.5)  # they are on their way
                victim.kill()
                for call in (
                    lambda: next(watch),
                    *(one.result for one in calls),
                    lambda: channel.unary_unary(ASK)(b""),
                ):
                    with pytest.raises(grpc.RpcError) as raised:
                        call()
                    assert error_from_rpc(raised.value).retryable, raised.value
        finally:
            running.stop()
    finally:
        victim.kill()
        victim.communicate()


def test_tls_to_callers_and_to_gateways(tmp_path: Path) -> None:
    authority = sign("authority")
    own, gateway_own = sign("localhost", by=authority), sign("localhost", by=authority)
    ca, certificate = tmp_path / "ca.pem", tmp_path / "balancer.pem"
    ca.write_bytes(authority.cert_pem)
    certificate.write_bytes(own.cert_pem + own.key_pem)
    one = Gateway("a", grpc.ssl_server_credentials([(gateway_own.key_pem, gateway_own.cert_pem)]))
    one.start()
    try:
        running = Haproxy(tmp_path, {"a": one.address}, certificate=certificate, gateways_ca=ca)
        try:
            running.wait(a="UP")
            trusted = grpc.ssl_channel_credentials(authority.cert_pem)
            port = running.address.partition(":")[2]
            with grpc.secure_channel(f"localhost:{port}", trusted) as channel:
                assert channel.unary_unary(ASK)(b"", timeout=30) == b"a"
        finally:
            running.stop()
    finally:
        one.end()


def _by_name(gateways: tuple[Gateway, Gateway], name: bytes) -> tuple[Gateway, Gateway]:
    """The gateway of this name, and the other."""
    a, b = gateways
    return (a, b) if name.decode() == a.name else (b, a)


def _without_end() -> Iterator[bytes]:
    for _ in range(600):
        yield bytes(65_536)
        time.sleep(0.05)


def _serve() -> None:
    """A gateway as a process of its own."""
    one = Gateway("victim")
    one.start()
    print(one.address, flush=True)
    one.server.wait_for_termination()


if __name__ == "__main__":
    _serve()
