"""The 468 landmarks of MediaPipe's face mesh (Kartynnik et al. 2019, https://arxiv.org/abs/1907.06724)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from serving.signals.face.region import Points, SquareRegion

MESH_SIZE = 192
"""Edge of the mesh's input in pixels."""

EXPRESSION_SIZE = 64
"""Edge of the expression net's input in pixels."""

CROP_SCALE = 1.5
"""Edge of the mesh's crop over the edge of the face's box (MediaPipe `face_detection_front_detection_to_roi`)."""

EXPRESSION_SCALE = 1.1
"""Edge of the expression net's crop over the longer extent of the landmarks, as the threshold was measured with."""

MIN_PRESENCE = 0.5
"""Least probability that the crop held a face."""

RIGHT_EYE_OUTER, LEFT_EYE_OUTER = 33, 263  # right and left are the subject's
MOUTH_RIGHT, MOUTH_LEFT = 61, 291
LIP_UPPER_INNER, LIP_LOWER_INNER = 13, 14

# How far the landmarks may lie from where a good crop puts them before a second look is worth its 5 ms.
_MAX_TILT_RAD = math.radians(10)
_MAX_SHIFT = 0.08  # of the crop's edge
_EXTENT = (0.5, 0.85)  # longer edge of the landmarks' box over the crop's edge; 1 / 1.5 when well cut


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """One face in frame pixels.

    Attributes:
        points: float64 [468, 3]: x right, y down, z away from the camera, all in frame pixels.
        presence: probability of a face, 0..1.
        region: the crop it was found in.
    """

    points: Points
    presence: float
    region: SquareRegion

    @staticmethod
    def from_crop(landmarks: Points, presence: float, region: SquareRegion) -> Mesh:
        """Take the model's landmarks, [468, 3] in pixels of the crop, back to the frame."""
        return Mesh(region.to_frame(landmarks.astype(np.float64), MESH_SIZE), presence, region)

    @property
    def is_face(self) -> bool:
        """Whether the crop held a face."""
        return self.presence >= MIN_PRESENCE

    @property
    def roll_rad(self) -> float:
        """Angle of the line through the outer eye corners, clockwise on the screen."""
        across = self.points[LEFT_EYE_OUTER] - self.points[RIGHT_EYE_OUTER]
        return math.atan2(across[1], across[0])

    def fitted_region(self, scale: float) -> SquareRegion:
        """The square about the landmarks, turned with the face and `scale` times their longer extent."""
        angle = self.roll_rad
        across = np.array([math.cos(angle), math.sin(angle)])
        down = np.array([-across[1], across[0]])
        # Rows of the basis take frame coordinates to the face's own.
        own = self.points[:, :2] @ np.stack([across, down], axis=1)
        low, high = own.min(axis=0), own.max(axis=0)
        middle = (low + high) / 2
        x, y = middle[0] * across + middle[1] * down
        return SquareRegion(float(x), float(y), float((high - low).max()) * scale, angle)

    @property
    def poorly_cut(self) -> bool:
        """Whether the face sat so far from the crop's middle, size or upright that a new crop would find it better."""
        if not self.is_face:
            return True
        fitted = self.fitted_region(1.0)
        tilt = math.remainder(fitted.angle_rad - self.region.angle_rad, math.tau)
        shift = math.hypot(fitted.center_x - self.region.center_x, fitted.center_y - self.region.center_y)
        extent = fitted.side / self.region.side
        return (
            abs(tilt) > _MAX_TILT_RAD or shift > _MAX_SHIFT * self.region.side or not _EXTENT[0] < extent < _EXTENT[1]
        )
