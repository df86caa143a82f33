"""A Scoring service at the wire: a real gRPC server whose answers a test writes."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
import grpc.aio
from google.protobuf import any_pb2
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from viva.v1 import assessment_pb2, scoring_pb2_grpc
from viva.v1 import scoring_pb2 as pb


@dataclass(frozen=True)
class Fault:
    """An error as Viva sends it; `rich=False` as a proxy in front of it would."""

    code: grpc.StatusCode
    reason: str = ""
    message: str = "no"
    fields: tuple[tuple[str, str], ...] = ()
    retry_s: float | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    rich: bool = True

    def details(self) -> bytes:
        """The trailing metadata `grpc-status-details-bin`."""
        return bytes(self.status().SerializeToString())

    def status(self) -> status_pb2.Status:
        """As `google.rpc.Status`."""
        parts: list[Any] = [
            error_details_pb2.ErrorInfo(reason=self.reason, domain="viva.dev", metadata=self.metadata),
            error_details_pb2.RequestInfo(request_id="the-request", serving_data="the-trace"),
        ]
        if self.fields:
            violations = [
                error_details_pb2.BadRequest.FieldViolation(field=name, description=text) for name, text in self.fields
            ]
            parts.append(error_details_pb2.BadRequest(field_violations=violations))
        if self.retry_s is not None:
            delay = Duration()
            delay.FromMilliseconds(round(1000 * self.retry_s))
            parts.append(error_details_pb2.RetryInfo(retry_delay=delay))
        status = status_pb2.Status(code=self.code.value[0], message=self.message)
        for part in parts:
            packed = any_pb2.Any()
            packed.Pack(part)
            status.details.append(packed)
        return status


BUSY = Fault(grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL", "queue is full", retry_s=0.01)
AWAY = Fault(grpc.StatusCode.UNAVAILABLE, "MODEL_UNAVAILABLE", "restarting", retry_s=0.01)
TOO_LONG = Fault(
    grpc.StatusCode.INVALID_ARGUMENT,
    "TEXT_TOO_LONG",
    "text has 20001 characters, the limit is 20000",
    (("text", "text has 20001 characters, the limit is 20000"),),
    metadata={"limit": "20000", "actual": "20001"},
)


@dataclass
class Seen:
    """One attempt that reached the server."""

    method: str
    metadata: dict[str, Any]
    request: Any
    peer: str
    chunk_sizes: list[int] = field(default_factory=list)
    data: bytearray = field(default_factory=bytearray)
    committed: bool = False


def assess(text: str, request: pb.AnswerConfig, kind: str = "text") -> assessment_pb2.Assessment:
    """A deterministic assessment that depends on the text and the question."""
    points = int(hashlib.sha256(f"{text}|{request.question}".encode()).hexdigest()[:4], 16) / 6553.6
    names = list(request.competencies) or ["communication", "teamwork"]
    assessment = assessment_pb2.Assessment(question=request.question, language=request.language or "en")
    assessment.overall.score = points
    assessment.overall.low, assessment.overall.high = max(0.0, points - 1), min(10.0, points + 1)
    for name in names:
        item = assessment.competencies.add(name=name, status="scored", score=points, low=0.5, high=9.5)
        item.contributions.add(name="base", points=points)
    assessment.competencies.add(name="leadership", status="insufficient_evidence", reason="too_little_said")
    assessment.transcript.text = text
    assessment.star.sentences.add(text=text, role="A", probability=0.9)
    assessment.star.missing.extend(["S", "R"])
    assessment.suggestions.append("Say what came of it.")
    assessment.modalities.add(name="language", state="ran")
    assessment.modalities.add(name="face", state="skipped", reason="no_video_track", message="There was no picture.")
    assessment.media.kind = kind
    return assessment


class ScoringDouble(scoring_pb2_grpc.ScoringServicer):
    """Faults of `faults` are given one a call, in order; then every call is scored.

    Attributes:
        before: awaited with the text of a text answer before it is scored; may return a Fault.
        peak: most calls that were in flight at once.
        cancelled: set when a call was cancelled by its client.
        reject_after_bytes: an upload is refused once more than this has arrived, unread to its end.
    """

    def __init__(self) -> None:
        self.faults: deque[Fault] = deque()
        self.seen: list[Seen] = []
        self.before: Callable[[str], Awaitable[Fault | None]] | None = None
        self.peak = self._active = 0
        self.cancelled = threading.Event()
        self.arrived = threading.Event()
        self.reject_after_bytes: int | None = None

    async def ScoreAnswer(self, request: pb.ScoreAnswerRequest, context: Any) -> pb.ScoreAnswerResponse:
        text = request.text or f"{len(request.media.data)} bytes"
        async with self._call("ScoreAnswer", request, context):
            if self.before and (fault := await self.before(text)):
                await self._abort(context, fault)
        kind = "text" if request.WhichOneof("content") == "text" else "media"
        return pb.ScoreAnswerResponse(request_id=request.request_id, assessment=assess(text, request.config, kind))

    async def UploadAnswer(
        self, request_iterator: AsyncIterator[pb.UploadAnswerRequest], context: Any
    ) -> pb.UploadAnswerResponse:
        first = await anext(request_iterator)
        async with self._call("UploadAnswer", first.config, context) as seen:
            async for message in request_iterator:
                if message.WhichOneof("part") == "chunk":
                    seen.chunk_sizes.append(len(message.chunk))
                    seen.data.extend(message.chunk)
                    if self.reject_after_bytes is not None and len(seen.data) > self.reject_after_bytes:
                        await self._abort(
                            context, Fault(grpc.StatusCode.INVALID_ARGUMENT, "MEDIA_UNREADABLE", "nothing decodes")
                        )
                    continue
                digest = hashlib.sha256(seen.data).hexdigest()
                seen.committed = message.commit.sha256 == digest and message.commit.size_bytes == len(seen.data)
        if not seen.committed:
            await self._abort(context, Fault(grpc.StatusCode.ABORTED, "UPLOAD_NOT_COMMITTED", "no commit"))
        return pb.UploadAnswerResponse(
            request_id=first.config.request_id,
            assessment=assess(f"{len(seen.data)} bytes", first.config.config, "media"),
        )

    async def RenderReport(self, request: pb.RenderReportRequest, context: Any) -> pb.RenderReportResponse:
        async with self._call("RenderReport", request, context):
            score = request.assessment.overall.score
        return pb.RenderReportResponse(html=f"<!doctype html><p lang={request.language or 'en'}>{score:.3f}</p>")

    def _call(self, method: str, request: Any, context: Any) -> _InFlight:
        metadata = dict(context.invocation_metadata())
        seen = Seen(method, metadata, request, context.peer())
        self.seen.append(seen)
        self.arrived.set()
        return _InFlight(self, seen, context)

    async def _abort(self, context: Any, fault: Fault) -> None:
        trailing = (("grpc-status-details-bin", fault.details()),) if fault.rich else ()
        await context.abort(fault.code, fault.message, trailing_metadata=trailing)


class _InFlight:
    """Counts a call, gives it the next fault, and notices its cancellation."""

    def __init__(self, double: ScoringDouble, seen: Seen, context: Any) -> None:
        self._double, self._seen, self._context = double, seen, context

    async def __aenter__(self) -> Seen:
        double = self._double
        double._active += 1
        double.peak = max(double.peak, double._active)
        if double.faults:
            double._active -= 1
            await double._abort(self._context, double.faults.popleft())
        return self._seen

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._double._active -= 1
        if kind is asyncio.CancelledError:
            self._double.cancelled.set()


@dataclass
class Running:
    """A server that runs: its address, the double behind it, and a switch for its health."""

    address: str
    double: ScoringDouble
    set_serving: Callable[[bool], None]


@contextmanager
def running_server(with_health: bool = True, port: int = 0) -> Iterator[Running]:
    """A server on a loopback port, on an event loop of its own thread; gone at the end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="scoring-double")
    thread.start()

    def on_loop(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(timeout=30)

    async def start() -> tuple[grpc.aio.Server, ScoringDouble, Any, int]:
        server = grpc.aio.server(options=(("grpc.max_receive_message_length", 32 * 1024 * 1024),))
        double, checks = ScoringDouble(), health.aio.HealthServicer()  # type: ignore[attr-defined]  # there at run time, missing from its stubs
        scoring_pb2_grpc.add_ScoringServicer_to_server(double, server)  # type: ignore[no-untyped-call]  # generated
        if with_health:
            health_pb2_grpc.add_HealthServicer_to_server(checks, server)
        bound = server.add_insecure_port(f"127.0.0.1:{port}")
        await server.start()
        return server, double, checks, bound

    server, double, checks, bound = on_loop(start())

    def set_serving(serving: bool) -> None:
        state = health_pb2.HealthCheckResponse.SERVING if serving else health_pb2.HealthCheckResponse.NOT_SERVING
        for service in ("", "viva.v1.Scoring"):
            on_loop(checks.set(service, state))

    set_serving(True)
    try:
        yield Running(f"127.0.0.1:{bound}", double, set_serving)
    finally:
        on_loop(server.stop(0))
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
