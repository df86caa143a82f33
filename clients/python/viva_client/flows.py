"""What takes several calls or waits, written once for both clients.

A flow is a generator. It yields what is to be done next and gets the outcome back; `viva_client.runner` does it,
blocking or in asyncio. Errors of a call are raised inside the flow.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Generic, TypeVar

import grpc
from google.longrunning import operations_pb2
from google.protobuf import any_pb2
from google.protobuf.message import Message

from viva.v1 import answers_pb2
from viva_client.calls import Call
from viva_client.errors import (
    AbortedError,
    DeadlineExceededError,
    NotFoundError,
    ServerError,
    VivaError,
    error_from_status,
)
from viva_client.retry import Attempts
from viva_client.transport import Settings
from viva_client.upload import Media, Upload, media_size

Out = TypeVar("Out")
Response = TypeVar("Response", bound=Message)
Metadata = TypeVar("Metadata", bound=Message)

_GET_OPERATION: Final = "/google.longrunning.Operations/GetOperation"


@dataclass(frozen=True)
class Once:
    """One attempt of a call, with the time that it may take, seconds."""

    call: Call[Any]
    timeout_s: float


# One attempt; a wait in seconds; or something that may block, such as a look at a file.
Step = Once | float | Callable[[], Any]
Flow = Generator[Step, Any, Out]


@dataclass(frozen=True)
class Context:
    """What a flow knows of its client.

    Attributes:
        settings: of the client.
        timeout_s: time that the caller allows, seconds; None for the client's own.
        relay: makes a callback that may be called from any thread.
    """

    settings: Settings
    timeout_s: float | None
    relay: Callable[[Callable[..., None]], Callable[..., None]]

    def attempts(self, call: Call[Any]) -> Attempts:
        """The attempts of a call."""
        return self.settings.attempts(call, self.timeout_s)


def retried(call: Call[Out], attempts: Attempts) -> Flow[Out]:
    """The call, again until it succeeds or `attempts` end it."""
    while True:
        try:
            return (yield Once(call, attempts.remaining_s()))  # type: ignore[no-any-return]  # a step's outcome has no type
        except VivaError as error:
            pause_s = attempts.pause_after(error)
        yield pause_s


@dataclass(frozen=True)
class Pending(Generic[Response, Metadata]):
    """Long work of the server.

    Attributes:
        operation: as the server last described it; its name is enough to go on waiting later.
        response: type of what it ends in.
        metadata: type of what it says on the way.
    """

    operation: operations_pb2.Operation
    response: type[Response]
    metadata: type[Metadata]

    @property
    def name(self) -> str:
        """`tenants/{tenant}/operations/{operation}`."""
        return str(self.operation.name)


def operation_call(name: str) -> Call[operations_pb2.Operation]:
    """GetOperation."""
    request = operations_pb2.GetOperationRequest(name=name)
    return Call(_GET_OPERATION, lambda: request, operations_pb2.Operation, lambda one: one, str(uuid.uuid4()))


def get_operation(context: Context, name: str) -> Flow[operations_pb2.Operation]:
    """Reads an operation."""
    call = operation_call(name)
    return (yield from retried(call, context.attempts(call)))


def wait(
    context: Context,
    pending: Pending[Response, Metadata],
    timeout_s: float = 3600.0,
    progress: Callable[[Metadata], None] | None = None,
) -> Flow[Response]:
    """Waits for long work, asking after growing waits.

    Args:
        timeout_s: how long to wait, seconds. The work itself goes on beyond it.
        progress: called with the metadata of each answer.

    Raises:
        DeadlineExceededError: it is not done in that time.
        VivaError: it failed, or could not be asked for.
    """
    deadline, operation, polls = Attempts(context.settings.retry, timeout_s), pending.operation, 0
    while not operation.done:
        left_s = deadline.remaining_s()
        if not left_s:
            message = f"{pending.name} is not done after {timeout_s:g} s"
            raise DeadlineExceededError(grpc.StatusCode.DEADLINE_EXCEEDED, "", message)
        polls += 1
        yield min(left_s, context.settings.retry.wait_s(polls))
        operation = yield from get_operation(context, pending.name)
        if progress:
            progress(_unpacked(operation.metadata, pending.metadata))
    if operation.HasField("error"):
        raise error_from_status(operation.error)
    return _unpacked(operation.response, pending.response)


def upload_media(
    context: Context,
    media: Media,
    interview: str = "",
    progress: Callable[[int, int], None] | None = None,
    name: str | None = None,
) -> Flow[answers_pb2.Media]:
    """Stores media. A stream that breaks goes on where the server's bytes end.

    Args:
        media: path of a file, which is read in pieces, or its bytes.
        interview: the interview that it is for; empty for the tenant itself.
        progress: called with the bytes that are sent and all bytes; blocking, from another thread than the caller's.
        name: `tenants/-/uploads/{upload}` of an upload that an earlier process began, to go on with it; by default a
            new one.

    Raises:
        OSError: the file cannot be read.
        VivaError: it was refused, or broke too often without a byte more.
    """
    total = yield partial(media_size, media)
    relayed = context.relay(progress) if progress else None

    def report(sent: int) -> None:
        if relayed:
            relayed(sent, total)

    upload = name or f"tenants/-/uploads/{uuid.uuid4()}"
    get = Call(
        "/viva.v1.Answers/GetUpload",
        partial(answers_pb2.GetUploadRequest, name=upload),
        answers_pb2.Upload,
        lambda found: int(found.size_bytes),
        str(uuid.uuid4()),
    )
    attempts = context.attempts(get)
    start = (yield from _stored(get, attempts)) if name else 0
    while True:
        config = answers_pb2.UploadMediaConfig(name=upload, offset=start, interview=interview)
        put: Call[answers_pb2.Media] = Call(
            "/viva.v1.Answers/UploadMedia",
            partial(Upload, config, media, request=answers_pb2.UploadMediaRequest, start=start, on_sent=report),
            answers_pb2.Media,
            lambda stored: stored,
            get.request_id,
        )
        try:
            return (yield Once(put, attempts.remaining_s()))  # type: ignore[no-any-return]  # a step's outcome has no type
        except VivaError as error:
            pause_s = attempts.pause_after(error, retryable=_broken(error))
        yield pause_s
        stored = yield from _stored(get, attempts)
        if stored > start:
            attempts.progressed()
        start = stored


def _broken(error: VivaError) -> bool:
    """Whether an upload can go on after an error."""
    return error.retryable or isinstance(error, AbortedError)


def _stored(get: Call[int], attempts: Attempts) -> Flow[int]:
    """Bytes of an upload that the server has."""
    try:
        return (yield from retried(get, attempts))
    except NotFoundError:  # nothing of it arrived
        return 0


def _unpacked(packed: any_pb2.Any, kind: type[Response]) -> Response:
    message = kind()
    if not packed.Unpack(message):
        text = f"the operation holds {packed.type_url or 'nothing'} instead of {kind.DESCRIPTOR.full_name}"
        raise ServerError(grpc.StatusCode.UNKNOWN, "", text)
    return message
