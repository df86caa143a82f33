"""The client against a gRPC server that misbehaves in every way that Triton can."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from tritonclient.grpc import service_pb2, service_pb2_grpc

from serving.adapters.triton.client import ClientConfig, TritonClient
from serving.adapters.triton.endpoint import Endpoint, remove_endpoint, write_endpoint
from serving.domain.errors import ModelFailed, ModelUnavailable, Overloaded, VivaError

_AUDIO = {"audio": np.zeros((1, 512), np.int16)}
_SEGMENT = {
    "audio": np.zeros((1, 512), np.int16),
    "sample_count": np.array([[512]], np.int32),
    "language": np.array([[b"en"]], np.object_),
}


class Misbehaving(service_pb2_grpc.GRPCInferenceServiceServicer):
    """Answers with what the test sets, and counts the calls."""

    def __init__(self) -> None:
        self.calls = 0
        self.code = grpc.StatusCode.OK
        self.sentence = ""
        self.failures = 0  # of the first calls for a config
        self.response = service_pb2.ModelInferResponse()
        self.delay_s = 0.0
        self.cancelled = False
        self.answered = False

    async def ModelInfer(self, request: Any, context: Any) -> Any:
        self.calls += 1
        try:
            await asyncio.sleep(self.delay_s)
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        if self.code is not grpc.StatusCode.OK:
            await context.abort(self.code, self.sentence)
        self.answered = True
        return self.response

    async def ModelConfig(self, request: Any, context: Any) -> Any:
        self.calls += 1
        await asyncio.sleep(self.delay_s)
        if self.calls <= self.failures:
            await context.abort(self.code, self.sentence)
        response = service_pb2.ModelConfigResponse()
        response.config.max_batch_size = 32
        return response

    async def ServerReady(self, request: Any, context: Any) -> Any:
        return service_pb2.ServerReadyResponse(ready=True)


@pytest.fixture
async def triton(tmp_path: Path) -> AsyncIterator[Misbehaving]:
    servicer = Misbehaving()
    server = grpc.aio.server()
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    write_endpoint(tmp_path, Endpoint(f"127.0.0.1:{port}", "127.0.0.1:1"))
    yield servicer
    await server.stop(None)


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[TritonClient]:
    client = TritonClient(tmp_path, ClientConfig(recovery_s=0.3))
    yield client
    await client.close()


def _answer(array: np.ndarray[Any, Any], datatype: str = "FP32") -> service_pb2.ModelInferResponse:
    response = service_pb2.ModelInferResponse(raw_output_contents=[array.tobytes()])
    response.outputs.add(name="probability", datatype=datatype, shape=list(array.shape))
    return response


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK])
async def test_every_status_becomes_one_of_our_errors(
    triton: Misbehaving, client: TritonClient, code: grpc.StatusCode
) -> None:
    triton.code, triton.sentence = code, "whatever"
    with pytest.raises(VivaError):
        await client.infer("vad", _AUDIO, timeout_s=5)


@pytest.mark.parametrize(
    ("code", "sentence", "error", "calls"),
    [
        ("UNAVAILABLE", "[request id: 1] Exceeds maximum queue size", Overloaded, 1),
        ("UNAVAILABLE", "Request timeout expired", ModelUnavailable, 1),
        ("DEADLINE_EXCEEDED", "Deadline Exceeded", ModelUnavailable, 1),
        ("UNAVAILABLE", "Socket closed", ModelUnavailable, 2),
        ("UNAVAILABLE", "Request for unknown model: 'vad' is not found", ModelUnavailable, 2),
        ("INTERNAL", "Stub process 'vad_0_0' is not healthy.", ModelUnavailable, 2),
        ("INVALID_ARGUMENT", "unexpected shape for input", ModelFailed, 1),
        ("INTERNAL", "onnxruntime: out of memory", ModelFailed, 1),
    ],
)
async def test_the_sentence_tells_faults_apart_and_only_a_lost_model_is_retried(
    triton: Misbehaving, client: TritonClient, code: str, sentence: str, error: type[VivaError], calls: int
) -> None:
    triton.code, triton.sentence = grpc.StatusCode[code], sentence
    with pytest.raises(error):
        await client.infer("vad", _AUDIO, timeout_s=5)
    assert triton.calls == calls


@pytest.mark.parametrize(
    "response",
    [
        service_pb2.ModelInferResponse(),
        _answer(np.zeros((1, 1), np.int32), "INT32"),
        _answer(np.zeros((2, 1), np.float32)),
        _answer(np.zeros((1, 1, 1), np.float32)),
        _answer(np.zeros((0, 1), np.float32)),
    ],
    ids=["nothing", "dtype", "rows", "dims", "empty"],
)
async def test_an_answer_that_breaks_the_contract_is_a_failed_model(
    triton: Misbehaving, client: TritonClient, response: Any
) -> None:
    triton.response = response
    with pytest.raises(ModelFailed):
        await client.infer("vad", _AUDIO, timeout_s=5)


@pytest.mark.parametrize(
    ("model", "inputs"),
    [
        ("nobody", _AUDIO),
        ("vad", {}),
        ("vad", {"audio": np.zeros((1, 512), np.float32)}),
        ("vad", {"audio": np.zeros(512, np.int16)}),
        ("vad", {"audio": np.zeros((0, 512), np.int16)}),
        ("face_mesh", {"image": np.zeros((1, 64, 64, 3), np.uint8)}),
        ("sentence_encoder", {"input_ids": np.ones((2, 3), np.int32), "attention_mask": np.ones((1, 3), np.int32)}),
    ],
)
async def test_an_input_that_breaks_the_contract_never_leaves_the_process(
    triton: Misbehaving, client: TritonClient, model: str, inputs: dict[str, Any]
) -> None:
    with pytest.raises(ModelFailed):
        await client.infer(model, inputs, timeout_s=5)
    assert triton.calls == 0


async def test_a_slow_model_meets_the_deadline(triton: Misbehaving, client: TritonClient) -> None:
    triton.delay_s = 30
    with pytest.raises(ModelUnavailable, match="in time"):
        await client.infer("vad", _AUDIO, timeout_s=0.2)


async def _given_up(triton: Misbehaving, client: TritonClient, model: str, inputs: dict[str, Any]) -> None:
    call = asyncio.create_task(client.infer(model, inputs, timeout_s=60))
    while not triton.calls:
        await asyncio.sleep(0.01)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_cancelling_the_caller_cancels_a_recognition(triton: Misbehaving, client: TritonClient) -> None:
    triton.delay_s = 30
    await _given_up(triton, client, "asr_en", _SEGMENT)
    async with asyncio.timeout(10):
        while not triton.cancelled:
            await asyncio.sleep(0.01)


async def test_cancelling_the_caller_lets_a_short_request_come_to_its_end(
    triton: Misbehaving, client: TritonClient
) -> None:
    triton.delay_s = 0.3
    long = {"audio": np.zeros((1, 100_000), np.int16)}  # in shared memory
    await _given_up(triton, client, "vad", long)
    async with asyncio.timeout(10):
        while not triton.answered:
            await asyncio.sleep(0.01)
    assert not triton.cancelled


async def test_closing_the_client_fails_the_calls_in_flight_and_cancels_nobody(
    triton: Misbehaving, client: TritonClient
) -> None:
    triton.delay_s = 30
    call = asyncio.create_task(client.infer("vad", _AUDIO, timeout_s=60))
    while not triton.calls:
        await asyncio.sleep(0.01)
    await client.close()
    with pytest.raises(ModelUnavailable):
        await call
    with pytest.raises(ModelUnavailable):
        await client.infer("vad", _AUDIO, timeout_s=5)


async def test_no_server_is_unavailable_once_the_wait_is_over(client: TritonClient, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable):
        await client.infer("vad", _AUDIO, timeout_s=5)
    write_endpoint(tmp_path, Endpoint("127.0.0.1:1", "127.0.0.1:1"))  # left by one that was killed
    with pytest.raises(ModelUnavailable):
        await client.infer("vad", _AUDIO, timeout_s=5)


async def test_a_call_waits_for_a_server_that_is_being_started(triton: Misbehaving, tmp_path: Path) -> None:
    triton.response = _answer(np.full((1, 1), 0.5, np.float32))
    text = (tmp_path / "triton.json").read_text()
    remove_endpoint(tmp_path)
    client = TritonClient(tmp_path)
    call = asyncio.create_task(client.infer("vad", _AUDIO, timeout_s=20))
    await asyncio.sleep(0.1)
    assert not call.done()
    (tmp_path / "triton.tmp").write_text(text)
    (tmp_path / "triton.tmp").replace(tmp_path / "triton.json")
    assert (await call)["probability"] == pytest.approx(0.5)
    await client.close()


async def test_the_largest_batch_is_asked_for_once(triton: Misbehaving, client: TritonClient) -> None:
    assert [await client.max_batch_size("vad", 5) for _ in range(3)] == [32] * 3
    assert triton.calls == 1


async def test_asking_for_the_largest_batch_survives_a_server_that_goes_away(
    triton: Misbehaving, client: TritonClient
) -> None:
    triton.code, triton.sentence, triton.failures = grpc.StatusCode.UNAVAILABLE, "Socket closed", 1
    assert await client.max_batch_size("vad", 5) == 32
    assert triton.calls == 2


async def test_closing_the_client_while_it_asks_for_the_largest_batch_cancels_nobody(
    triton: Misbehaving, client: TritonClient
) -> None:
    triton.delay_s = 30
    call = asyncio.create_task(client.max_batch_size("vad", 60))
    while not triton.calls:
        await asyncio.sleep(0.01)
    await client.close()
    with pytest.raises(ModelUnavailable):
        await call
