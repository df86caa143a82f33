"""Where a piece of work stands in a trace, as W3C Trace Context says it (https://www.w3.org/TR/trace-context/)."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Final

_FORMAT: Final = re.compile(r"(?P<version>[0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?P<more>-.*)?")
SAMPLED: Final = 0x01
RANDOM: Final = 0x02  # the id is random enough to decide by it what is sampled


@dataclass(frozen=True, slots=True)
class TraceContext:
    """A place in a trace.

    Attributes:
        trace_id: of all that one call led to, 32 hex digits.
        span_id: of the step that work belongs to, 16 hex digits.
        flags: `SAMPLED` where whoever began the trace records it, and `RANDOM`.
    """

    trace_id: str
    span_id: str
    flags: int = 0

    @property
    def traceparent(self) -> str:
        """The `traceparent` header."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags:02x}"


def new() -> TraceContext:
    """The beginning of a trace that nobody records; its id tells it from all others in logs."""
    return TraceContext(secrets.token_hex(16), secrets.token_hex(8), RANDOM)


def parse(traceparent: str) -> TraceContext | None:
    """The place that a `traceparent` header names; None for one that the standard has everybody ignore."""
    found = _FORMAT.fullmatch(traceparent)
    if found is None or found["version"] == "ff" or (found["version"] == "00" and found["more"]):
        return None
    trace_id, span_id, flags = found[2], found[3], found[4]
    if not int(trace_id, 16) or not int(span_id, 16):
        return None
    return TraceContext(trace_id, span_id, int(flags, 16) & (SAMPLED | RANDOM))
