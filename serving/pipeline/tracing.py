"""Spans of what is being done: the current one travels in a context variable, which tasks and threads of
`asyncio.to_thread` inherit, so no step takes a tracer. Where nothing records, a step costs one look at that variable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from serving.domain.trace import TraceContext
from serving.pipeline.tracer import Key, Kind, NoSpan, Span, Tracer, Value


@dataclass(frozen=True, slots=True)
class _Current:
    tracer: Tracer
    span: Span


_NOWHERE: Final = NoSpan(TraceContext("", ""))
_CURRENT: Final[ContextVar[_Current | None]] = ContextVar("span", default=None)


@contextmanager
def entered(
    tracer: Tracer,
    name: str,
    kind: Kind,
    parent: TraceContext | None,
    attributes: Mapping[Key, Value],
    link: TraceContext | None = None,
) -> Iterator[Span]:
    """Work that came from outside this process, as a span of `tracer`, and so what happens inside."""
    outer = _CURRENT.get()
    span = tracer.start(name, kind, parent, attributes, link)
    _CURRENT.set(_Current(tracer, span))
    try:
        yield span
    except BaseException as error:
        span.fail(type(error).__name__)
        raise
    finally:
        span.end()
        _CURRENT.set(outer)  # and no `reset`: a generator that is dropped ends in another context than it began in


@contextmanager
def step(name: str, kind: Kind = Kind.INTERNAL, attributes: Mapping[Key, Value] | None = None) -> Iterator[Span]:
    """A step of the current span; where nothing is recorded, the current span itself."""
    current = _CURRENT.get()
    if current is None or not current.span.recording:
        yield current.span if current else _NOWHERE
        return
    with entered(current.tracer, name, kind, current.span.context, attributes or {}) as span:
        yield span


def current() -> Span:
    """The span that is being worked on; outside of all, one that records nothing and has empty ids."""
    found = _CURRENT.get()
    return found.span if found else _NOWHERE


def trace_id() -> str:
    """Id of the current trace, also of one that nobody records; empty outside of all."""
    return current().context.trace_id


def traceparent() -> str:
    """The `traceparent` of what is done now, for whoever does a part of it; empty outside of all."""
    found = _CURRENT.get()
    return found.span.context.traceparent if found else ""
