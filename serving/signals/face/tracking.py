"""Which of the faces is the candidate's."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from serving.signals.face.detection import Face, overlap

MEMORY_S = 3.0
"""A face that has not been seen for this long no longer draws the choice."""

SURE_SCORE = 0.75
"""Faces below this score count only when no other is there, or where the candidate's was: folds and shadows stay
below it, but so does a candidate in profile."""

_CONTINUITY_GAIN = 2.0  # the face of the frame before wins over one up to twice as large


class CandidateTracker:
    """Chooses one face a frame: sure, large, near the middle, and the one chosen before.

    Passers-by and pictures on the wall are smaller or further out. Frames must come in order of time.
    """

    def __init__(self) -> None:
        self._last: Face | None = None
        self._last_s = -math.inf

    def last(self, time_s: float) -> Face | None:
        """The face chosen last, None when that was more than `MEMORY_S` before `time_s`."""
        return self._last if time_s - self._last_s <= MEMORY_S else None

    def choose(self, faces: Sequence[Face], width: int, height: int, time_s: float) -> Face | None:
        """The candidate's face, None without faces; it becomes the `last` one.

        Args:
            width, height: of the frame, pixels.
            time_s: of the frame.
        """
        if not faces:
            return None
        last = self.last(time_s)
        middle = np.array([width / 2, height / 2])

        def stayed(face: Face) -> bool:
            return last is not None and bool(overlap(last.box, face.box[None])[0] > 0.1)

        def weight(face: Face) -> float:
            # Half a diagonal from the middle halves a face's weight.
            off_center = math.dist(face.center, middle) / math.hypot(width, height)
            return face.side * (1 - off_center) * (_CONTINUITY_GAIN if stayed(face) else 1)

        eligible = [face for face in faces if face.score >= SURE_SCORE or stayed(face)]
        self._last = max(eligible or faces, key=weight)
        self._last_s = time_s
        return self._last
