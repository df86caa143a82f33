"""Both clients against a real gRPC server: one set of expectations, run through each."""

from __future__ import annotations

import asyncio
import socket
import threading
import uuid
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from scoring_double import AWAY, BUSY, TOO_LONG, Fault, Running, running_server

import viva_client
from viva_client import AnswerOptions, AsyncVivaClient, RetryPolicy, VivaClient

RESET = Fault(grpc.StatusCode.CANCELLED, rich=False)  # what a server that shuts down leaves of a call
FAST = RetryPolicy(initial_s=0.01, max_s=0.02)
OPTIONS = AnswerOptions("Why us?", "en", ("teamwork",))


class Blocking:
    """The asyncio client behind the blocking one's methods, so that a test is written once."""

    def __init__(self, address: str, **kwargs: Any) -> None:
        self._loop = asyncio.new_event_loop()
        self._client = AsyncVivaClient(address, **kwargs)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            method: Callable[..., Coroutine[Any, Any, Any]] = getattr(self._client, name)
            return self._loop.run_until_complete(method(*args, **kwargs))

        return call

    def shut_down(self) -> None:
        self._loop.run_until_complete(self._client.close())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()


@pytest.fixture(params=["sync", "asyncio"])
def connect(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Makes a client of either kind; closes it."""
    made: list[Any] = []

    def make(address: str, **kwargs: Any) -> Any:
        client = (VivaClient if request.param == "sync" else Blocking)(address, **{"retry": FAST, **kwargs})
        made.append(client)
        return client

    yield make
    for client in made:
        client.close() if request.param == "sync" else client.shut_down()


def test_a_text_answer_is_scored_with_its_options(server: Running, connect: Callable[..., Any]) -> None:
    request_id = str(uuid.uuid4())
    options = AnswerOptions(
        "Why us?", "zh", ("teamwork", "leadership"), "clerk", ("a.", "b."), allow=("expression",), deny=("face",)
    )
    assessment = connect(server.address, api_key="k").score_text("a. b.", options, request_id=request_id)
    assert assessment.transcript.text == "a. b."
    (seen,) = server.double.seen
    assert seen.request.request_id == seen.metadata["x-request-id"] == request_id
    assert seen.metadata["authorization"] == "Bearer k"
    config = seen.request.config
    assert list(config.competencies) == ["teamwork", "leadership"]
    assert (config.question, config.language, config.role) == ("Why us?", "zh", "clerk")
    assert list(config.sentences) == ["a.", "b."]
    assert config.modality_policy.expression == 1
    assert config.modality_policy.face == 2
    assert config.modality_policy.speech == 0


def test_an_error_carries_reason_fields_metadata_and_request_id(server: Running, connect: Callable[..., Any]) -> None:
    server.double.faults.append(TOO_LONG)
    with pytest.raises(viva_client.InvalidArgumentError) as caught:
        connect(server.address).score_text("x", OPTIONS)
    error = caught.value
    assert error.code is grpc.StatusCode.INVALID_ARGUMENT
    assert error.reason == "TEXT_TOO_LONG"
    assert error.fields == [("text", TOO_LONG.message)]
    assert error.metadata == {"limit": "20000", "actual": "20001"}
    assert error.request_id == "the-request"
    assert error.retry_after_s is None
    assert len(server.double.seen) == 1


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (grpc.StatusCode.UNAUTHENTICATED, viva_client.AuthenticationError),
        (grpc.StatusCode.PERMISSION_DENIED, viva_client.PermissionDeniedError),
        (grpc.StatusCode.NOT_FOUND, viva_client.NotFoundError),
        (grpc.StatusCode.ALREADY_EXISTS, viva_client.ConflictError),
        (grpc.StatusCode.FAILED_PRECONDITION, viva_client.FailedPreconditionError),
        (grpc.StatusCode.ABORTED, viva_client.AbortedError),
        (grpc.StatusCode.DEADLINE_EXCEEDED, viva_client.DeadlineExceededError),
        (grpc.StatusCode.CANCELLED, viva_client.CancelledError),
        (grpc.StatusCode.INTERNAL, viva_client.ServerError),
        (grpc.StatusCode.UNKNOWN, viva_client.ServerError),
        (grpc.StatusCode.UNIMPLEMENTED, viva_client.ServerError),
    ],
)
def test_each_code_has_its_exception_and_is_not_retried(
    server: Running, connect: Callable[..., Any], code: grpc.StatusCode, kind: type[viva_client.VivaError]
) -> None:
    server.double.faults.append(Fault(code, "SOME_REASON"))
    with pytest.raises(kind) as caught:
        connect(server.address).score_text("x", OPTIONS)
    assert type(caught.value) is kind
    assert len(server.double.seen) == 1


@pytest.mark.parametrize("fault", [BUSY, AWAY, Fault(grpc.StatusCode.UNAVAILABLE, rich=False), RESET])
def test_what_passes_is_retried_with_the_same_request_id(
    server: Running, connect: Callable[..., Any], fault: Fault
) -> None:
    server.double.faults.extend([fault, fault])
    assert connect(server.address).score_text("x", OPTIONS).transcript.text == "x"
    ids = [seen.request.request_id for seen in server.double.seen]
    assert len(ids) == 3
    assert len(set(ids)) == 1
    assert uuid.UUID(ids[0]).version == 4


def test_a_used_up_quota_is_not_retried(server: Running, connect: Callable[..., Any]) -> None:
    server.double.faults.append(Fault(grpc.StatusCode.RESOURCE_EXHAUSTED, "QUOTA"))
    with pytest.raises(viva_client.OverloadedError):
        connect(server.address).score_text("x", OPTIONS)
    assert len(server.double.seen) == 1


def test_retries_end_with_the_last_error(server: Running, connect: Callable[..., Any]) -> None:
    server.double.faults.extend([BUSY] * 9)
    client = connect(server.address, retry=RetryPolicy(max_attempts=3, initial_s=0.01, max_s=0.02))
    with pytest.raises(viva_client.OverloadedError) as caught:
        client.score_text("x", OPTIONS)
    assert caught.value.retry_after_s == pytest.approx(0.01)
    assert len(server.double.seen) == 3


def test_a_wait_beyond_the_deadline_is_not_begun(server: Running, connect: Callable[..., Any]) -> None:
    server.double.faults.append(Fault(grpc.StatusCode.UNAVAILABLE, "MODEL_UNAVAILABLE", retry_s=3600))
    with pytest.raises(viva_client.UnavailableError):
        connect(server.address).score_text("x", OPTIONS, timeout_s=30)
    assert len(server.double.seen) == 1


def test_the_deadline_reaches_the_server_and_stops_the_call(server: Running, connect: Callable[..., Any]) -> None:
    async def forever(_: str) -> None:
        await asyncio.sleep(3600)

    server.double.before = forever
    with pytest.raises(viva_client.DeadlineExceededError):
        connect(server.address).score_text("x", OPTIONS, timeout_s=0.3)
    assert server.double.cancelled.wait(timeout=10)


def test_small_media_travels_inside_the_request(server: Running, connect: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "answer.mp4"
    path.write_bytes(b"x" * 1_000_000)
    client = connect(server.address)
    assert client.score_media(path, OPTIONS, kind="video").transcript.text == "1000000 bytes"
    assert client.score_media(b"", OPTIONS).transcript.text == "0 bytes"
    first, second = server.double.seen
    assert first.method == second.method == "ScoreAnswer"
    assert first.request.media.kind == 2
    assert second.request.WhichOneof("content") == "media"


@pytest.mark.parametrize("as_bytes", [False, True])
def test_larger_media_is_streamed_in_chunks_and_committed(
    server: Running, connect: Callable[..., Any], tmp_path: Path, as_bytes: bool
) -> None:
    data = bytes(range(256)) * 5000  # 1.28 MB: four whole chunks and a part
    path = tmp_path / "answer.wav"
    path.write_bytes(data)
    assessment = connect(server.address).score_media(data if as_bytes else path, OPTIONS, kind="audio")
    assert assessment.transcript.text == f"{len(data)} bytes"
    (seen,) = server.double.seen
    assert seen.method == "UploadAnswer"
    assert seen.request.kind == 1
    assert seen.request.config.question == "Why us?"
    assert seen.chunk_sizes == [262_144] * 4 + [len(data) - 4 * 262_144]
    assert seen.data == data
    assert seen.committed


def test_a_failed_upload_starts_again_from_its_first_byte(
    server: Running, connect: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "answer.wav"
    path.write_bytes(b"y" * 2_000_000)
    server.double.faults.append(AWAY)
    connect(server.address).score_media(path, OPTIONS)
    first, second = server.double.seen
    assert not first.committed
    assert second.committed
    assert len(second.data) == 2_000_000
    assert first.request.request_id == second.request.request_id


def test_an_upload_that_is_refused_half_way_gives_the_servers_reason(
    server: Running, connect: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "answer.wav"
    path.write_bytes(b"y" * 20_000_000)
    server.double.reject_after_bytes = 300_000
    with pytest.raises(viva_client.InvalidArgumentError) as caught:
        connect(server.address).score_media(path, OPTIONS)
    assert caught.value.reason == "MEDIA_UNREADABLE"


def test_a_file_that_vanishes_during_a_call_is_an_os_error(
    server: Running, connect: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "answer.wav"
    path.write_bytes(b"y" * 2_000_000)

    def gone(_: object) -> Iterator[bytes]:
        yield b"y" * 1000
        raise FileNotFoundError(2, "gone", str(path))

    monkeypatch.setattr("viva_client.upload._chunks", gone)
    with pytest.raises(FileNotFoundError):
        connect(server.address).score_media(path, OPTIONS, timeout_s=20)


def test_what_cannot_fit_is_refused_before_it_is_sent(
    server: Running, connect: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "huge.mp4"
    with path.open("wb") as file:
        file.truncate(200_000_001)
    client = connect(server.address)
    with pytest.raises(viva_client.InvalidArgumentError, match="MEDIA_TOO_LARGE"):
        client.score_media(path, OPTIONS)
    with pytest.raises(viva_client.InvalidArgumentError, match="TEXT_TOO_LONG"):
        client.score_text("x" * 5_000_000, OPTIONS)
    with pytest.raises(viva_client.InvalidArgumentError, match="FIELD_INVALID"):
        client.score_text("half a pair \ud800", OPTIONS)
    with pytest.raises(FileNotFoundError):
        client.score_media(tmp_path / "none.mp4", OPTIONS)
    with pytest.raises(ValueError, match="kind"):
        client.score_media(b"x", OPTIONS, kind="film")
    assert server.double.seen == []


def test_a_report_is_rendered_from_an_assessment(server: Running, connect: Callable[..., Any]) -> None:
    client = connect(server.address)
    assessment = client.score_text("x", OPTIONS)
    assert f"{assessment.overall.score:.3f}" in client.render_report(assessment, "zh")
    assert server.double.seen[-1].request.language == "zh"


def test_health_speaks_the_standard_protocol(server: Running, connect: Callable[..., Any]) -> None:
    client = connect(server.address)
    assert client.health() is True
    assert client.health("viva.v1.Scoring") is True
    server.set_serving(False)
    assert client.health() is False
    with pytest.raises(viva_client.NotFoundError):
        client.health("no.such.Service")


def test_nobody_at_the_address_is_unreachable(connect: Callable[..., Any]) -> None:
    client = connect("127.0.0.1:1", retry=RetryPolicy(max_attempts=2, initial_s=0.01, max_s=0.02))
    with pytest.raises(viva_client.UnavailableError) as caught:
        client.score_text("x", OPTIONS)
    assert caught.value.unreachable
    with pytest.raises(viva_client.UnavailableError):
        client.health()


def test_several_channels_are_several_connections_used_in_turn(server: Running, connect: Callable[..., Any]) -> None:
    client = connect(server.address, channels=3)
    for _ in range(6):
        client.score_text("x", OPTIONS)
    peers = [seen.peer for seen in server.double.seen]
    assert len(set(peers)) == 3
    assert peers[:3] == peers[3:]


def test_a_restarted_server_is_found_again(connect: Callable[..., Any]) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    client = connect(f"127.0.0.1:{port}", retry=RetryPolicy(max_attempts=100, initial_s=0.05, max_s=0.2))
    with running_server(port=port):
        client.score_text("x", OPTIONS)
    with pytest.raises(viva_client.UnavailableError):
        client.health()
    with running_server(port=port):
        assert client.score_text("y", OPTIONS, timeout_s=60).transcript.text == "y"


async def test_cancelling_a_call_cancels_it_on_the_server(server: Running) -> None:
    async def forever(_: str) -> None:
        await asyncio.sleep(3600)

    server.double.before = forever
    async with AsyncVivaClient(server.address) as client:
        call = asyncio.create_task(client.score_text("x", OPTIONS))
        await asyncio.to_thread(server.double.arrived.wait, 10)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    assert await asyncio.to_thread(server.double.cancelled.wait, 10)


def test_closing_the_client_ends_its_calls(server: Running) -> None:
    async def forever(_: str) -> None:
        await asyncio.sleep(3600)

    server.double.before = forever
    client = VivaClient(server.address)
    raised: list[BaseException] = []

    def call() -> None:
        try:
            client.score_text("x", OPTIONS)
        except viva_client.VivaError as error:
            raised.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    assert server.double.arrived.wait(10)
    client.close()
    thread.join(10)
    assert [type(error) for error in raised] == [viva_client.CancelledError]
