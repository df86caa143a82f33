"""How long each stage took, for whoever wants to know."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from serving.pipeline import tracing


class StageObserver(Protocol):
    def observe(self, stage: str, seconds: float) -> None:
        """Record the wall time of one stage of one answer."""
        ...


class NoObserver:
    """Records nothing."""

    def observe(self, stage: str, seconds: float) -> None:
        del stage, seconds


@contextmanager
def timed(observer: StageObserver, stage: str) -> Iterator[None]:
    """Observe the wall time of a block, also when it fails; it is a span of the answer's trace."""
    started = time.perf_counter()
    try:
        with tracing.step(stage):
            yield
    finally:
        observer.observe(stage, time.perf_counter() - started)
