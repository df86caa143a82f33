"""What a call can raise.

VivaError                        any failed call
├── InvalidArgumentError         the answer or the request is at fault; the same call fails again
│   ├── ConflictError            it exists already, or the request id was used for another request
│   └── FailedPreconditionError  right as such, but not in the state that things are in
├── AuthenticationError          no, unknown or expired credentials
│   └── PermissionDeniedError    known credentials without the scope
├── NotFoundError                a name that nothing answers to
├── StaleError                   the resource has changed since it was read
├── AbortedError                 an upload that did not arrive in whole; send it again
├── OverloadedError              a bounded queue or a quota is full
├── DeadlineExceededError        the time allowed for the call passed
├── UnavailableError             the server cannot be reached, or a part of it is restarting
├── CancelledError               the call was cancelled
└── ServerError                  a fault of the server

Errors of the server carry a `google.rpc.Status` in the trailing metadata `grpc-status-details-bin`; its details
(`ErrorInfo`, `BadRequest`, `RetryInfo`, `RequestInfo`) become attributes here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

_DETAILS_KEY: Final = "grpc-status-details-bin"
_STALE: Final = "ETAG_MISMATCH"  # shares ABORTED with uploads


class VivaError(Exception):
    """A call that failed.

    Attributes:
        code: canonical gRPC code.
        reason: stable machine-readable reason of the published catalogue (`TEXT_TOO_LONG`); empty when the error
            did not come from Viva itself, for example when nothing listens at the address.
        message: one sentence for a developer.
        fields: request fields at fault, each with what is wrong.
        retry_after_s: seconds after which the server expects a retry to work, None when it did not say.
        metadata: small facts such as limits (`{"limit": "20000", "actual": "20001"}`).
        request_id: id of the request in the server's logs, may be empty.
        trace_id: id of the call's trace in them, may be empty.
    """

    def __init__(
        self,
        code: grpc.StatusCode,
        reason: str,
        message: str,
        fields: Sequence[tuple[str, str]] = (),
        retry_after_s: float | None = None,
        metadata: Mapping[str, str] | None = None,
        request_id: str = "",
        trace_id: str = "",
    ) -> None:
        super().__init__(code, reason, message, fields, retry_after_s, metadata, request_id, trace_id)
        self.code = code
        self.reason = reason
        self.message = message
        self.fields = list(fields)
        self.retry_after_s = retry_after_s
        self.metadata = dict(metadata or {})
        self.request_id = request_id
        self.trace_id = trace_id

    def __str__(self) -> str:
        return f"{self.reason or self.code.name}: {self.message}"

    @property
    def retryable(self) -> bool:
        """Whether the same call may succeed a little later.

        - UNAVAILABLE.
        - RESOURCE_EXHAUSTED with a `RetryInfo`, or without an `ErrorInfo`: then a queue in front of the service is
          full.
        - CANCELLED without an `ErrorInfo`: a server that shuts down resets its streams so. Calls that are cancelled
          on this side are never retried.
        - UNKNOWN without an `ErrorInfo`: a balancer ends a stream so when its server is gone.
        """
        if self.code is grpc.StatusCode.RESOURCE_EXHAUSTED:
            return self.retry_after_s is not None or not self.reason
        if self.code in (grpc.StatusCode.CANCELLED, grpc.StatusCode.UNKNOWN):
            return not self.reason
        return self.code is grpc.StatusCode.UNAVAILABLE

    @property
    def unreachable(self) -> bool:
        """Whether no server answered at all."""
        return self.code is grpc.StatusCode.UNAVAILABLE and not self.reason


class InvalidArgumentError(VivaError):
    """The answer or the request is at fault; the same call fails again."""


class ConflictError(InvalidArgumentError):
    """Something of this name exists, or the request id was used for another request."""


class FailedPreconditionError(InvalidArgumentError):
    """The request is right as such, but not in the state that things are in."""


class AuthenticationError(VivaError):
    """No, unknown or insufficient credentials."""


class PermissionDeniedError(AuthenticationError):
    """The credentials are known, and lack the scope that the message names."""


class NotFoundError(VivaError):
    """A name that nothing answers to."""


class StaleError(VivaError):
    """The resource has changed since it was read: read it again, and make the change on what it holds now."""


class AbortedError(VivaError):
    """An upload that did not arrive in whole; send it again."""


class OverloadedError(VivaError):
    """A bounded queue or a quota is full; `metadata["quota"]` names the quota."""


class DeadlineExceededError(VivaError):
    """The time allowed for the call passed before its answer came."""


class UnavailableError(VivaError):
    """The server cannot be reached, or a part of it is restarting."""


class CancelledError(VivaError):
    """The call was cancelled."""


class ServerError(VivaError):
    """A fault of the server; report it with `request_id`."""


_KINDS: Final[Mapping[grpc.StatusCode, type[VivaError]]] = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidArgumentError,
    grpc.StatusCode.FAILED_PRECONDITION: FailedPreconditionError,
    grpc.StatusCode.OUT_OF_RANGE: InvalidArgumentError,
    grpc.StatusCode.ALREADY_EXISTS: ConflictError,
    grpc.StatusCode.UNAUTHENTICATED: AuthenticationError,
    grpc.StatusCode.PERMISSION_DENIED: PermissionDeniedError,
    grpc.StatusCode.NOT_FOUND: NotFoundError,
    grpc.StatusCode.ABORTED: AbortedError,
    grpc.StatusCode.RESOURCE_EXHAUSTED: OverloadedError,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceededError,
    grpc.StatusCode.UNAVAILABLE: UnavailableError,
    grpc.StatusCode.CANCELLED: CancelledError,
    grpc.StatusCode.UNKNOWN: ServerError,
    grpc.StatusCode.UNIMPLEMENTED: ServerError,
    grpc.StatusCode.INTERNAL: ServerError,
    grpc.StatusCode.DATA_LOSS: ServerError,
}


_CODES: Final = {code.value[0]: code for code in grpc.StatusCode}


def error_from_rpc(error: grpc.RpcError) -> VivaError:
    """The typed error of a failed call, of the sync API as of the asyncio one."""
    status = _status(error.trailing_metadata())
    # The server's own word comes first: where a balancer resets an upload that was refused, gRPC says CANCELLED.
    return error_from_status(status) if status.code else _error(error.code(), error.details() or "", ())


def error_from_status(status: status_pb2.Status) -> VivaError:
    """The typed error of a status inside a message: of an operation, of `Answer.error`, of one item of a batch."""
    return _error(_CODES.get(status.code, grpc.StatusCode.UNKNOWN), status.message, status.details)


def _error(code: grpc.StatusCode, message: str, details: Iterable[Any]) -> VivaError:
    info = error_details_pb2.ErrorInfo()
    request = error_details_pb2.RequestInfo()
    retry_after_s: float | None = None
    fields: list[tuple[str, str]] = []
    for detail in details:
        if detail.Unpack(info) or detail.Unpack(request):
            continue
        bad_request, retry = error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
        if detail.Unpack(bad_request):
            fields += [(item.field, item.description) for item in bad_request.field_violations]
        elif detail.Unpack(retry):
            retry_after_s = retry.retry_delay.ToTimedelta().total_seconds()
    kind = StaleError if info.reason == _STALE else _KINDS.get(code, ServerError)
    return kind(
        code,
        info.reason,
        message,
        fields,
        retry_after_s,
        dict(info.metadata),
        request.request_id,
        request.serving_data,
    )


def _status(metadata: Iterable[Any] | None) -> status_pb2.Status:
    """The rich status of trailing metadata; an empty one when there is none, or none that can be read."""
    for key, value in metadata or ():
        if key == _DETAILS_KEY and isinstance(value, bytes):
            try:
                return status_pb2.Status.FromString(value)
            except DecodeError:
                break
    return status_pb2.Status()
