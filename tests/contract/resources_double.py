"""The services over stored resources at the wire: a real gRPC server that keeps what it is told and plays scripts."""

from __future__ import annotations

import copy
import hashlib
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from google.longrunning import operations_pb2
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.message import Message
from scoring_double import Fault

from viva.v1 import answers_pb2, candidates_pb2, interviews_pb2, reports_pb2, webhooks_pb2

NO_UPLOAD = Fault(grpc.StatusCode.NOT_FOUND, "NOT_FOUND", "no such upload")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SCORE = 7.25


@dataclass(frozen=True)
class Seen:
    """One attempt that reached the server."""

    method: str
    request: Any
    metadata: dict[str, Any]
    remaining_s: float


class ResourcesDouble:
    """Any method answers with what `scripts` says, else with a method of this class, else with an empty response.

    Attributes:
        faults: by method, given one a call, in order, before anything else.
        scripts: by method, what answers it.
        uploads: bytes of each upload that is not committed.
        break_after: bytes of chunks after which each next stream of an upload breaks, in order.
        stored: resources by name.
        events: what a watch sends; None breaks the connection.
    """

    def __init__(self) -> None:
        self.faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self.scripts: dict[str, Callable[[Any], Any]] = {}
        self.seen: list[Seen] = []
        self.uploads: dict[str, bytearray] = {}
        self.break_after: deque[tuple[int, Fault]] = deque()
        self.stored: dict[str, Any] = {}
        self.polls = 0
        self.events: list[tuple[str, bool]] = []
        self.news = threading.Condition()

    def of(self, method: str) -> list[Seen]:
        """Attempts of one method."""
        return [seen for seen in self.seen if seen.method == method]

    def publish(self, number: int, *, sign_of_life: bool = False) -> None:
        """Have a watch send report `number`, or a sign of life after it."""
        with self.news:
            self.events.append((str(number), sign_of_life))
            self.news.notify_all()

    def answer(self, method: Any, request: Any, context: grpc.ServicerContext) -> Any:
        """The response of a unary method, after its fault if there is one."""
        self.note(method.name, request, context)
        script = self.scripts.get(method.name) or getattr(self, method.name, None)
        creates = any(field.message_type == method.output_type for field in method.input_type.fields)
        if script is None and creates and method.name.startswith("Create"):
            return self._create(request)
        found = script(request) if script else message_factory.GetMessageClass(method.output_type)()
        if isinstance(found, Fault):
            _abort(context, found)
        return found

    def note(self, method: str, request: Any, context: grpc.ServicerContext) -> None:
        """Remember an attempt, and end it where a fault is due."""
        metadata = dict(context.invocation_metadata())
        self.seen.append(Seen(method, request, metadata, context.time_remaining() or float("inf")))
        if self.faults[method]:
            _abort(context, self.faults[method].popleft())

    def _create(self, request: Any) -> Message:
        (field,) = (one for one in request.DESCRIPTOR.fields if one.message_type)
        resource = copy.deepcopy(getattr(request, field.name))
        words = field.name.split("_")
        collection = words[0] + "".join(word.title() for word in words[1:]) + "s"
        chosen = getattr(request, f"{field.name}_id", "") or str(len(self.stored) + 1)
        resource.name = f"{getattr(request, 'parent', '')}/{collection}/{chosen}".replace("/-/", "/acme/").lstrip("/")
        self.stored[resource.name] = resource
        return resource  # type: ignore[no-any-return]  # a message

    def CreateInterview(self, request: interviews_pb2.CreateInterviewRequest) -> Any:
        made: Any = self._create(request)
        made.state = interviews_pb2.Interview.STATE_OPEN
        made.questions.add(question_id="conflict", competency="teamwork", text="Tell me about a conflict.")
        return made

    def CreateWebhookEndpoint(self, request: Any) -> webhooks_pb2.WebhookEndpoint:
        made: Any = self._create(request)
        made.secret = SECRET
        return made  # type: ignore[no-any-return]  # a message

    def SubmitAnswer(self, request: answers_pb2.SubmitAnswerRequest) -> answers_pb2.Answer:
        request.answer.name = f"{request.parent}/answers/1"
        request.answer.state = answers_pb2.Answer.STATE_QUEUED
        return request.answer

    def BatchSubmitAnswers(self, request: answers_pb2.BatchSubmitAnswersRequest) -> operations_pb2.Operation:
        self.batch = request
        return operations_pb2.Operation(name="tenants/acme/operations/batch")

    def EraseCandidate(self, request: Any) -> operations_pb2.Operation:
        return operations_pb2.Operation(name="tenants/acme/operations/erase")

    def GetOperation(self, request: Any) -> operations_pb2.Operation:
        """Done at the second look."""
        self.polls += 1
        operation = operations_pb2.Operation(name=request.name, done=self.polls > 1)
        stage = "done" if operation.done else "working"
        if request.name.endswith("erase"):
            operation.metadata.Pack(candidates_pb2.EraseCandidateMetadata(stage=stage))
            response: Message = candidates_pb2.ErasureReceipt(interview_count=1, answer_count=3, media_bytes=1000)
        else:
            results = []
            for index, one in enumerate(self.batch.requests):
                result = answers_pb2.SubmitAnswerResult(answer=f"{one.parent}/answers/{index}")
                if one.answer.text == "":
                    result.answer = ""
                    result.status.CopyFrom(
                        Fault(grpc.StatusCode.INVALID_ARGUMENT, "TEXT_EMPTY", "text is empty").status()
                    )
                results.append(result)
            scored = len(results) if operation.done else 0
            operation.metadata.Pack(
                answers_pb2.BatchSubmitAnswersMetadata(
                    stage=stage, accepted_count=len(results), scored_count=scored, results=results
                )
            )
            response = answers_pb2.BatchSubmitAnswersResponse(results=results)
        if operation.done:
            operation.response.Pack(response)
        return operation

    def GetReport(self, request: reports_pb2.GetReportRequest) -> reports_pb2.Report:
        return report(request.name.replace("latest", "1"))

    def GetUpload(self, request: answers_pb2.GetUploadRequest) -> answers_pb2.Upload | Fault:
        if request.name not in self.uploads:
            return NO_UPLOAD
        return answers_pb2.Upload(name=request.name, size_bytes=len(self.uploads[request.name]))

    def upload(self, messages: Iterator[Any], context: grpc.ServicerContext) -> Any:
        """UploadMedia."""
        config = next(messages).config
        self.note("UploadMedia", config, context)
        data = self.uploads.setdefault(config.name, bytearray())
        if config.offset != len(data):
            _abort(context, Fault(grpc.StatusCode.ABORTED, "UPLOAD_MISMATCH", "not the offset"))
        limit, fault = self.break_after.popleft() if self.break_after else (None, None)
        taken = 0
        for message in messages:
            if message.WhichOneof("part") == "chunk":
                if not message.chunk:
                    _abort(context, Fault(grpc.StatusCode.INVALID_ARGUMENT, "FIELD_INVALID", "an empty chunk"))
                data.extend(message.chunk)
                taken += len(message.chunk)
                if limit is not None and fault and taken >= limit:
                    _abort(context, fault)
            elif message.commit.sha256 == hashlib.sha256(data).hexdigest() and message.commit.size_bytes == len(data):
                del self.uploads[config.name]
                return answers_pb2.Media(size_bytes=len(data), sha256=message.commit.sha256)
        return _abort(context, Fault(grpc.StatusCode.ABORTED, "UPLOAD_NOT_COMMITTED", "no commit"))

    def watch(self, request: Any, context: grpc.ServicerContext) -> Iterator[reports_pb2.WatchReportsResponse]:
        """WatchReports: events after the token; an empty token begins at the first that comes."""
        self.note("WatchReports", request, context)
        at = int(request.resume_token) if request.resume_token.isdigit() else 0
        while context.is_active():
            with self.news:
                if len(self.events) <= at:
                    self.news.wait(timeout=0.05)
                ready = self.events[at:]
            for number, sign_of_life in ready:
                at += 1
                response = reports_pb2.WatchReportsResponse(resume_token=str(at))
                if not sign_of_life:
                    response.report.CopyFrom(report(f"tenants/acme/interviews/i/reports/{number}"))
                yield response
            if self.faults["WatchReports"]:
                _abort(context, self.faults["WatchReports"].popleft())


