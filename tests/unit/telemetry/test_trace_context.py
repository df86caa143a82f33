"""W3C Trace Context: what is read, what is ignored, what is written."""

from __future__ import annotations

import pytest

from serving.domain import trace
from serving.domain.trace import RANDOM, SAMPLED, TraceContext

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize(
    ("header", "flags"),
    [
        (f"00-{TRACE}-{SPAN}-01", SAMPLED),
        (f"00-{TRACE}-{SPAN}-00", 0),
        (f"00-{TRACE}-{SPAN}-03", SAMPLED | RANDOM),
        (f"00-{TRACE}-{SPAN}-fd", SAMPLED),  # with flags of a level to come, which nobody passes on
        (f"cc-{TRACE}-{SPAN}-01", SAMPLED),  # of a version to come
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like", SAMPLED),
    ],
)
def test_a_header_is_read(header: str, flags: int) -> None:
    assert trace.parse(header) == TraceContext(TRACE, SPAN, flags)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "00",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01\n",
        f" 00-{TRACE}-{SPAN}-01",
        f"00-{TRACE[:-1]}é-{SPAN}-01",
        "x" * 100_000,
    ],
)
def test_what_is_no_header_is_ignored(header: str) -> None:
    assert trace.parse(header) is None


@pytest.mark.parametrize("flags", [0, SAMPLED, RANDOM, SAMPLED | RANDOM])
def test_what_is_written_is_read_back(flags: int) -> None:
    place = TraceContext(TRACE, SPAN, flags)
    assert trace.parse(place.traceparent) == place


def test_each_trace_that_begins_here_is_another_one() -> None:
    begun = [trace.new() for _ in range(100)]
    assert len({one.trace_id for one in begun}) == 100
    assert all(trace.parse(one.traceparent) == one for one in begun)
    assert not any(one.flags & SAMPLED for one in begun)
