"""Typed client of the Viva API: deadlines, retries and errors with their reasons."""

from google.protobuf.json_format import MessageToDict

from viva.v1.assessment_pb2 import Assessment
from viva_client.aio import AsyncVivaClient
from viva_client.client import VivaClient
from viva_client.errors import (
    AbortedError,
    AuthenticationError,
    CancelledError,
    ConflictError,
    DeadlineExceededError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    ServerError,
    StaleError,
    UnavailableError,
    VivaError,
    error_from_status,
)
from viva_client.flows import Pending
from viva_client.options import MODALITIES, AnswerOptions
from viva_client.retry import RetryPolicy
from viva_client.tracing import traceparent
from viva_client.watch import AsyncReportWatch, ReportWatch
from viva_client.webhooks import WebhookVerificationError, verify_webhook

__all__ = [
    "MODALITIES",
    "AbortedError",
    "AnswerOptions",
    "Assessment",
    "AsyncReportWatch",
    "AsyncVivaClient",
    "AuthenticationError",
    "CancelledError",
    "ConflictError",
    "DeadlineExceededError",
    "FailedPreconditionError",
    "InvalidArgumentError",
    "NotFoundError",
    "OverloadedError",
    "Pending",
    "PermissionDeniedError",
    "ReportWatch",
    "RetryPolicy",
    "ServerError",
    "StaleError",
    "UnavailableError",
    "VivaClient",
    "VivaError",
    "WebhookVerificationError",
    "assessment_to_dict",
    "error_from_status",
    "traceparent",
    "verify_webhook",
]


def assessment_to_dict(assessment: Assessment) -> dict[str, object]:
    """The assessment as JSON values: proto field names; zeros and empty lists are there, absent scores are not."""
    return MessageToDict(assessment, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
