"""Between gRPC's server and Ray's handlers: the deadline, and a gate that refuses before anything is spent."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from ray.serve._private.grpc_util import gRPCGenericServer

from deployments import wire
from serving.api import deadlines
from viva.v1 import scoring_pb2 as pb
from viva.v1 import scoring_pb2_grpc

PATH = "/viva.v1.Scoring/ScoreAnswer"


class Handlers:
    """Ray's part: what it would be called with."""

    def __init__(self) -> None:
        self.remaining: list[float | None] = []

    def make(self, service_method: str, streaming_type: Any) -> Any:
        async def answer(request: Any, context: Any) -> bytes:
            self.remaining.append(deadlines.remaining_s())
            return pb.ScoreAnswerResponse(request_id=service_method).SerializeToString()

        return answer


@pytest.fixture
def handlers() -> Handlers:
    return Handlers()


@pytest.fixture
async def stub(handlers: Handlers, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[scoring_pb2_grpc.ScoringStub]:
    monkeypatch.setattr(wire, "_gates", {})
    server = gRPCGenericServer(service_handler_factory=handlers.make)
    wire.add_to_server(None, server)
    scoring_pb2_grpc.add_ScoringServicer_to_server(scoring_pb2_grpc.ScoringServicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield scoring_pb2_grpc.ScoringStub(channel)
    finally:
        await server.stop(0)


async def test_a_call_knows_the_deadline_that_its_caller_set(
    stub: scoring_pb2_grpc.ScoringStub, handlers: Handlers
) -> None:
    assert (await stub.ScoreAnswer(pb.ScoreAnswerRequest(), timeout=100.0)).request_id == PATH
    await stub.ScoreAnswer(pb.ScoreAnswerRequest())
    first, second = handlers.remaining
    assert first is not None and 90.0 < first < 102.0  # gRPC may round a timeout up to whole seconds
    assert second is None


async def test_a_gate_refuses_what_it_will_and_the_handler_never_sees_it(
    stub: scoring_pb2_grpc.ScoringStub, handlers: Handlers
) -> None:
    def refuses(request: pb.ScoreAnswerRequest, context: Any) -> bool:
        if request.text != "much":
            return False
        context.set_code(grpc.StatusCode.RESOURCE_EXHAUSTED)
        context.set_details(f"{deadlines.remaining_s() is not None}")
        context.set_trailing_metadata([("why", "full")])
        return True

    wire.set_gate(PATH, refuses)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.ScoreAnswer(pb.ScoreAnswerRequest(text="much"), timeout=100.0)
    assert (caught.value.code(), caught.value.details()) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "True")
    assert dict(caught.value.trailing_metadata())["why"] == "full"
    assert handlers.remaining == []
    await stub.ScoreAnswer(pb.ScoreAnswerRequest(text="little"))
    assert len(handlers.remaining) == 1


async def test_calls_that_come_all_at_once_are_all_heard(stub: scoring_pb2_grpc.ScoringStub) -> None:
    # gRPC itself would reset some of them: it holds 1,000 calls that nobody has begun with.
    calls = [stub.ScoreAnswer(pb.ScoreAnswerRequest(), timeout=60.0) for _ in range(3500)]
    time.sleep(1.0)  # noqa: ASYNC251 - the loop is busy while they arrive
    assert {(await call).request_id for call in calls} == {PATH}
