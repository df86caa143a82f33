"""When answers are sent: times as pure functions of a shape and a seed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness.core import BenchError
from benchmarks.harness.shapes import Arrivals, CampusDay, Offline, Poisson, Ramp, Replay, Server, Spike
from benchmarks.harness.trace import read_trace

__all__ = ["CAMPUS_HOURS", "Poisson", "Segment", "schedule", "segments"]

# The shape of a day of campus recruiting: relative rate at an hour, linear in between. An assumption, in words: hardly
# anything at night, a morning plateau from nine, half of it over lunch, an afternoon a little under the morning, a dip
# over dinner, and an evening above everything else. The last hour before the deadline at midnight is on top of it, as
# a share of the whole day that `CampusDay.deadline_share` names.
CAMPUS_HOURS: Final = (
    (0.0, 0.10),
    (2.0, 0.02),
    (7.0, 0.05),
    (9.0, 0.80),
    (11.5, 1.00),
    (12.5, 0.50),
    (14.0, 0.90),
    (17.0, 0.90),
    (18.5, 0.60),
    (20.0, 1.30),
    (23.0, 1.30),
)
_DEADLINE_HOUR: Final = 23.0


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of time in which the rate changes linearly."""

    duration_s: float
    from_per_s: float
    to_per_s: float

    @property
    def mean_count(self) -> float:
        """Arrivals in it, on average."""
        return self.duration_s * (self.from_per_s + self.to_per_s) / 2


def schedule(arrivals: Arrivals, seed: int, factor: float = 1.0) -> NDArray[np.float64]:
    """Intended times in seconds from the start of the run, ascending, shape (n,); equal arguments give equal times.

    Args:
        factor: what rates are multiples of, answers a second. A trace and a count are what they are.

    Raises:
        BenchError: a trace that cannot be read, or a search, which has no one schedule.
    """
    match arrivals:
        case Offline():
            return np.zeros(arrivals.count, np.float64)
        case Replay():
            times = np.sort(np.array(read_trace(Path(arrivals.path)), np.float64))
            shifted: NDArray[np.float64] = (times - times[0]) * arrivals.stretch
            return shifted
        case Server():
            raise BenchError("a search has a schedule for each of its rates")
        case _:
            return _poisson(segments(arrivals, factor), np.random.default_rng(seed))


def segments(arrivals: Poisson | Ramp | Spike | CampusDay, factor: float = 1.0) -> tuple[Segment, ...]:
    """The rate over time."""
    match arrivals:
        case Poisson():
            return (Segment(arrivals.duration_s, arrivals.rate_per_s * factor, arrivals.rate_per_s * factor),)
        case Ramp():
            return (Segment(arrivals.duration_s, arrivals.from_per_s * factor, arrivals.to_per_s * factor),)
        case Spike():
            base, peak = arrivals.rate_per_s * factor, arrivals.spike_per_s * factor
            after_s = arrivals.duration_s - arrivals.at_s - arrivals.spike_s
            steps = ((arrivals.at_s, base), (arrivals.spike_s, peak), (after_s, base))
            return tuple(Segment(length_s, rate, rate) for length_s, rate in steps if length_s > 0)
        case CampusDay():
            return tuple(_campus_day(arrivals))


def _campus_day(day: CampusDay) -> Iterator[Segment]:
    hour_s = day.duration_s / 24
    pairs = list(itertools.pairwise(CAMPUS_HOURS))
    weight = sum((end - start) * (low + high) / 2 for (start, low), (end, high) in pairs)
    scale = day.count * (1 - day.deadline_share) / (weight * hour_s)
    for (start, low), (end, high) in pairs:
        yield Segment((end - start) * hour_s, low * scale, high * scale)
    rate = day.count * day.deadline_share / hour_s
    yield Segment(hour_s * (24 - _DEADLINE_HOUR), rate, rate)


def _poisson(parts: Sequence[Segment], chance: np.random.Generator) -> NDArray[np.float64]:
    """An inhomogeneous Poisson process: in each segment a Poisson number of arrivals, each placed independently by the
    inverse of the segment's cumulative rate (Çınlar, Introduction to Stochastic Processes, 4.5)."""
    start_s, times = 0.0, []
    for part in parts:
        area = part.mean_count
        u = chance.random(chance.poisson(area)) * area
        slope = (part.to_per_s - part.from_per_s) / part.duration_s
        root = np.sqrt(np.maximum(0.0, part.from_per_s**2 + 2 * slope * u))
        # The root of `from * t + slope * t^2 / 2 = u` in the form that does not cancel; u = 0 has the root 0.
        times.append(start_s + 2 * u / np.maximum(part.from_per_s + root, 1e-300))
        start_s += part.duration_s
    return np.sort(np.concatenate(times))
