"""What a gateway says of a call: its method and code, and whose fault an error is."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from serving.adapters.telemetry import TelemetryConfig
from serving.adapters.telemetry.otlp import OtlpTelemetry
from serving.api import calls
from serving.pipeline import tracing
from serving.pipeline.tracer import NoTracer

PATH = "viva.v1.Scoring/ScoreAnswer"
SENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@dataclass
class Context:
    """The part of Ray Serve's context that is asked for; like it, it has an integer until a code is set."""

    metadata: Sequence[tuple[str, str | bytes]] = (("traceparent", SENT),)
    answered: Any = 0
    asked: list[str] = field(default_factory=list)

    def invocation_metadata(self) -> Sequence[tuple[str, str | bytes]]:
        return self.metadata

    def code(self) -> Any:
        return self.answered


def span_of(context: Context, error: type[BaseException] | None = None) -> Any:
    """The span of a call that is answered so."""
    exporter = InMemorySpanExporter()
    telemetry = OtlpTelemetry(TelemetryConfig("http://127.0.0.1:1"), "test", exporter)
    try:
        with calls.traced(telemetry.tracer, PATH, context):
            if error:
                raise error
    except asyncio.CancelledError:
        pass
    telemetry.close()
    (span,) = exporter.get_finished_spans()
    return span


@pytest.mark.parametrize(
    ("code", "ours"),
    [
        (0, False),
        (grpc.StatusCode.OK, False),
        (grpc.StatusCode.INVALID_ARGUMENT, False),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, False),
        (grpc.StatusCode.UNAUTHENTICATED, False),
        (grpc.StatusCode.UNAVAILABLE, True),
        (grpc.StatusCode.DEADLINE_EXCEEDED, True),
        (grpc.StatusCode.INTERNAL, True),
    ],
)
def test_a_call_says_how_it_was_answered(code: Any, ours: bool) -> None:
    span = span_of(Context(answered=code))
    name = code.name if code else "OK"
    assert span.attributes["rpc.response.status_code"] == name
    assert span.attributes.get("error.type") == (name if ours else None)
    assert span.status.is_ok is not ours
    assert f"{span.context.trace_id:032x}" in SENT


def test_a_call_that_its_caller_gave_up_is_cancelled() -> None:
    assert span_of(Context(), asyncio.CancelledError).attributes["rpc.response.status_code"] == "CANCELLED"


@pytest.mark.parametrize("metadata", [(), (("traceparent", "nonsense"),), (("traceparent", b"\xff"),)])
def test_without_a_header_that_can_be_read_a_trace_begins(metadata: Sequence[tuple[str, str | bytes]]) -> None:
    with calls.traced(NoTracer(), PATH, Context(metadata)):
        begun = tracing.trace_id()
    assert len(begun) == 32
    assert begun not in SENT
