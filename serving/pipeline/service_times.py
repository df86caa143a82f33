"""How long work takes, as measured lately: what can be said of work that has not begun."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_KEPT: Final = 100
_KEPT_S: Final = 60.0

_CHECK: Final[ContextVar[Callable[[float], None] | None]] = ContextVar("size_check", default=None)


class ServiceTimes:
    """Seconds for each unit of size, over the last hundred pieces of work of the last minute.

    What is older counts no more: work that is refused for what was measured under another load is not measured itself,
    so that nothing else would ever end the refusals.

    Args:
        unit: size up to which all work costs the same (characters, or seconds of media).
        clock: seconds of any origin that only grow.
    """

    def __init__(self, unit: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._unit = unit
        self._clock = clock
        self._samples: deque[tuple[float, float]] = deque(maxlen=_KEPT)

    def add(self, size: float, seconds: float) -> None:
        """Work of a size took so long."""
        self._samples.append((self._clock(), seconds / self._units(size)))

    def expected_s(self, size: float, quantile: float) -> float | None:
        """Time within which a share `quantile` (0 to 1) of equal work would be done; None where nothing is known."""
        oldest = self._clock() - _KEPT_S
        recent = sorted(cost for at, cost in self._samples if at >= oldest)
        if not recent:
            return None
        return recent[min(len(recent) - 1, int(quantile * len(recent)))] * self._units(size)

    def _units(self, size: float) -> float:
        return max(1.0, size / self._unit)


@contextmanager
def checked(check: Callable[[float], None]) -> Iterator[None]:
    """Inside, `check(size)` is called when the size of the work is found out, before the work begins.

    What it raises ends the work. It holds for this task and those that it makes.
    """
    token = _CHECK.set(check)
    try:
        yield
    finally:
        _CHECK.reset(token)


def found(size: float) -> None:
    """The size of the work of this task is known. Raises what its check raises."""
    if check := _CHECK.get():
        check(size)
