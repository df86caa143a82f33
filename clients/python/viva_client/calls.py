"""Each method of the API as a value: what to send and what to take from the response. Sends nothing itself; the sync
and the asyncio client both execute these."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import grpc
from google.protobuf import wrappers_pb2
from google.protobuf.message import Message

from viva.v1 import assessment_pb2
from viva.v1 import scoring_pb2 as pb
from viva_client.errors import InvalidArgumentError
from viva_client.options import AnswerOptions
from viva_client.upload import INLINE_BYTES, Media, Upload, media_bytes, media_size

Out = TypeVar("Out")

_SERVICE: Final = "/viva.v1.Scoring"
_TEXT_BYTES: Final = 4_000_000  # far above the contract's 20,000 characters, below any server's limit on messages
_KINDS: Final = {
    "": pb.MEDIA_KIND_UNSPECIFIED,
    "audio": pb.MEDIA_KIND_AUDIO,
    "video": pb.MEDIA_KIND_VIDEO,
}
_SERVING: Final = 1  # grpc.health.v1.HealthCheckResponse.ServingStatus.SERVING


@dataclass(frozen=True)
class Call(Generic[Out]):
    """One call.

    Attributes:
        path: full name of the method.
        request: makes the request of one attempt: a message, or the `Upload` of a streaming method.
        response: message type of the response.
        unwrap: takes what the caller wants from the response.
        request_id: the same for every attempt.
    """

    path: str
    request: Callable[[], Message | Upload]
    response: type[Message]
    unwrap: Callable[[Any], Out]
    request_id: str


def text_call(text: str, options: AnswerOptions, request_id: str | None) -> Call[assessment_pb2.Assessment]:
    """ScoreAnswer with text."""
    size = len(text.encode("utf-8", errors="surrogatepass"))
    if size > _TEXT_BYTES:
        # Sent, it would break a limit on messages, whose error says nothing of the text.
        raise _invalid("TEXT_TOO_LONG", "text", f"text has {len(text)} characters, the limit is 20000")
    try:
        request = pb.ScoreAnswerRequest(
            request_id=request_id or str(uuid.uuid4()), config=options.to_config(), text=text
        )
    except UnicodeEncodeError:
        raise _invalid("FIELD_INVALID", "text", "text holds half of a surrogate pair") from None
    return _score_call(request)


def media_call(
    media: Media, options: AnswerOptions, kind: str, request_id: str | None
) -> Call[assessment_pb2.Assessment]:
    """ScoreAnswer with small media, UploadAnswer with larger. Looks at the file: not for an event loop.

    Raises:
        OSError: the file does not exist or cannot be read.
        InvalidArgumentError: it is too large.
        ValueError: an unknown kind.
    """
    if kind not in _KINDS:
        raise ValueError(f"kind is {kind!r}; known are 'audio', 'video' and '' (whatever tracks are there)")
    size = media_size(media)
    chosen_id = request_id or str(uuid.uuid4())
    if size <= INLINE_BYTES:
        inline = pb.InlineMedia(data=media_bytes(media), kind=_KINDS[kind])
        return _score_call(pb.ScoreAnswerRequest(request_id=chosen_id, config=options.to_config(), media=inline))
    config = pb.UploadConfig(request_id=chosen_id, config=options.to_config(), kind=_KINDS[kind])
    return Call(
        path=f"{_SERVICE}/UploadAnswer",
        request=lambda: Upload(config, media),
        response=pb.UploadAnswerResponse,
        unwrap=lambda response: response.assessment,
        request_id=chosen_id,
    )


def report_call(assessment: assessment_pb2.Assessment, language: str) -> Call[str]:
    """RenderReport."""
    request = pb.RenderReportRequest(assessment=assessment, language=language)
    return Call(
        path=f"{_SERVICE}/RenderReport",
        request=lambda: request,
        response=pb.RenderReportResponse,
        unwrap=lambda response: response.html,
        request_id=str(uuid.uuid4()),
    )


def health_call(service: str) -> Call[bool]:
    """`grpc.health.v1.Health/Check`.

    Its messages are one string and one enum, both field 1: the well-known wrappers have the same bytes on the wire,
    which spares the client a dependency.
    """
    return Call(
        path="/grpc.health.v1.Health/Check",
        request=lambda: wrappers_pb2.StringValue(value=service),
        response=wrappers_pb2.Int32Value,
        unwrap=lambda response: response.value == _SERVING,
        request_id=str(uuid.uuid4()),
    )


def serialize(message: Message) -> bytes:
    """Bytes of a request on the wire."""
    return message.SerializeToString()


def _score_call(request: pb.ScoreAnswerRequest) -> Call[assessment_pb2.Assessment]:
    return Call(
        path=f"{_SERVICE}/ScoreAnswer",
        request=lambda: request,
        response=pb.ScoreAnswerResponse,
        unwrap=lambda response: response.assessment,
        request_id=request.request_id,
    )


def _invalid(reason: str, field: str, message: str) -> InvalidArgumentError:
    """The error that the server would give, without the trip."""
    return InvalidArgumentError(grpc.StatusCode.INVALID_ARGUMENT, reason, message, [(field, message)])
