"""A collector of traces for tests: takes OTLP over HTTP, as protobuf (the SDK's) and as JSON (Triton's)."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

PATIENCE_S = 30.0


@dataclass(frozen=True)
class Seen:
    """A span that arrived.

    Attributes:
        parent_id: empty for the first of a trace.
        linked: ids of the spans that it links to.
    """

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    kind: str
    attributes: dict[str, Any]
    failed: bool
    events: tuple[str, ...]
    linked: tuple[str, ...]


class Collector(ThreadingHTTPServer):
    """Keeps what it is sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.spans: list[Seen] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def of(self, trace_id: str) -> list[Seen]:
        """Spans of one trace that have arrived."""
        return [span for span in self.spans if span.trace_id == trace_id]

    def wait_for(self, trace_id: str, enough: Callable[[list[Seen]], bool]) -> list[Seen]:
        """Spans of one trace, once `enough` of them have arrived: every process sends its own, about once a second."""
        deadline = time.monotonic() + PATIENCE_S
        while not enough(found := self.of(trace_id)):
            assert time.monotonic() < deadline, f"{len(found)} spans: {sorted((s.service, s.name) for s in found)}"
            time.sleep(0.1)
        return found


@contextmanager
def running() -> Iterator[Collector]:
    collector = Collector()
    thread = threading.Thread(target=collector.serve_forever, daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        collector.shutdown()
        collector.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        assert self.path == "/v1/traces"
        as_json = self.headers["Content-Type"] == "application/json"
        self.server.spans += _from_json(json.loads(body)) if as_json else _from_protobuf(body)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


def _from_protobuf(body: bytes) -> list[Seen]:
    request = ExportTraceServiceRequest.FromString(body)
    found = MessageToDict(request)
    # The mapping of protobuf writes ids in base64; OTLP's JSON has them in hexadecimal digits.
    for group, plain in zip(request.resource_spans, found.get("resourceSpans", []), strict=True):
        for scope, plain_scope in zip(group.scope_spans, plain["scopeSpans"], strict=True):
            for span, plain_span in zip(scope.spans, plain_scope["spans"], strict=True):
                plain_span |= {"traceId": span.trace_id.hex(), "spanId": span.span_id.hex()}
                plain_span["parentSpanId"] = span.parent_span_id.hex()
                plain_span["links"] = [{"spanId": link.span_id.hex()} for link in span.links]
                plain_span["kind"] = span.kind
    return _from_json(found)


def _from_json(found: Any) -> list[Seen]:
    return [
        _seen(_values(group["resource"]).get("service.name", ""), span)
        for group in found.get("resourceSpans", [])
        for scope in group["scopeSpans"]
        for span in scope["spans"]
    ]


def _seen(service: str, span: Any) -> Seen:
    return Seen(
        service=service,
        name=span["name"],
        trace_id=span["traceId"],
        span_id=span["spanId"],
        parent_id=span.get("parentSpanId", ""),
        kind={1: "internal", 2: "server", 3: "client", 4: "producer", 5: "consumer"}[span["kind"]],
        attributes=_values(span),
        failed=span.get("status", {}).get("code") in (2, "STATUS_CODE_ERROR"),
        events=tuple(event["name"] for event in span.get("events", [])),
        linked=tuple(link["spanId"] for link in span.get("links", [])),
    )


def _values(holder: Any) -> dict[str, Any]:
    return {one["key"]: next(iter(one["value"].values()), "") for one in holder.get("attributes", [])}
