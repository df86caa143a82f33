"""MLPerf's Server: the highest Poisson rate that holds the SLOs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_FIRST: Final = 0.75  # of the offline rate: where a good server lies
_STEP: Final = 1.5  # between rates until one holds and one does not
_LEAST: Final = 1 / 64  # of the offline rate: below it nothing is tried
_MOST: Final = 1.5  # of the offline rate: what holds above it only says that a probe is too short to fill the queues


def highest_rate(offline_per_s: float, holds: Callable[[float], bool], tolerance: float) -> float | None:
    """The highest rate that was seen to hold, with one that was seen not to hold at most `tolerance` above it.

    Brackets from three quarters of the offline rate in steps of a half, then halves the bracket.

    Args:
        holds: runs at a rate (answers a second) and says whether the SLOs held.

    Returns:
        None: not even a 64th of the offline rate held. One and a half times the offline rate is the most that is tried.
    """
    low: float | None = None
    high: float | None = None
    rate = offline_per_s * _FIRST
    while True:
        low, high = (rate, high) if holds(rate) else (low, rate)
        if low is not None and high is not None:
            if high / low - 1 <= tolerance:
                return low
            rate = (low + high) / 2
        elif low is not None:
            if low >= offline_per_s * _MOST:
                return low
            rate = min(low * _STEP, offline_per_s * _MOST)
        else:
            rate /= _STEP
            if rate < offline_per_s * _LEAST:
                return None
