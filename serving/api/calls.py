"""Calls of the contract as spans, by OpenTelemetry's conventions for gRPC servers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import grpc

from serving.domain import trace
from serving.pipeline import tracing
from serving.pipeline.tracer import Key, Kind, Tracer, Value

# Whose fault the others are, the caller knows.
_OURS: Final = frozenset(
    {
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.UNIMPLEMENTED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DATA_LOSS,
    }
)


@contextmanager
def traced(tracer: Tracer, path: str, context: Any) -> Iterator[None]:
    """Inside, the call is the current span: it goes on in the caller's trace, or begins one.

    Args:
        path: package.Service/Method.
        context: of the call: `invocation_metadata()`, and `code()` once it is answered.
    """
    given = next((value for key, value in context.invocation_metadata() if key == "traceparent"), "")
    parent = trace.parse(given) if isinstance(given, str) else None
    about: dict[Key, Value] = {Key.RPC_SYSTEM: "grpc", Key.RPC_METHOD: path}
    with tracing.entered(tracer, path, Kind.SERVER, parent, about) as span:
        try:
            yield
        except BaseException:
            span.set(Key.RPC_STATUS, grpc.StatusCode.CANCELLED.name)  # every error is returned: nobody waits any more
            raise
        code = context.code()
        code = code if isinstance(code, grpc.StatusCode) else grpc.StatusCode.OK  # an integer where none was set
        span.set(Key.RPC_STATUS, code.name)
        if code in _OURS:
            span.fail(code.name)
