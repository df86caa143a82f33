"""The client's part of a trace: what it sends on, and the spans of its attempts where the application has a tracer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import grpc
import pytest
from conftest import Each
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from scoring_double import Fault, Running

from viva_client import VivaError, traceparent

GIVEN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def finished(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], list[ReadableSpan]]]:
    """An application's tracer; gives its spans once there are so many: an attempt ends on a thread of grpc's."""
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)

    def spans(count: int) -> list[ReadableSpan]:
        deadline = time.monotonic() + 10
        while len(found := exporter.get_finished_spans()) < count:
            assert time.monotonic() < deadline, found
            time.sleep(0.01)
        return list(found)

    yield spans
    provider.shutdown()


def traceparent_of(span: ReadableSpan) -> str:
    assert span.context is not None
    return f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-{span.context.trace_flags:02x}"


def test_without_a_tracer_what_the_caller_gives_is_sent_on_and_nothing_else(each: Each, server: Running) -> None:
    client = each.connect(server.address)
    with traceparent(GIVEN):
        each.done(client.score_text("Hello."))
    each.done(client.score_text("Hello."))
    assert [seen.metadata.get("traceparent") for seen in server.double.seen] == [GIVEN, None]


def test_each_attempt_is_a_span_that_the_server_goes_on_from(
    each: Each, server: Running, finished: Callable[[int], list[ReadableSpan]]
) -> None:
    server.double.faults.append(Fault(grpc.StatusCode.UNAVAILABLE, "MODEL_UNAVAILABLE", "later"))
    client = each.connect(server.address)
    with trace.get_tracer("app").start_as_current_span("work"):
        each.done(client.score_text("Hello."))
    first, second, work = sorted(finished(3), key=lambda span: span.name == "work")
    assert work.context is not None
    for span, code in ((first, "UNAVAILABLE"), (second, "OK")):
        assert span.name == "viva.v1.Scoring/ScoreAnswer"
        assert span.kind is trace.SpanKind.CLIENT
        assert span.parent is not None and span.parent.span_id == work.context.span_id
        assert span.attributes is not None and span.attributes["rpc.response.status_code"] == code
    assert (first.status.is_ok, second.status.is_ok) == (False, True)
    assert [seen.metadata["traceparent"] for seen in server.double.seen] == [*map(traceparent_of, (first, second))]


def test_what_the_caller_gives_is_the_parent_of_the_attempts(
    each: Each, server: Running, finished: Callable[[int], list[ReadableSpan]]
) -> None:
    with trace.get_tracer("app").start_as_current_span("other work"), traceparent(GIVEN):
        each.done(each.connect(server.address).score_text("Hello."))
    attempt = next(span for span in finished(2) if span.name != "other work")
    assert attempt.parent is not None
    assert f"{attempt.parent.trace_id:032x}-{attempt.parent.span_id:016x}" in GIVEN
    assert server.double.seen[-1].metadata["traceparent"] == traceparent_of(attempt)


def test_an_upload_is_in_the_trace_too(
    each: Each, server: Running, finished: Callable[[int], list[ReadableSpan]]
) -> None:
    each.done(each.connect(server.address).score_media(b"x" * 1_500_000))
    (attempt,) = finished(1)
    assert attempt.name == "viva.v1.Scoring/UploadAnswer"
    assert server.double.seen[-1].metadata["traceparent"] == traceparent_of(attempt)


def test_an_error_says_which_trace_it_happened_in(each: Each, server: Running) -> None:
    server.double.faults.append(Fault(grpc.StatusCode.INVALID_ARGUMENT, "TEXT_EMPTY", "nothing there"))
    with pytest.raises(VivaError) as refused:
        each.done(each.connect(server.address).score_text(""))
    assert refused.value.trace_id == "the-trace"
