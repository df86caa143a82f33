"""Typed client of the Viva scoring API: deadlines, retries and errors with their reasons."""

from google.protobuf.json_format import MessageToDict

from viva.v1.assessment_pb2 import Assessment
from viva_client.aio import AsyncVivaClient
from viva_client.client import VivaClient
from viva_client.errors import (
    AbortedError,
    AuthenticationError,
    CancelledError,
    DeadlineExceededError,
    InvalidArgumentError,
    NotFoundError,
    OverloadedError,
    ServerError,
    UnavailableError,
    VivaError,
)
from viva_client.options import MODALITIES, AnswerOptions
from viva_client.retry import RetryPolicy

__all__ = [
    "MODALITIES",
    "AbortedError",
    "AnswerOptions",
    "Assessment",
    "AsyncVivaClient",
    "AuthenticationError",
    "CancelledError",
    "DeadlineExceededError",
    "InvalidArgumentError",
    "NotFoundError",
    "OverloadedError",
    "RetryPolicy",
    "ServerError",
    "UnavailableError",
    "VivaClient",
    "VivaError",
    "assessment_to_dict",
]


def assessment_to_dict(assessment: Assessment) -> dict[str, object]:
    """The assessment as JSON values: proto field names; zeros and empty lists are there, absent scores are not."""
    return MessageToDict(assessment, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
