"""Where to look again after the detector has seen the whole frame.

At 128 pixels the short-range detector misses faces below about 14 pixels (a candidate sitting back in a wide picture),
strongly tilted ones and those that fill the picture, and it places small ones roughly. A look at a crop costs 2 ms, so
only frames that need one get it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from serving.signals.face.detection import MIN_SCORE, Face
from serving.signals.face.region import SquareRegion
from serving.signals.face.tracking import SURE_SCORE

SMALL_FACE = 0.2
"""A face below this share of the frame's longer edge (26 pixels of 128) is looked at again."""

TILTED_RAD = math.radians(20)
"""A face tilted further than this is looked at again, turned upright."""

MAX_LOOKS = 3
"""Faces of one frame that get a second look: the candidate is among the largest."""

LEAST_FACE = 0.04
"""Smallest face that a wide search aims at, as a share of the frame's longer edge: 51 pixels of 1280. A portrait on
grey was found everywhere in the frame from 68 pixels on."""

_CROP_SCALE = 3.0  # edge of a second crop in face boxes: the face then spans 43 of the detector's 128 pixels
_ZOOM_OUT = 1.6  # a black margin around the frame, for a face that fills it
_LEAST_SEEN = 14 / 128  # smallest face the detector finds, as a share of what it is shown


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A region to search once more.

    Attributes:
        face: the one that the look should place better, None to take whatever is there.
        min_score: least score of a face to be taken.
    """

    region: SquareRegion
    face: Face | None = None
    min_score: float = MIN_SCORE


def closer_looks(faces: Sequence[Face], width: int, height: int) -> list[Look]:
    """Crops about those of a frame's faces that are small or tilted, turned upright."""
    longest = max(width, height)
    return [
        Look(face.region(_CROP_SCALE), face)
        for face in sorted(faces, key=lambda face: -face.side)[:MAX_LOOKS]
        if face.side < SMALL_FACE * longest or abs(face.roll_rad) > TILTED_RAD
    ]


def wide_search(width: int, height: int) -> list[Look]:
    """All over a frame in which the detector found nothing: further out, and in overlapping squares.

    The squares are small enough for a face of `LEAST_FACE`, and overlap by the largest face that the whole frame was
    too small to show, so that none is cut in two.
    """
    longest, shortest = max(width, height), min(width, height)
    side = min(longest * LEAST_FACE / _LEAST_SEEN, shortest)
    step = side - longest * _LEAST_SEEN
    looks = [Look(SquareRegion(width / 2, height / 2, longest * _ZOOM_OUT))]
    for y in _centers(height, side, step):
        looks.extend(Look(SquareRegion(x, y, side), min_score=SURE_SCORE) for x in _centers(width, side, step))
    return looks


def look_near(face: Face) -> Look:
    """Where a face of another frame should be in this one."""
    return Look(face.region(_CROP_SCALE))


def after_look(faces: Sequence[Face], look: Look, found: Sequence[Face]) -> list[Face]:
    """The frame's faces once `found` came back from another look.

    The found face nearest to the one looked for takes its place, unless it is another one (further away than half the
    face's box); without one looked for, all that was found counts.
    """
    target = look.face
    if target is None:
        return [*faces, *(face for face in found if face.score >= look.min_score)]
    near = [face for face in found if math.dist(face.center, target.center) < target.side / 2]
    if not near:
        return list(faces)
    better = min(near, key=lambda face: math.dist(face.center, target.center))
    return [better if face is target else face for face in faces]


def _centers(length: float, side: float, step: float) -> list[float]:
    count = 1 + math.ceil(max(0.0, length - side) / step)
    return [float(center) for center in np.linspace(side / 2, length - side / 2, count)] if count > 1 else [length / 2]
