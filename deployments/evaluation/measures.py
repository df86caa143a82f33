"""The measures, one definition each: what it is, its unit, and which way is better.

Nothing here knows where the numbers come from.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

TIE = 1e-9  # scores nearer than this are equal


def order(better: float | None, worse: float | None) -> float:
    """1 when the better answer has the higher score, 0.5 for a tie, 0 otherwise.

    An answer without a score (None) counts as lower than any score.
    """
    first = -math.inf if better is None else better
    second = -math.inf if worse is None else worse
    if first == second or abs(first - second) < TIE:
        return 0.5
    return 1.0 if first > second else 0.0


def mean(values: Sequence[float]) -> float | None:
    """Arithmetic mean; None of nothing."""
    return math.fsum(values) / len(values) if values else None


def wilson(share: float, count: int, z: float = 1.96) -> tuple[float, float]:
    """95% interval of a share seen in `count` trials (Wilson 1927); ties count as half a success."""
    if not count:
        return 0.0, 1.0
    spread = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    centre = share + z * z / (2 * count)
    scale = 1 + z * z / count
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def f1_by_class(truth: Sequence[str], found: Sequence[str]) -> dict[str, float]:
    """F1 of every class that occurs in `truth`, 0..1, higher is better."""
    scores = {}
    for name in sorted(set(truth)):
        hits = sum(t == f == name for t, f in zip(truth, found, strict=True))
        total = truth.count(name) + found.count(name)
        scores[name] = 2 * hits / total
    return scores


def macro_f1(truth: Sequence[str], found: Sequence[str]) -> float | None:
    """Mean of the classes' F1, whatever their frequency, 0..1, higher is better."""
    return mean(list(f1_by_class(truth, found).values()))


def edits(truth: Sequence[Hashable], found: Sequence[Hashable]) -> int:
    """Levenshtein distance: insertions, deletions and substitutions."""
    row = list(range(len(found) + 1))
    for at, item in enumerate(truth, start=1):
        before, row[0] = row[0], at
        for column, other in enumerate(found, start=1):
            before, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, before + (item != other))
    return row[-1]


def spearman(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Rank correlation, -1..1, ties at their mean rank; None under 3 points or without spread."""
    return pearson(ranks(first), ranks(second))


def pearson(
    first: Sequence[float] | NDArray[np.float64], second: Sequence[float] | NDArray[np.float64]
) -> float | None:
    """Linear correlation, -1..1; None under 3 points or without spread."""
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if len(a) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    a, b = a - a.mean(), b - b.mean()
    return float(a @ b / math.sqrt(float(a @ a) * float(b @ b)))


def ranks(values: Sequence[float]) -> NDArray[np.float64]:
    """Ranks from 1, equal values share the mean of theirs, float64 [n]."""
    array = np.asarray(values, dtype=np.float64)
    places = np.empty(len(array))
    places[np.argsort(array, kind="stable")] = np.arange(1, len(array) + 1)
    for value in np.unique(array):
        same = array == value
        places[same] = places[same].mean()
    return places


def deviation(values: Sequence[float]) -> float | None:
    """Standard deviation of a sample, in the values' unit; None under 2 values."""
    return float(np.std(np.asarray(values, dtype=np.float64), ddof=1)) if len(values) > 1 else None


def distinct_share(texts: Sequence[Sequence[str]], size: int) -> float | None:
    """Distinct n-grams over all n-grams (Li et al. 2016, distinct-n), 0..1: how little a set repeats itself."""
    grams = [tuple(text[at : at + size]) for text in texts for at in range(len(text) - size + 1)]
    return len(set(grams)) / len(grams) if grams else None
