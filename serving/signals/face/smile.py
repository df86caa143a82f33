"""Smiles: from the mouth's geometry to events in time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from serving.domain.facts import Interval, Smile
from serving.signals.face.mesh import (
    LEFT_EYE_OUTER,
    LIP_LOWER_INNER,
    LIP_UPPER_INNER,
    MOUTH_LEFT,
    MOUTH_RIGHT,
    RIGHT_EYE_OUTER,
)
from serving.signals.face.region import Points
from serving.signals.face.timeline import held_intervals, smooth

GEOMETRY_THRESHOLD = 0.72
"""Geometry from which a face smiles: the best balanced accuracy on 90 labelled frontal photographs (AUC 0.981)."""

_GEOMETRY_SCALE = 0.04  # logistic width: 0.08 over the threshold is a probability of 0.88
_MIN_LIFT = 0.02  # corners above the middle of the lips by 2% of the eye distance; stretched or open mouths stay below

LEVEL_ON, LEVEL_OFF = 0.5, 0.35
"""A smile begins at `LEVEL_ON` and lasts until the level falls below `LEVEL_OFF`."""

SMOOTHING_S = 1.0
"""Window of the running median: shorter than a smile (0.5 s to 4 s; Schmidt et al. 2006), longer than a syllable."""

MIN_SMILE_S = 0.6
"""Shorter stretches are mouth movements of speech."""

MAX_GAP_S = 0.7
"""Dips and missing faces up to this long do not end a smile."""


@dataclass(frozen=True, slots=True)
class MouthShape:
    """Shape of the mouth in outer-eye-corner distances, in the picture plane and free of head roll.

    Attributes:
        width: between the mouth's corners.
        lift: height of the corners over the middle of the lips; above 0 when they point up.
        opening: between the inner lips.
    """

    width: float
    lift: float
    opening: float

    @property
    def geometry(self) -> float:
        """width + 2 x lift: smiling widens the mouth and lifts its corners, surprise and speech rarely do both."""
        return self.width + 2 * self.lift


@dataclass(frozen=True, slots=True)
class SmileLevel:
    """How much a face smiles at one time, 0..1; 0.5 is the threshold."""

    time_s: float
    level: float


def mouth_shape(points: Points) -> MouthShape:
    """Measure a mesh.

    Args:
        points: float64 [468, 2 or 3], x right, y down; only x and y are used: the mesh's depth is a guess and made
            photographs of turned heads harder to tell apart, not easier.
    """
    plane = points[:, :2]
    across = plane[LEFT_EYE_OUTER] - plane[RIGHT_EYE_OUTER]
    eye_distance = max(math.hypot(*across), 1e-6)
    across = across / eye_distance
    down = np.array([-across[1], across[0]])
    height = plane[[MOUTH_RIGHT, MOUTH_LEFT, LIP_UPPER_INNER, LIP_LOWER_INNER]] @ down / eye_distance
    return MouthShape(
        width=math.dist(plane[MOUTH_LEFT], plane[MOUTH_RIGHT]) / eye_distance,
        lift=float(height[2:].mean() - height[:2].mean()),
        opening=math.dist(plane[LIP_UPPER_INNER], plane[LIP_LOWER_INNER]) / eye_distance,
    )


def smile_level(mouth: MouthShape, happy: float | None = None) -> float:
    """How much a face smiles, 0..1 with 0.5 the threshold.

    A logistic of the geometry about its threshold. Corners that do not point up keep it below 0.5 however wide the
    mouth. With the expression net's probability of `happy` (only where the caller may use it), the mean of the two.
    """
    level = 1 / (1 + math.exp(-(mouth.geometry - GEOMETRY_THRESHOLD) / _GEOMETRY_SCALE))
    if mouth.lift < _MIN_LIFT:
        level = min(level, LEVEL_OFF / 2)
    return level if happy is None else (level + happy) / 2


def find_smiles(levels: Sequence[SmileLevel], period_s: float) -> Smile:
    """Smile events of an answer.

    Args:
        levels: of the frames with a face, in order of time.
        period_s: nominal time between sampled frames.
    """
    times = np.array([sample.time_s for sample in levels], np.float64)
    values: NDArray[np.float64] = np.array([sample.level for sample in levels], np.float64)
    intervals: tuple[Interval, ...] = held_intervals(
        times,
        smooth(times, values, SMOOTHING_S),
        period_s=period_s,
        on=LEVEL_ON,
        off=LEVEL_OFF,
        max_gap_s=MAX_GAP_S,
        min_duration_s=MIN_SMILE_S,
    )
    return Smile(
        count=len(intervals),
        total_seconds=sum(interval.duration_s for interval in intervals),
        intervals=intervals,
    )
