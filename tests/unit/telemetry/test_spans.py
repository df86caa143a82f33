"""Spans in one process: who is whose child, who records, and what a span may tell."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from serving.adapters.telemetry import TelemetryConfig, telemetry
from serving.adapters.telemetry.otlp import OtlpTelemetry
from serving.domain import trace
from serving.domain.errors import ModelUnavailable
from serving.domain.trace import TraceContext
from serving.pipeline import tracing
from serving.pipeline.stages import NoObserver, timed
from serving.pipeline.tracer import Key, Kind, NoTracer, Span, Tracer

CALLER = TraceContext("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", trace.SAMPLED)
UNSAMPLED = TraceContext(CALLER.trace_id, CALLER.span_id)


class Recorded:
    """A tracer, and the spans that it was told of."""

    def __init__(self, sample_ratio: float = 0.0) -> None:
        self._exporter = InMemorySpanExporter()
        config = TelemetryConfig("http://127.0.0.1:1", sample_ratio)
        self._telemetry = OtlpTelemetry(config, "test", self._exporter)
        self.tracer: Tracer = self._telemetry.tracer

    def spans(self) -> dict[str, ReadableSpan]:
        self._telemetry.close()
        return {span.name: span for span in self._exporter.get_finished_spans()}


@pytest.fixture
def recorded() -> Iterator[Recorded]:
    made = Recorded()
    yield made
    made.spans()  # ends its thread


def call(tracer: Tracer, parent: TraceContext | None = CALLER) -> AbstractContextManager[Span]:
    return tracing.entered(tracer, "call", Kind.SERVER, parent, {Key.RPC_METHOD: "a.B/C"})


def parent_of(span: ReadableSpan) -> str:
    assert span.parent is not None
    return f"{span.parent.span_id:016x}"


def id_of(span: ReadableSpan) -> str:
    assert span.context is not None
    return f"{span.context.span_id:016x}"


async def test_steps_are_children_of_what_they_are_steps_of_also_in_tasks_and_threads(recorded: Recorded) -> None:
    async def one(name: str) -> None:
        with tracing.step(name):
            await asyncio.sleep(0)

    def blocking() -> str:
        with tracing.step("in a thread"):
            return tracing.trace_id()

    with call(recorded.tracer):
        with timed(NoObserver(), "stage"):
            await asyncio.gather(one("first"), one("second"))
        assert await asyncio.to_thread(blocking) == CALLER.trace_id
    spans = recorded.spans()
    assert parent_of(spans["call"]) == CALLER.span_id
    assert parent_of(spans["stage"]) == parent_of(spans["in a thread"]) == id_of(spans["call"])
    assert parent_of(spans["first"]) == parent_of(spans["second"]) == id_of(spans["stage"])
    assert {f"{span.context.trace_id:032x}" for span in spans.values() if span.context} == {CALLER.trace_id}
    assert tracing.trace_id() == ""


async def test_calls_that_are_answered_side_by_side_are_told_apart(recorded: Recorded) -> None:
    async def answer() -> str:
        with call(recorded.tracer, None):
            await asyncio.sleep(0.01)
            return tracing.trace_id()

    ids = await asyncio.gather(*(answer() for _ in range(20)))
    assert len(set(ids)) == 20


def test_what_a_caller_decided_holds_and_chance_decides_the_rest() -> None:
    never, always = Recorded(0.0), Recorded(1.0)
    for made in (never, always):
        with call(made.tracer, UNSAMPLED), tracing.step("step"):
            assert tracing.traceparent().endswith("-00")
            assert tracing.trace_id() == UNSAMPLED.trace_id
        assert made.spans() == {}
    for made, recording in ((Recorded(0.0), False), (Recorded(1.0), True)):
        with call(made.tracer, None) as span:
            assert span.recording is recording
            assert trace.parse(tracing.traceparent()) is not None
        assert bool(made.spans()) is recording
    forced = Recorded(0.0)
    with call(forced.tracer, CALLER):
        pass
    assert forced.spans().keys() == {"call"}


def test_without_a_collector_ids_travel_on_and_nothing_is_recorded() -> None:
    off = telemetry(TelemetryConfig(), "test").tracer
    with call(off, CALLER):
        assert tracing.traceparent() == CALLER.traceparent
        with tracing.step("step") as span:
            assert not span.recording
    with call(off, None):
        begun = tracing.trace_id()
        assert len(begun) == 32 and int(begun, 16)
        with tracing.step("step"):
            assert tracing.trace_id() == begun
    assert (tracing.trace_id(), tracing.traceparent()) == ("", "")


def test_a_step_that_fails_says_what_kind_of_error_it_was_and_not_its_text(recorded: Recorded) -> None:
    with pytest.raises(ModelUnavailable), call(recorded.tracer), tracing.step("step"):
        raise ModelUnavailable("Jane Doe said that she led the team")
    step = recorded.spans()["step"]
    assert not step.status.is_ok
    assert step.attributes == {"error.type": "ModelUnavailable"}
    assert (step.status.description, step.events) == (None, ())


def test_a_job_goes_on_in_the_trace_of_what_made_it_and_links_to_it(recorded: Recorded) -> None:
    with tracing.entered(recorded.tracer, "score text", Kind.CONSUMER, CALLER, {}, link=CALLER):
        pass
    span = recorded.spans()["score text"]
    assert parent_of(span) == CALLER.span_id
    assert [f"{link.context.span_id:016x}" for link in span.links] == [CALLER.span_id]


async def test_a_stream_that_is_dropped_leaves_no_current_span() -> None:
    async def stream() -> AsyncIterator[int]:
        with call(NoTracer()):
            yield 1
            yield 2

    messages = stream()
    assert await anext(messages) == 1
    await asyncio.create_task(messages.aclose())  # type: ignore[attr-defined]  # in another context than it began in


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"otlp_endpoint": "collector:4318"}, "otlp_endpoint"),
        ({"otlp_endpoint": "http://"}, "otlp_endpoint"),
        ({"otlp_endpoint": "http://collector:port"}, "otlp_endpoint"),
        ({"otlp_endpoint": "http://collector:4318?key=1"}, "otlp_endpoint"),
        ({"sample_ratio": 1.5}, "sample_ratio"),
        ({"sample_ratio": -0.1}, "sample_ratio"),
        ({"sample_ratio": float("nan")}, "sample_ratio"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(values: dict[str, float | str], named: str) -> None:
    with pytest.raises(ValueError, match=f"^{named} is .*, it must be "):
        TelemetryConfig(**values)  # type: ignore[arg-type]


def test_traces_are_posted_below_the_endpoint() -> None:
    assert TelemetryConfig("http://collector:4318/").traces_url == "http://collector:4318/v1/traces"
    assert TelemetryConfig().traces_url == ""
