"""How a picture must be turned to stand upright."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_MATRIX_BYTES: Final = 9 * 4


@dataclass(frozen=True, slots=True)
class Orientation:
    """Mirror first (left to right), then turn clockwise by quarters."""

    clockwise_deg: int = 0
    mirrored: bool = False

    def apply(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """uint8 [height, width, 3] as stored -> a view of it as displayed."""
        picture = rgb[:, ::-1] if self.mirrored else rgb
        return np.rot90(picture, -self.clockwise_deg // 90)


UPRIGHT: Final = Orientation()


def orientation_of(frame: Any) -> Orientation:
    """Orientation by the frame's display matrix; upright without one.

    The matrix (ISO/IEC 14496-12, 8.2.2; 16.16 fixed point) takes a stored point (x, y) to a displayed one:
    x' = a x + c y, y' = b x + d y. Angles between quarters are rounded, as players do.
    """
    try:
        matrix = np.frombuffer(bytes(frame.side_data["DISPLAYMATRIX"]), np.int32)
    except KeyError:
        return UPRIGHT
    if matrix.nbytes != _MATRIX_BYTES:
        return UPRIGHT
    a, b, c, d = (float(matrix[index]) for index in (0, 1, 3, 4))
    mirrored = a * d - b * c < 0
    if mirrored:
        a, b = -a, -b
    quarters = round(math.degrees(math.atan2(b, a)) / 90)
    return Orientation(quarters * 90 % 360, mirrored)
