"""Errors on the wire: the right code, rich details, and nothing of ours that leaks."""

import grpc
import pytest
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from serving.api import status
from serving.domain import errors
from serving.domain.errors import InvalidRequest, Overloaded, Reason, VivaError


def _detail(rich: status_pb2.Status, kind: type[Message]) -> Message | None:
    for packed in rich.details:
        message = kind()
        if packed.Unpack(message):
            return message
    return None


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.InvalidRequest("x"), grpc.StatusCode.INVALID_ARGUMENT),
        (errors.Unauthorized("x"), grpc.StatusCode.UNAUTHENTICATED),
        (errors.NotFound("x"), grpc.StatusCode.NOT_FOUND),
        (errors.UploadIncomplete("x"), grpc.StatusCode.ABORTED),
        (errors.Overloaded("x"), grpc.StatusCode.RESOURCE_EXHAUSTED),
        (errors.DeadlineExceeded("x"), grpc.StatusCode.DEADLINE_EXCEEDED),
        (errors.ModelUnavailable("x"), grpc.StatusCode.UNAVAILABLE),
        (errors.WorkerLost("x"), grpc.StatusCode.UNAVAILABLE),
        (errors.ModelFailed("x"), grpc.StatusCode.INTERNAL),
        (errors.InternalFault("x"), grpc.StatusCode.INTERNAL),
    ],
)
def test_each_error_has_its_code_and_an_error_info(error: VivaError, code: grpc.StatusCode) -> None:
    rich = status.to_status(error, "id-1")
    info = _detail(rich, error_details_pb2.ErrorInfo)
    assert rich.code == code.value[0] == status.code_of(error).value[0]
    assert (info.domain, info.reason) == ("viva.dev", error.reason.name)  # type: ignore[union-attr]
    assert _detail(rich, error_details_pb2.RequestInfo).request_id == "id-1"  # type: ignore[union-attr]


def test_every_class_of_the_tree_has_a_code() -> None:
    def classes(kind: type[VivaError]) -> list[type[VivaError]]:
        return [kind, *(below for child in kind.__subclasses__() for below in classes(child))]

    internal = {VivaError, errors.InternalFault, errors.ModelFailed}
    for kind in classes(VivaError):
        assert (status.code_of(kind("x")) is grpc.StatusCode.INTERNAL) == (kind in internal)


def test_a_field_at_fault_becomes_a_bad_request() -> None:
    rich = status.to_status(InvalidRequest("too long", field="text", metadata={"limit": "5"}), "id")
    violation = _detail(rich, error_details_pb2.BadRequest).field_violations[0]  # type: ignore[union-attr]
    assert (violation.field, violation.description) == ("text", "too long")
    assert _detail(rich, error_details_pb2.ErrorInfo).metadata == {"limit": "5"}  # type: ignore[union-attr]


def test_overload_says_when_to_come_back_and_a_bad_answer_does_not() -> None:
    busy = status.to_status(Overloaded("full", retry_after_s=2.5), "id")
    delay_ms = _detail(busy, error_details_pb2.RetryInfo).retry_delay.ToMilliseconds()  # type: ignore[union-attr]
    assert 2500 <= delay_ms <= 3750
    assert _detail(status.to_status(InvalidRequest("x"), "id"), error_details_pb2.RetryInfo) is None


@pytest.mark.parametrize("error", [RuntimeError("secret path"), errors.ModelFailed("secret path", field="secret")])
def test_a_fault_of_ours_keeps_its_text_to_itself(error: Exception) -> None:
    rich = status.to_status(error, "id")
    assert "secret" not in str(rich)
    assert rich.code == grpc.StatusCode.INTERNAL.value[0]


def test_the_rich_status_travels_in_trailing_metadata() -> None:
    rich = status.to_status(InvalidRequest("x", field="text"), "id")
    metadata = dict(status.trailing_metadata(rich))
    assert status_pb2.Status.FromString(metadata["grpc-status-details-bin"]) == rich  # type: ignore[arg-type]


def test_an_error_crosses_processes_whole() -> None:
    import pickle

    error = Overloaded("full", reason=Reason.QUEUE_FULL, metadata={"a": "b"}, retry_after_s=1.5)
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), copy.message, copy.reason, copy.metadata, copy.retry_after_s) == (
        Overloaded,
        "full",
        Reason.QUEUE_FULL,
        {"a": "b"},
        1.5,
    )
