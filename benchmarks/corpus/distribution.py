"""How long answers are, and how many there are of each kind."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final, TypeVar

Kind = TypeVar("Kind")

_STANDARD: Final = NormalDist()


@dataclass(frozen=True, slots=True)
class LogNormal:
    """Lognormal lengths between two bounds.

    Attributes:
        mean: of the distribution before its tails are cut.
        sigma: standard deviation of the logarithm.
        low, high: bounds, in the unit of `mean`.
    """

    mean: float
    sigma: float
    low: float
    high: float

    def draw(self, count: int, dice: random.Random) -> list[float]:
        """`count` lengths in random order, one from each of `count` equally likely strata.

        Stratified, so that a corpus of twenty already has the distribution's mean and spread.
        """
        bottom, top = self._probability(self.low), self._probability(self.high)
        ranks = [bottom + (top - bottom) * (stratum + dice.random()) / count for stratum in range(count)]
        dice.shuffle(ranks)
        return [min(max(self._quantile(rank), self.low), self.high) for rank in ranks]

    @property
    def _mu(self) -> float:
        return math.log(self.mean) - self.sigma**2 / 2  # the mean of a lognormal is exp(mu + sigma^2 / 2)

    def _probability(self, length: float) -> float:
        return _STANDARD.cdf((math.log(length) - self._mu) / self.sigma)

    def _quantile(self, rank: float) -> float:
        return math.exp(self._mu + self.sigma * _STANDARD.inv_cdf(rank))


def apportion(count: int, weights: Mapping[Kind, float]) -> dict[Kind, int]:
    """Split `count` by weights, not all 0, with whole numbers that sum to it (largest remainders)."""
    total = sum(weights.values())
    exact = {kind: count * weight / total for kind, weight in weights.items()}
    parts = {kind: math.floor(share) for kind, share in exact.items()}
    by_remainder = sorted(exact, key=lambda kind: parts[kind] - exact[kind])
    for kind in by_remainder[: count - sum(parts.values())]:
        parts[kind] += 1
    return parts


def spread(count: int, weights: Mapping[Kind, float], dice: random.Random) -> list[Kind]:
    """`count` kinds, as many of each as `apportion` says, in random order."""
    kinds = [kind for kind, part in apportion(count, weights).items() for _ in range(part)]
    dice.shuffle(kinds)
    return kinds
