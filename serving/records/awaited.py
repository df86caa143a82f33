"""Answers that a caller waits for, inside a scorer: their place, their precedence and their deadline."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from serving.domain.answer import Answer
from serving.domain.errors import DeadlineExceeded, Overloaded
from serving.pipeline import service_times
from serving.pipeline.precedence import Precedence
from serving.pipeline.service_times import ServiceTimes
from serving.records.slots import Slots

CHARS: Final = 1_000.0  # text up to this length costs the same
MEDIA_S: Final = 5.0  # and media up to this length
_BEST, _MIDDLE = 0.1, 0.5  # quantiles of service times


class Awaited:
    """The calls of one lane.

    A call whose deadline cannot be kept is dropped before a model or the decoder begins with it: what is left of the
    work would bring its caller nothing, and others are kept waiting. Where nothing else is going on, it is tried:
    what was measured under load says nothing then.

    Args:
        unit: size up to which answers cost the same: characters, or seconds of media.
    """

    def __init__(self, slots: Slots, precedence: Precedence, unit: float) -> None:
        self._slots = slots
        self._precedence = precedence
        self._times = ServiceTimes(unit)

    @asynccontextmanager
    async def turn(self, answer: Answer, remaining_s: float | None) -> AsyncIterator[None]:
        """Wait for a place and hold it while the answer is scored, before all work that nobody waits for.

        Args:
            remaining_s: for which the caller still waits; None for ever.

        Raises:
            Overloaded: too many wait, or the deadline cannot be kept under this load.
            DeadlineExceeded: the deadline cannot be kept under any.
        """
        end = None if remaining_s is None else time.monotonic() + remaining_s
        size = None if answer.text is None else float(len(answer.text))

        def check(found: float) -> None:
            nonlocal size
            size = found
            if end is not None and self._slots.busy > 1:
                self._check(end - time.monotonic(), found)

        # Only with its place: it may wait for that of work that would else stand back for it.
        async with self._slots.one():
            if size is not None:
                check(size)
            started = time.monotonic()
            with self._precedence.first(), service_times.checked(check):
                yield
            if size is not None:
                self._times.add(size, time.monotonic() - started)

    def _check(self, left_s: float, size: float) -> None:
        best_s, middle_s = (self._times.expected_s(size, quantile) or 0.0 for quantile in (_BEST, _MIDDLE))
        if left_s < best_s:
            raise DeadlineExceeded(f"{left_s:.2f} s are left, and an answer like this takes at least {best_s:.2f} s")
        if left_s < middle_s:
            raise Overloaded(f"{left_s:.2f} s are left, and an answer like this takes {middle_s:.2f} s now")
