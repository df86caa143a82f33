"""Errors of the domain as gRPC statuses with `google.rpc` details."""

from __future__ import annotations

import math
import random
from typing import Any, Final

import grpc
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from serving.api.messages import ERROR_DOMAIN
from serving.domain import errors
from serving.domain.errors import VivaError

# The first class of the tree that an error is an instance of decides; InternalFault and its children come last.
_CODES: Final[tuple[tuple[type[VivaError], grpc.StatusCode], ...]] = (
    (errors.InvalidRequest, grpc.StatusCode.INVALID_ARGUMENT),
    (errors.Unauthorized, grpc.StatusCode.UNAUTHENTICATED),
    (errors.Forbidden, grpc.StatusCode.PERMISSION_DENIED),
    (errors.NotFound, grpc.StatusCode.NOT_FOUND),
    (errors.Conflict, grpc.StatusCode.ALREADY_EXISTS),
    (errors.Stale, grpc.StatusCode.ABORTED),
    (errors.NotAllowedNow, grpc.StatusCode.FAILED_PRECONDITION),
    (errors.StoreUnavailable, grpc.StatusCode.UNAVAILABLE),
    (errors.UploadIncomplete, grpc.StatusCode.ABORTED),
    (errors.Overloaded, grpc.StatusCode.RESOURCE_EXHAUSTED),
    (errors.DeadlineExceeded, grpc.StatusCode.DEADLINE_EXCEEDED),
    (errors.ModelUnavailable, grpc.StatusCode.UNAVAILABLE),
    (errors.WorkerLost, grpc.StatusCode.UNAVAILABLE),
    (VivaError, grpc.StatusCode.INTERNAL),
)
_MESSAGE_BYTES: Final = 1_000  # it travels three times, in trailers that clients cut off at 8 KiB by default
_SPREAD: Final = 0.5  # callers are told up to so much more than the time, in parts of it
_DEFAULT_RETRY_S: Final = 1.0  # a restarted model server or worker is back in about that time


def code_of(error: VivaError) -> grpc.StatusCode:
    """Canonical code of an error."""
    return next(code for kind, code in _CODES if isinstance(error, kind))


def to_status(error: BaseException, request_id: str, trace_id: str = "") -> status_pb2.Status:
    """`google.rpc.Status` of any exception; what is not ours, or is our fault, keeps its text to itself.

    Always carries an `ErrorInfo` and a `RequestInfo`, whose `serving_data` is the id of the trace; `BadRequest` when a
    field is at fault; `RetryInfo` when a retry makes sense.
    """
    ours = error if isinstance(error, VivaError) else errors.InternalFault("unexpected fault")
    code = code_of(ours)
    message = ours.message
    if code is grpc.StatusCode.INTERNAL:
        message, ours = (
            "internal error; report it with the request id",
            errors.InternalFault("unexpected fault"),
        )
    message = short(message)
    details: list[any_pb2.Any] = []

    def add(
        detail: error_details_pb2.ErrorInfo
        | error_details_pb2.BadRequest
        | error_details_pb2.RetryInfo
        | error_details_pb2.QuotaFailure
        | error_details_pb2.RequestInfo,
    ) -> None:
        packed = any_pb2.Any()
        packed.Pack(detail)
        details.append(packed)

    add(error_details_pb2.ErrorInfo(reason=ours.reason.name, domain=ERROR_DOMAIN, metadata=ours.metadata))
    if ours.field:
        violation = error_details_pb2.BadRequest.FieldViolation(
            field=ours.field, description=message, reason=ours.reason.name
        )
        add(error_details_pb2.BadRequest(field_violations=[violation]))
    if isinstance(ours, errors.QuotaExceeded):
        quota = error_details_pb2.QuotaFailure.Violation(subject=ours.metadata.get("quota", ""), description=message)
        add(error_details_pb2.QuotaFailure(violations=[quota]))
    if ours.retryable:
        retry = error_details_pb2.RetryInfo()
        seconds = ours.retry_after_s if ours.retry_after_s is not None else _DEFAULT_RETRY_S
        # Who is told the same time does not come back at the same time.
        retry.retry_delay.FromMilliseconds(math.ceil(1000 * seconds * random.uniform(1.0, 1.0 + _SPREAD)))
        add(retry)
    add(error_details_pb2.RequestInfo(request_id=request_id, serving_data=trace_id))
    return status_pb2.Status(code=code.value[0], message=message, details=details)


def short(message: str) -> str:
    """A message as a caller gets it, cut where it lists very much."""
    encoded = message.encode()
    if len(encoded) <= _MESSAGE_BYTES:
        return message
    return encoded[:_MESSAGE_BYTES].decode(errors="ignore") + " ..."


def trailing_metadata(status: status_pb2.Status) -> list[tuple[str, Any]]:
    """Trailing metadata that carries the rich status (`grpc-status-details-bin`)."""
    return [(key, value) for key, value in rpc_status.to_status(status).trailing_metadata]