def report(name: str) -> reports_pb2.Report:
    """A report with one scored competency."""
    made = reports_pb2.Report(name=name, candidate="tenants/acme/candidates/c-1", role_display_name="Trainee")
    made.role_revision = "tenants/acme/roles/trainee/revisions/1"
    made.overall.score, made.overall.low, made.overall.high = SCORE, 6.5, 8.0
    made.competencies.add(name="teamwork", weight=1, status="scored", score=SCORE)
    made.competencies.add(name="leadership", weight=1, status="insufficient_evidence")
    made.recommendations.add(display_name="Good", recommends="advance", value="true")
    return made


@dataclass
class Resources:
    """A server that runs."""

    address: str
    double: ResourcesDouble


@contextmanager
def running_resources(double: ResourcesDouble | None = None, port: int = 0) -> Iterator[Resources]:
    """A server on a loopback port, gone at the end."""
    chosen = double or ResourcesDouble()
    with futures.ThreadPoolExecutor(16) as pool:
        server = grpc.server(pool, handlers=[_Handlers(chosen)], options=(("grpc.so_reuseport", 0),))
        bound = server.add_insecure_port(f"127.0.0.1:{port}")
        server.start()
        try:
            yield Resources(f"127.0.0.1:{bound}", chosen)
        finally:
            server.stop(0).wait()


class _Handlers(grpc.GenericRpcHandler):  # type: ignore[misc]  # has no type
    """Finds a method's messages in its descriptor."""

    def __init__(self, double: ResourcesDouble) -> None:
        self._double = double

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        _, service, name = details.method.split("/")
        try:
            method = descriptor_pool.Default().FindServiceByName(service).FindMethodByName(name)
        except KeyError:
            return None
        take = message_factory.GetMessageClass(method.input_type).FromString
        give = message_factory.GetMessageClass(method.output_type).SerializeToString
        if name == "UploadMedia":
            return grpc.stream_unary_rpc_method_handler(self._double.upload, take, give)
        if name == "WatchReports":
            return grpc.unary_stream_rpc_method_handler(self._double.watch, take, give)
        return grpc.unary_unary_rpc_method_handler(
            lambda request, context: self._double.answer(method, request, context), take, give
        )


def _abort(context: grpc.ServicerContext, fault: Fault) -> Any:
    if fault.rich:
        context.set_trailing_metadata((("grpc-status-details-bin", fault.details()),))
    context.abort(fault.code, fault.message)


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)
