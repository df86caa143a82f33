"""Means of a few independent runs, with intervals."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

# 97.5% quantiles of Student's t by degrees of freedom (any table): a few runs are no normal distribution.
_T: Final = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
_NORMAL: Final = 1.96


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean of times and its 95% interval, which does not reach below 0."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Interval:
        """Of the results of independent runs; a single one is taken as it is."""
        mean = statistics.fmean(values)
        if len(values) < 2:
            return cls(mean, mean, mean)
        quantile = _T[len(values) - 2] if len(values) - 2 < len(_T) else _NORMAL
        half = quantile * statistics.stdev(values) / len(values) ** 0.5
        return cls(mean, max(0.0, mean - half), mean + half)
