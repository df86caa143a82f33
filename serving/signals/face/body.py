"""Arms and shoulders: where to look for the person, and how much the wrists move.

Landmarks are those of MediaPipe's BlazePose (Bazarevsky et al. 2020, https://arxiv.org/abs/2006.10204).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from serving.domain.facts import Gesture
from serving.signals.face.detection import Face
from serving.signals.face.region import Points, SquareRegion
from serving.signals.face.timeline import held_intervals, sampling_period

POSE_SIZE = 256
"""Edge of the pose model's input in pixels."""

MIN_PRESENCE = 0.5
"""Least probability that the crop held a person."""

MIN_VISIBILITY = 0.5
"""Least visibility of a landmark that is used."""

MAX_STEP_S = 1.6
"""Wrists seen further apart than this give no speed; the default pose rate is 1 a second."""

GESTURE_SPEED = 0.5
"""Shoulder widths a second from which an arm is gesturing."""

_SHOULDERS, _WRISTS = (11, 12), (15, 16)

_BODY_SCALE = 6.0  # edge of the body's crop in face boxes: head to hips of a sitting person, and arms held out
_BODY_DROP = 1.8  # its centre below the face's, in face boxes


@dataclass(frozen=True, slots=True, eq=False)
class Arms:
    """Shoulders and wrists at one time, in frame pixels.

    Attributes:
        shoulders, wrists: float64 [2, 2]: the subject's left, right; NaN where not seen.
    """

    time_s: float
    shoulders: Points
    wrists: Points


def body_region(face: Face) -> SquareRegion:
    """The upright square about head, trunk and arms.

    Proportions of a sitting person: no person detector runs, since an interview shows one person whose face is known.
    """
    x, y = face.center
    return SquareRegion(float(x), float(y) + _BODY_DROP * face.side, _BODY_SCALE * face.side)


def arms_from_pose(
    landmarks: NDArray[np.float32], region: SquareRegion, width: int, height: int, time_s: float
) -> Arms:
    """Keep what gestures need of a pose.

    Args:
        landmarks: float32 [39, 5]: x, y, z in pixels of the crop, visibility and presence 0..1.
        region: where the crop was cut.
        width, height: of the frame, pixels; the model guesses limbs outside it, which are not seen.
    """
    chosen = landmarks[[*_SHOULDERS, *_WRISTS]].astype(np.float64)
    points = region.to_frame(chosen[:, :2], POSE_SIZE)
    inside = np.all((points >= 0) & (points <= (width, height)), axis=1)
    points[~(inside & (chosen[:, 3] >= MIN_VISIBILITY))] = np.nan
    return Arms(time_s, points[:2], points[2:])


def measure_gestures(samples: Sequence[Arms]) -> Gesture:
    """Wrist speed against the shoulders, in shoulder widths a second.

    Measured against the shoulders' middle, so that a swaying body or a hand-held camera is no gesture. At a low pose
    rate this is the distance travelled between looks: a quick there-and-back in between goes unseen.

    Args:
        samples: in order of time.
    """
    widths = [math.dist(*sample.shoulders) for sample in samples if not np.isnan(sample.shoulders).any()]
    width = float(np.median(widths)) if widths else 0.0
    if width <= 0:
        return Gesture()
    times: list[float] = []
    speeds: list[float] = []
    for before, after in itertools.pairwise(samples):
        step_s = after.time_s - before.time_s
        if not 0 < step_s <= MAX_STEP_S:
            continue
        moved = (after.wrists - after.shoulders.mean(axis=0)) - (before.wrists - before.shoulders.mean(axis=0))
        distances = np.hypot(moved[:, 0], moved[:, 1])
        distances = distances[~np.isnan(distances)]
        if distances.size:
            times.append(before.time_s)
            speeds.append(float(distances.max()) / width / step_s)
    if not speeds:
        return Gesture()
    period_s = sampling_period(np.array([sample.time_s for sample in samples], np.float64))
    return Gesture(
        amplitude=float(np.median(speeds)),
        intervals=held_intervals(
            np.array(times, np.float64),
            np.array(speeds, np.float64),
            period_s=period_s,
            on=GESTURE_SPEED,
            off=GESTURE_SPEED,
            max_gap_s=0.0,
            min_duration_s=0.0,
        ),
    )
