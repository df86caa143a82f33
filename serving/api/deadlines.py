"""The deadline of the call that this task answers, as its transport knows it."""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import Final

_END: Final[ContextVar[float | None]] = ContextVar("deadline", default=None)


def set_remaining(seconds: float | None) -> None:
    """The caller waits for so many seconds more; None for ever. Holds for this task and those that it makes."""
    _END.set(None if seconds is None else time.monotonic() + seconds)


def remaining_s() -> float | None:
    """Seconds that the caller still waits, below zero when it waits no more; None where it set no deadline."""
    end = _END.get()
    return None if end is None else end - time.monotonic()
