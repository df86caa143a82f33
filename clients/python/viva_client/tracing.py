"""Traces of calls: a span for each attempt where the application uses OpenTelemetry, and a `traceparent` that the
server goes on with. Needs nothing: OpenTelemetry is used where the application has imported it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

import grpc

_GIVEN: Final[ContextVar[str]] = ContextVar("viva_traceparent", default="")
_HEADER: Final = "traceparent"


@contextmanager
def traceparent(value: str) -> Iterator[None]:
    """Calls inside go on in the trace of a W3C `traceparent`, such as that of a request being answered.

    Not needed where OpenTelemetry has a current span: it is taken then. This one wins over it.
    """
    token = _GIVEN.set(value)
    try:
        yield
    finally:
        _GIVEN.reset(token)


class Attempt:
    """One attempt of a call, as a trace sees it.

    Attributes:
        headers: to be sent with it.
    """

    def __init__(self, path: str) -> None:
        given = {_HEADER: _GIVEN.get()} if _GIVEN.get() else {}
        self.headers: Mapping[str, str] = given
        self._span: Any = None
        # An application that traces has imported it, and one that has not pays nothing for it.
        if (trace := sys.modules.get("opentelemetry.trace")) is not None:
            self._start(trace, path, given)

    def _start(self, trace: Any, path: str, given: dict[str, str]) -> None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        w3c = TraceContextTextMapPropagator()
        above = w3c.extract(given) if given else None
        method = path.removeprefix("/")
        self._span = trace.get_tracer("viva_client").start_span(
            method, above, trace.SpanKind.CLIENT, {"rpc.system.name": "grpc", "rpc.method": method}
        )
        headers: dict[str, str] = {}
        w3c.inject(headers, trace.set_span_in_context(self._span, above))
        self.headers = headers or given

    def end(self, code: grpc.StatusCode | None) -> None:
        """It is over, with this code."""
        span, self._span = self._span, None
        if span is None:
            return
        trace = sys.modules["opentelemetry.trace"]
        name = (code or grpc.StatusCode.UNKNOWN).name
        span.set_attribute("rpc.response.status_code", name)
        if code is not grpc.StatusCode.OK:
            span.set_attribute("error.type", name)
            span.set_status(trace.StatusCode.ERROR)
        span.end()

    def of(self, future: Any) -> Any:
        """The future, whose end is now the attempt's."""
        if self._span is not None:
            future.add_done_callback(lambda done: self.end(done.code()))
        return future
