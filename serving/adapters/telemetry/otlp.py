"""Spans by OpenTelemetry's SDK, sent as OTLP over HTTP by a thread of its own."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Mapping
from typing import Final

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)
from opentelemetry.trace import Span as SdkSpan

from serving.adapters.telemetry.config import TelemetryConfig
from serving.domain import trace
from serving.domain.trace import TraceContext
from serving.pipeline.tracer import Key, Kind, NoSpan, Span, Value

_QUEUE: Final = 4096  # spans that wait to be sent; further ones are dropped
_SEND_EVERY_MS: Final = 1_000.0
_SEND_S: Final = 5.0  # for one batch with its retries; spans of a collector that is away are dropped
_CLOSE_S: Final = 2.0
_EXPORTER_LOG: Final = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
_KINDS: Final = {
    Kind.INTERNAL: SpanKind.INTERNAL,
    Kind.SERVER: SpanKind.SERVER,
    Kind.CLIENT: SpanKind.CLIENT,
    Kind.CONSUMER: SpanKind.CONSUMER,
}
_NO_PARENT: Final = Context()


class OtlpTelemetry:
    """`Telemetry`. Nothing waits for the collector: full queues and failed posts drop spans.

    What a caller's `traceparent` decided holds; a trace that begins here is recorded by chance.
    """

    def __init__(self, config: TelemetryConfig, service: str, exporter: SpanExporter | None = None) -> None:
        resource = Resource.create(
            {
                "service.name": service,
                "service.namespace": "viva",
                "service.instance.id": f"{socket.gethostname()}-{os.getpid()}",
            }
        )
        self._provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(config.sample_ratio)),
            resource=resource,
            shutdown_on_exit=False,  # it would wait for a collector that is away
        )
        if exporter is None:
            logging.getLogger(_EXPORTER_LOG).setLevel(logging.ERROR)  # a batch that was lost, and not each retry of it
            exporter = OTLPSpanExporter(config.traces_url, timeout=_SEND_S, compression=Compression.Gzip)
        self._provider.add_span_processor(
            BatchSpanProcessor(exporter, max_queue_size=_QUEUE, schedule_delay_millis=_SEND_EVERY_MS)
        )
        self.tracer: Final = OtlpTracer(self._provider)

    def close(self) -> None:
        closing = threading.Thread(target=self._provider.shutdown, name="telemetry-close", daemon=True)
        closing.start()
        closing.join(_CLOSE_S)


class OtlpTracer:
    """`Tracer`."""

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer("viva")

    def start(
        self,
        name: str,
        kind: Kind,
        parent: TraceContext | None,
        attributes: Mapping[Key, Value],
        link: TraceContext | None = None,
    ) -> Span:
        above = set_span_in_context(NonRecordingSpan(_theirs(parent)), _NO_PARENT) if parent else _NO_PARENT
        links = [Link(_theirs(link))] if link else None
        named = {key.value: value for key, value in attributes.items()}
        span = self._tracer.start_span(name, above, _KINDS[kind], named, links)
        if span.is_recording():
            return _Span(span)
        place = span.get_span_context()
        return NoSpan(_ours(place) if place.is_valid else parent or trace.new())


class _Span:
    def __init__(self, span: SdkSpan) -> None:
        self._span = span
        self.recording: Final = True
        self.context: Final = _ours(span.get_span_context())

    def set(self, key: Key, value: Value) -> None:
        self._span.set_attribute(key.value, value)

    def fail(self, kind: str) -> None:
        # No event with the exception: its message may quote what a caller sent.
        self._span.set_attribute(Key.ERROR_TYPE.value, kind)
        self._span.set_status(Status(StatusCode.ERROR))

    def end(self) -> None:
        self._span.end()


def _theirs(context: TraceContext) -> SpanContext:
    flags = TraceFlags(context.flags)
    return SpanContext(int(context.trace_id, 16), int(context.span_id, 16), is_remote=True, trace_flags=flags)


def _ours(context: SpanContext) -> TraceContext:
    return TraceContext(f"{context.trace_id:032x}", f"{context.span_id:016x}", context.trace_flags)
