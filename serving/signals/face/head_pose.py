"""Where the head points, from the mesh.

The mesh is fitted onto MediaPipe's canonical face (`canonical_face_model.obj`, Apache-2.0, centimetres; also shipped
as `face-data.js` in the npm package mind-ar) by a weighted rigid fit with scale (Kabsch 1976; Umeyama 1991). Landmarks
and weights are the "procrustes landmark basis" of MediaPipe's face geometry module: points that expressions move
little.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from serving.signals.face.region import Points

# Landmark, weight, and x y z on the canonical face: x to the image's right, y up, z towards the camera. Only the
# subject's right half is listed: the face is symmetric, and `_MIRROR` names each landmark's twin.
_RIGHT_HALF = (
    (33, 0.058724, (-4.445859, 2.663991, 3.173422)),
    (54, 0.007667, (-6.279331, 6.615427, 1.425850)),
    (67, 0.009078, (-3.523964, 8.005976, 3.729163)),
    (117, 0.009792, (-5.258659, 0.945811, 2.974312)),
    (119, 0.014565, (-3.300681, 0.861641, 3.872784)),
    (121, 0.018591, (-1.820731, 1.467954, 4.224124)),
    (127, 0.005197, (-7.743095, 2.364999, -2.005167)),
    (129, 0.120625, (-1.785794, -0.978284, 4.850470)),
    (132, 0.005560, (-7.270895, -2.890917, -2.252455)),
    (133, 0.053286, (-1.856432, 2.585245, 3.757904)),
    (136, 0.066890, (-5.085276, -7.178590, 0.714711)),
    (143, 0.014817, (-6.407571, 2.236021, 1.560843)),
    (147, 0.014263, (-6.234883, -1.944430, 1.663542)),
    (198, 0.025462, (-1.246815, 0.230297, 5.681036)),
    (205, 0.047252, (-3.832928, -1.537326, 4.137731)),
)
_MIRROR = (263, 284, 297, 346, 348, 350, 356, 358, 361, 362, 365, 372, 376, 420, 425)
_MIDDLE = (
    (4, 0.070910, (0.0, -0.463170, 7.586580)),
    (6, 0.032100, (0.0, 2.473255, 5.788627)),
    (10, 0.008447, (0.0, 8.261778, 4.481535)),
)
_BASIS = (
    *_RIGHT_HALF,
    *((twin, weight, (-x, y, z)) for twin, (_, weight, (x, y, z)) in zip(_MIRROR, _RIGHT_HALF, strict=True)),
    *_MIDDLE,
)

LANDMARKS: NDArray[np.intp] = np.array([index for index, _, _ in _BASIS], np.intp)
"""Mesh landmarks of the fit, int [33]."""

CANONICAL: Points = np.array([point for _, _, point in _BASIS], np.float64)
"""Those landmarks on the canonical face, float64 [33, 3], centimetres; x right, y up, z towards the camera."""

_WEIGHTS = np.array([weight for _, weight, _ in _BASIS], np.float64)
_WEIGHTS /= _WEIGHTS.sum()
_CENTERED = CANONICAL - _WEIGHTS @ CANONICAL


@dataclass(frozen=True, slots=True)
class HeadPose:
    """Rotation of the head against the camera's axis, degrees; all 0 when it faces the camera.

    Attributes:
        yaw_deg: positive towards the image's right (the subject's left).
        pitch_deg: positive upwards.
        roll_deg: positive counter-clockwise on the screen.
    """

    yaw_deg: float
    pitch_deg: float
    roll_deg: float


def head_rotation(points: Points) -> NDArray[np.float64]:
    """Rotation matrix, float64 [3, 3], that takes the canonical face onto the mesh (x right, y up, z to the camera).

    Args:
        points: float64 [468, 3], x right, y down, z away from the camera, one unit for all three.
    """
    seen = points[LANDMARKS] * (1.0, -1.0, -1.0)
    seen = seen - _WEIGHTS @ seen
    u, _, vt = np.linalg.svd((seen * _WEIGHTS[:, None]).T @ _CENTERED)
    # The last axis is turned over where the best orthogonal fit would be a reflection.
    proper = np.diag([1.0, 1.0, np.sign(np.linalg.det(u) * np.linalg.det(vt))])
    return np.asarray(u @ proper @ vt, np.float64)


def head_pose(points: Points) -> HeadPose:
    """Yaw, pitch and roll of a mesh (`points` as in `head_rotation`).

    The rotation is read as R = Ry(yaw) Rx(-pitch) Rz(roll): first the tilt, then the nod, then the turn.
    """
    rotation = head_rotation(points)
    ahead = rotation[:, 2]  # where the canonical face's z axis, straight out of it, points now
    return HeadPose(
        yaw_deg=math.degrees(math.atan2(ahead[0], ahead[2])),
        pitch_deg=math.degrees(math.asin(max(-1.0, min(1.0, ahead[1])))),
        roll_deg=math.degrees(math.atan2(rotation[1, 0], rotation[1, 1])),
    )
