"""From samples in time to intervals. Samples may be missing and unevenly spaced."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import numpy as np
from numpy.typing import NDArray

from serving.domain.facts import Interval

Series = NDArray[np.float64]


def sampling_period(times_s: Series) -> float:
    """Typical time between samples: the median step, so that gaps do not stretch it. 0 with fewer than two."""
    return float(np.median(np.diff(times_s))) if len(times_s) > 1 else 0.0


def smooth(times_s: Series, values: Series, window_s: float) -> Series:
    """Running median over the samples within half a window, before and after; a lone sample stays as it is.

    Args:
        times_s: float64 [n], ascending.
        values: float64 [n].
    """
    low = np.searchsorted(times_s, times_s - window_s / 2, side="left")
    high = np.searchsorted(times_s, times_s + window_s / 2, side="right")
    plain = values.tolist()  # windows hold a few samples: fifty times faster than an array's median
    return np.array([median(plain[a:b]) for a, b in zip(low.tolist(), high.tolist(), strict=True)], np.float64)


def share_within(times_s: Series, intervals: Sequence[Interval]) -> float:
    """Share of the samples that lie in any of the intervals (ascending, disjoint), 0..1."""
    starts = np.array([interval.start_offset_s for interval in intervals], np.float64)
    ends = np.array([-np.inf, *(interval.end_offset_s for interval in intervals)], np.float64)
    return float(np.mean(times_s < ends[np.searchsorted(starts, times_s, side="right")]))


def held_intervals(
    times_s: Series,
    values: Series,
    *,
    period_s: float,
    on: float,
    off: float,
    max_gap_s: float,
    min_duration_s: float,
) -> tuple[Interval, ...]:
    """Stretches over a threshold with hysteresis: begun at `on`, held down to `off`.

    A sample stands for the time up to the next one, at most `period_s` when the next one is further away than
    `max_gap_s` (nothing was seen in between); stretches less than `max_gap_s` apart are one.

    Args:
        times_s: float64 [n], ascending.
        values: float64 [n].
        period_s: nominal time between samples.
        min_duration_s: shorter stretches are dropped.
    """
    spans: list[list[float]] = []
    bridge_s = max(max_gap_s, 1.5 * period_s)  # a slow sampler's ordinary step is no gap
    held = False
    last_s = -np.inf
    for index, (time_s, value) in enumerate(zip(times_s, values, strict=True)):
        held = value >= (off if held and time_s - last_s <= bridge_s else on)
        last_s = time_s
        if not held:
            continue
        following_s = times_s[index + 1] if index + 1 < len(times_s) else np.inf
        end_s = following_s if following_s - time_s <= bridge_s else time_s + period_s
        if spans and time_s - spans[-1][1] <= max_gap_s:
            spans[-1][1] = end_s
        else:
            spans.append([time_s, end_s])
    # Rounding of the sampler's times must not decide: 0.6 s of 3 frames at 5 a second may read 0.5999.
    return tuple(Interval(float(start), float(end)) for start, end in spans if end - start >= min_duration_s - 1e-6)
