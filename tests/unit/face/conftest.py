"""A synthetic mesh whose geometry is known exactly."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from serving.signals.face.head_pose import CANONICAL, LANDMARKS


def rotation(yaw_deg: float, pitch_deg: float, roll_deg: float) -> NDArray[np.float64]:
    """Turn (to the image's right), nod (up), tilt (counter-clockwise) in x right, y up, z towards the camera."""
    y, p, r = (math.radians(angle) for angle in (yaw_deg, pitch_deg, roll_deg))
    turn = np.array([[math.cos(y), 0, math.sin(y)], [0, 1, 0], [-math.sin(y), 0, math.cos(y)]])
    nod = np.array([[1, 0, 0], [0, math.cos(p), math.sin(p)], [0, -math.sin(p), math.cos(p)]])
    tilt = np.array([[math.cos(r), -math.sin(r), 0], [math.sin(r), math.cos(r), 0], [0, 0, 1]])
    return turn @ nod @ tilt


class FaceMaker:
    """Meshes of the canonical face: placed, scaled and rotated at will, with any mouth."""

    def mesh(
        self,
        yaw_deg: float = 0.0,
        pitch_deg: float = 0.0,
        roll_deg: float = 0.0,
        *,
        mouth_width: float = 0.5,
        lift: float = 0.0,
        opening: float = 0.1,
        scale: float = 10.0,
        center: tuple[float, float] = (320.0, 240.0),
    ) -> NDArray[np.float64]:
        """float64 [468, 3] in frame pixels (x right, y down, z away); mouth in outer-eye-corner distances."""
        points = np.zeros((468, 3))
        points[LANDMARKS] = CANONICAL
        eyes = points[263, 0] - points[33, 0]
        half, up, gap = mouth_width * eyes / 2, lift * eyes, opening * eyes / 2
        points[61], points[291] = (-half, -4 + up, 4.3), (half, -4 + up, 4.3)
        points[13], points[14] = (0, -4 + gap, 4.3), (0, -4 - gap, 4.3)
        turned = points @ rotation(yaw_deg, pitch_deg, roll_deg).T * scale * (1, -1, -1)
        return np.asarray(turned + np.array([*center, 0.0]), np.float64)


@pytest.fixture
def faces() -> FaceMaker:
    return FaceMaker()
