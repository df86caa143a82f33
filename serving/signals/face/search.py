"""Where to look again after the detector has seen the whole frame.

At 128 pixels the detector misses faces below about 12 pixels, tilted ones and those that fill the picture, and places
small ones roughly. A second look at a crop costs 2 ms, so only the frames that need one get it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from serving.signals.face.detection import Face
from serving.signals.face.region import SquareRegion

SMALL_FACE = 0.2
"""A face below this share of the frame's longer edge (26 pixels of 128) is looked at again."""

TILTED_RAD = math.radians(20)
"""A face tilted further than this is looked at again, turned upright."""

MAX_LOOKS = 3
"""Faces of one frame that get a second look: the candidate is among the largest."""

_CROP_SCALE = 3.0  # edge of the second crop in face boxes: the face then spans 43 of the detector's 128 pixels
_ZOOM_OUT = 1.6  # a black margin around the frame, for a face that fills it


@dataclass(frozen=True, slots=True, eq=False)
class SecondLook:
    """A region to search once more; `face` is the one it should place better, None when nothing was found yet."""

    region: SquareRegion
    face: Face | None = None


def second_looks(faces: Sequence[Face], width: int, height: int) -> list[SecondLook]:
    """What to search again in a frame of `width` x `height` pixels in which `faces` were found."""
    longest, shortest = max(width, height), min(width, height)
    if not faces:
        looks = [SecondLook(SquareRegion(width / 2, height / 2, longest * _ZOOM_OUT))]
        if shortest < 0.8 * longest:  # otherwise the middle square is nearly the frame itself
            looks.append(SecondLook(SquareRegion(width / 2, height / 2, shortest)))
        return looks
    largest = sorted(faces, key=lambda face: -face.side)[:MAX_LOOKS]
    return [
        SecondLook(face.region(_CROP_SCALE), face)
        for face in largest
        if face.side < SMALL_FACE * longest or abs(face.roll_rad) > TILTED_RAD
    ]


def after_second_look(faces: Sequence[Face], look: SecondLook, found: Sequence[Face]) -> list[Face]:
    """The frame's faces once `found` came back from a second look.

    The found face nearest to the one looked for takes its place, unless it is another one (further away than half the
    face's box); without one looked for, all that was found counts.
    """
    target = look.face
    if target is None:
        return [*faces, *found]
    near = [face for face in found if math.dist(face.center, target.center) < target.side / 2]
    if not near:
        return list(faces)
    better = min(near, key=lambda face: math.dist(face.center, target.center))
    return [better if face is target else face for face in faces]
