"""When the answers of a season come, and what they are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness.core import BenchError, Modality

HOUR_S: Final = 3600.0
DAY_S: Final = 24 * HOUR_S

BIN_S: Final = 600.0  # the rate is constant for so long
_SHORTEST_S: Final = 1.0
_LONGEST_S: Final = 600.0  # of an answer's media: the product's limit
_LATEST_HOUR: Final = 20.0  # of the day's rhythm: the busiest hour is in the evening
_SAMPLE: Final = 20_000


@dataclass(frozen=True, slots=True)
class Season:
    """Answers until a deadline at the end of a window.

    The rate is that of a Poisson process that changes every ten minutes: `deadline_peak` of all answers come evenly in
    the last `peak_s`; the others follow the days before, each with the rhythm `1 + rhythm * cos` around eight in the
    evening, the heaviest day (the last whole one) with `heavy_day` times the weight of another.

    Attributes:
        answers: in the whole window.
        window_s: from the first possible answer to the deadline.
        deadline_peak: share of all answers that come in the last `peak_s`, 0 to 1.
        mix: share of each modality, sum 1.
        media_s: mean length of an audio or video answer; lengths are lognormal.
        spread: standard deviation of the lengths over their mean; 0 for equal lengths.
        bulk: share that is handed over in bulk, which waits until nothing else does.
    """

    answers: int
    window_s: float
    deadline_peak: float
    mix: Mapping[Modality, float]
    media_s: float = 120.0
    spread: float = 0.5
    peak_s: float = HOUR_S
    rhythm: float = 0.8
    heavy_day: float = 1.5
    bulk: float = 0.0

    def __post_init__(self) -> None:
        _check(self.answers >= 1, "answers", self.answers, "at least 1")
        _check(self.peak_s >= BIN_S, "the deadline's peak", f"{self.peak_s:g} s", f"at least {BIN_S:g} s")
        _check(
            self.window_s >= self.media_s, "window", f"{self.window_s:g} s", f"an answer's {self.media_s:g} s or more"
        )
        _check(self.window_s >= self.peak_s, "window", f"{self.window_s:g} s", f"the peak's {self.peak_s:g} s or more")
        _check(0 <= self.deadline_peak <= 1, "deadline-peak", self.deadline_peak, "0 to 1")
        alone = self.window_s < self.peak_s + BIN_S
        _check(
            not alone or self.deadline_peak == 1, "deadline-peak", self.deadline_peak, "1 in a window of the peak alone"
        )
        _check(_SHORTEST_S <= self.media_s <= _LONGEST_S, "seconds", self.media_s, f"1 to {_LONGEST_S:g}")
        _check(0 <= self.spread <= 2, "spread", self.spread, "0 to 2")
        _check(0 <= self.rhythm <= 1, "rhythm", self.rhythm, "0 to 1")
        _check(1 <= self.heavy_day <= 10, "heavy-day", self.heavy_day, "1 to 10")
        _check(0 <= self.bulk < 1, "bulk", self.bulk, "at least 0 and below 1")
        whole = bool(self.mix) and min(self.mix.values()) >= 0 and abs(sum(self.mix.values()) - 1) < 1e-6
        _check(whole, "mix", {kind.value: share for kind, share in self.mix.items()}, "shares that sum to 1")

    @property
    def rates(self) -> NDArray[np.float64]:
        """Answers a second in each ten minutes of the window, float64 [bins]; the last bin may be shorter."""
        edges = self.edges
        middle, width = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
        before = middle < self.window_s - self.peak_s
        # Time of day counts back from the deadline, which is at midnight.
        left_s = self.window_s - middle
        hour = 24 - (left_s % DAY_S) / HOUR_S
        rhythm = 1 + self.rhythm * np.cos(2 * math.pi * (hour - _LATEST_HOUR) / 24)
        heavy = np.where(left_s < DAY_S, self.heavy_day, 1.0)
        weight = np.where(before, rhythm * heavy * width, 0.0)
        peak = np.where(before, 0.0, width)
        expected = self.answers * self.deadline_peak * peak / peak.sum()
        if weight.sum() > 0:
            expected = expected + self.answers * (1 - self.deadline_peak) * weight / weight.sum()
        rates: NDArray[np.float64] = expected / width
        return rates

    @property
    def mean_media_s(self) -> float:
        """Mean length of an audio or video answer once the tails are cut, from a large fixed sample."""
        return _mean_length(self.media_s, self.spread)

    def media_of(self, kind: Modality) -> float:
        """Mean length of an answer of a modality; 0 for text."""
        return 0.0 if kind is Modality.TEXT else self.mean_media_s

    @property
    def edges(self) -> NDArray[np.float64]:
        """Where the bins of `rates` begin and the last one ends, seconds; the peak begins with a bin."""
        start = self.window_s - self.peak_s
        before = np.arange(0.0, start, BIN_S)
        return np.concatenate([before, np.arange(start, self.window_s, BIN_S), [self.window_s]])


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Answers in order of arrival; arrays of one length [n].

    Attributes:
        at_s: when each arrives, seconds.
        modality: of each, as an index into `MODALITIES`.
        media_s: length of its media, 0 for text.
        luck: uniform in [0, 1): picks the part of its service time that its length does not explain.
        bulk: whether it was handed over in bulk.
    """

    at_s: NDArray[np.float64]
    modality: NDArray[np.int64]
    media_s: NDArray[np.float64]
    luck: NDArray[np.float64]
    bulk: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.at_s)


MODALITIES: Final = tuple(Modality)


def draw(season: Season, start_s: float, end_s: float, dice: np.random.Generator) -> Arrivals:
    """Arrivals between two moments of the window, counted from `start_s`; equal generators give equal arrivals."""
    edges, rates = season.edges, season.rates
    low, high = np.clip(edges[:-1], start_s, end_s), np.clip(edges[1:], start_s, end_s)
    counts = dice.poisson(rates * (high - low))
    at_s = np.sort(np.concatenate([dice.uniform(a, b, n) for a, b, n in zip(low, high, counts, strict=True)]))
    number = len(at_s)
    modality = dice.choice(len(MODALITIES), number, p=[season.mix.get(kind, 0.0) for kind in MODALITIES])
    media_s = np.where(
        modality == MODALITIES.index(Modality.TEXT), 0.0, lengths(season.media_s, season.spread, number, dice)
    )
    return Arrivals(at_s - start_s, modality, media_s, dice.random(number), dice.random(number) < season.bulk)


def lengths(media_s: float, spread: float, number: int, dice: np.random.Generator) -> NDArray[np.float64]:
    """Lengths of answers in seconds: lognormal of a mean and a spread, cut at the product's limit; float64 [number]."""
    sigma = math.sqrt(math.log1p(spread**2))  # of the logarithm, see any table of the lognormal distribution
    drawn = dice.lognormal(math.log(media_s) - sigma**2 / 2, sigma, number)
    return np.clip(drawn, _SHORTEST_S, _LONGEST_S)


@cache
def _mean_length(media_s: float, spread: float) -> float:
    return float(lengths(media_s, spread, _SAMPLE, np.random.default_rng(0)).mean())


def _check(ok: bool, name: str, value: object, limit: str) -> None:
    if not ok:
        raise BenchError(f"{name} is {value}, it must be {limit}")
