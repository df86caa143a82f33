"""Seconds that an answer's model calls take, summed: what a bill can rest on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final


class Meter:
    """Sum of the calls of one answer; its tasks share it, since tasks inherit the context they are made in."""

    def __init__(self) -> None:
        self.seconds = 0.0


_METER: Final[ContextVar[Meter | None]] = ContextVar("meter", default=None)


@contextmanager
def measured() -> Iterator[Meter]:
    """Inside, model calls of this task and of those it makes are counted."""
    meter = Meter()
    token = _METER.set(meter)
    try:
        yield meter
    finally:
        _METER.reset(token)


@contextmanager
def model_call() -> Iterator[None]:
    """One model call; its wall time counts, also when it fails."""
    meter, started = _METER.get(), time.perf_counter()
    try:
        yield
    finally:
        if meter is not None:
            meter.seconds += time.perf_counter() - started
