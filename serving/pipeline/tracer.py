"""What a span is, what it may tell, and where spans go.

Names and attributes are words of the code, counts and codes: nothing of what a caller sent is ever one, not even the
message of an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, StrEnum
from typing import Final, Protocol

from serving.domain import trace
from serving.domain.trace import TraceContext

Value = str | int | float | bool


class Key(StrEnum):
    """All attributes that a span may have; those without `viva.` are of OpenTelemetry's semantic conventions."""

    ERROR_TYPE = "error.type"  # class of the error, or code
    HTTP_METHOD = "http.request.method"
    HTTP_STATUS = "http.response.status_code"
    MESSAGING_SYSTEM = "messaging.system"
    MESSAGING_OPERATION = "messaging.operation.name"
    MESSAGING_OPERATION_TYPE = "messaging.operation.type"
    MESSAGING_DESTINATION = "messaging.destination.name"  # lane of the queue
    MESSAGING_ID = "messaging.message.id"  # number of the job
    RPC_SYSTEM = "rpc.system.name"
    RPC_METHOD = "rpc.method"  # package.Service/Method
    RPC_STATUS = "rpc.response.status_code"  # name of the code
    ATTEMPT = "viva.job.attempt"  # 1 for the first
    OUTCOME = "viva.job.outcome"  # what became of the attempt
    WAITED = "viva.job.waited_s"  # seconds from when the job was to be begun
    MODEL = "viva.model.name"
    ROWS = "viva.model.rows"  # first dimension of the request


class Kind(Enum):
    """How a span stands to its parent."""

    INTERNAL = "internal"  # a step of it
    SERVER = "server"  # answers it, in another process
    CLIENT = "client"  # waits for an answer
    CONSUMER = "consumer"  # does later what it asked for


class Span(Protocol):
    """A piece of work that has begun."""

    @property
    def context(self) -> TraceContext:
        """Its place, which its children name."""
        ...

    @property
    def recording(self) -> bool:
        """Whether anybody will see it, and so its children."""
        ...

    def set(self, key: Key, value: Value) -> None:
        """Add an attribute."""
        ...

    def fail(self, kind: str) -> None:
        """It came to nothing; `kind` is a class of errors or a code."""
        ...

    def end(self) -> None:
        """It is over now."""
        ...


class Tracer(Protocol):
    """Where spans go. No method blocks or raises."""

    def start(
        self,
        name: str,
        kind: Kind,
        parent: TraceContext | None,
        attributes: Mapping[Key, Value],
        link: TraceContext | None = None,
    ) -> Span:
        """Begin a span.

        Args:
            name: one of few.
            parent: None where a trace begins.
            link: what led to it, without being busy until it ends.
        """
        ...


class NoSpan:
    """Records nothing and keeps its place, so that ids travel on."""

    recording: Final = False

    def __init__(self, context: TraceContext) -> None:
        self.context: Final = context

    def set(self, key: Key, value: Value) -> None:
        del key, value

    def fail(self, kind: str) -> None:
        del kind

    def end(self) -> None:
        pass


class NoTracer:
    """Records nothing."""

    def start(
        self,
        name: str,
        kind: Kind,
        parent: TraceContext | None,
        attributes: Mapping[Key, Value],
        link: TraceContext | None = None,
    ) -> Span:
        del name, kind, attributes, link
        return NoSpan(parent or trace.new())
