"""The stretch of a season that decides its fleet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from benchmarks.capacity.season import Season

# Up to the first share of capacity a short stretch is as good as the whole peak; up to the second a longer one is;
# above it a backlog grows for as long as the peak lasts, and everything counts from where it begins.
STEADY: Final = 0.9
FULL: Final = 0.97
_NEARLY_FULL: Final = 4  # times as many answers
_WARM_UP: Final = 0.25  # of a steady stretch, which begins with empty queues
_SHORTEST_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class Peak:
    """The busiest `peak_s` of a season.

    Attributes:
        rate_per_s: mean rate in it.
        start_s, end_s: in the window.
    """

    rate_per_s: float
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is simulated: arrivals from `start_s` to `end_s`, and the queue until it is empty.

    Attributes:
        judged_from_s: answers that come later count.
    """

    start_s: float
    judged_from_s: float
    end_s: float


def busiest(season: Season) -> Peak:
    """The stretch as long as the deadline's peak, of whole bins, in which most answers are expected."""
    edges, rates = season.edges, season.rates
    expected = np.concatenate([[0.0], np.cumsum(rates * np.diff(edges))])
    best = Peak(0.0, 0.0, season.window_s)
    for first, start_s in enumerate(edges[:-1]):
        last = int(np.searchsorted(edges, start_s + season.peak_s - 1e-6))
        if last < len(edges):
            rate = float((expected[last] - expected[first]) / (edges[last] - start_s))
            # Of equals the last: what waited before it counts too.
            if rate >= best.rate_per_s * (1 - 1e-9):
                best = Peak(rate, float(start_s), float(edges[last]))
    return best


def stretch_for(season: Season, peak: Peak, capacity_per_s: float, answers: int, full: float = FULL) -> Stretch:
    """The stretch to simulate for a fleet.

    A fleet with room to spare is steady: about `answers` answers of the peak stand for all of it, after a warm-up; four
    times as many where it is nearly full, and queues take longer to settle. One that is full carries a backlog: then
    everything counts from where the fluid approximation last has no queue.

    Args:
        capacity_per_s: answers a second that the fleet completes with all its workers busy.
        full: share of it above which a fleet counts as full.
    """
    load = peak.rate_per_s / capacity_per_s
    if load <= full:
        answers *= 1 if load <= STEADY else _NEARLY_FULL
        length_s = min(peak.end_s - peak.start_s, max(_SHORTEST_S, answers / max(peak.rate_per_s, 1e-9)))
        start_s = peak.end_s - length_s
        return Stretch(start_s, start_s + _WARM_UP * length_s, peak.end_s)
    start_s = 0.0
    for begin_s, backlog in zip(season.edges[:-1], backlogs(season, capacity_per_s), strict=False):
        if begin_s < peak.start_s and backlog == 0.0:
            start_s = float(begin_s)
    return Stretch(start_s, peak.start_s, peak.end_s)


def backlogs(season: Season, capacity_per_s: float) -> list[float]:
    """Answers that wait at each of the season's edges in the fluid approximation: arrivals less capacity, never below
    zero (Newell, Applications of Queueing Theory, 2)."""
    found, edges = [0.0], season.edges
    for width_s, rate in zip(np.diff(edges), season.rates, strict=True):
        found.append(max(0.0, found[-1] + (float(rate) - capacity_per_s) * float(width_s)))
    return found


def fluid_wait_s(season: Season, peak: Peak, capacity_per_s: float, percentile: float) -> float:
    """A percentile of the waiting time of the peak's answers in the fluid approximation: what no fleet of this
    capacity goes below, since it wastes nothing."""
    edges, waiting = season.edges, np.array(backlogs(season, capacity_per_s))
    moments = np.linspace(peak.start_s, peak.end_s, 1001)
    waits = np.interp(moments, edges, waiting) / capacity_per_s
    return float(np.percentile(waits, percentile))
