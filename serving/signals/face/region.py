"""Square regions of a frame, upright or rotated, and the way between their pixels and the frame's."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Points = NDArray[np.float64]

cv2.setNumThreads(1)  # parallelism is that of answers


@dataclass(frozen=True, slots=True)
class SquareRegion:
    """A square of a frame, in frame pixels; it may reach over the frame's edge.

    Coordinates are continuous: pixel i covers [i, i + 1), so the centre of the first pixel is 0.5.

    Attributes:
        center_x, center_y: the square's centre.
        side: length of its edge, more than 0.
        angle_rad: rotation, clockwise on the screen (y points down); the crop is the region turned upright.
    """

    center_x: float
    center_y: float
    side: float
    angle_rad: float = 0.0

    def to_frame(self, points: Points, size: int) -> Points:
        """Points of a `size` x `size` crop of this region, in frame pixels.

        Args:
            points: float64 [..., 2 or 3]; x and y in crop pixels, and z in the unit of x, which is only scaled.
        """
        scale = self.side / size
        cos, sin = math.cos(self.angle_rad) * scale, math.sin(self.angle_rad) * scale
        x = points[..., 0] - size / 2
        y = points[..., 1] - size / 2
        columns = [x * cos - y * sin + self.center_x, x * sin + y * cos + self.center_y]
        if points.shape[-1] == 3:
            columns.append(points[..., 2] * scale)
        return np.stack(columns, axis=-1)


def crop(frame: Pixels, region: SquareRegion, size: int, *, grey: bool = False) -> Pixels:
    """Cut a region out of a frame, upright and scaled.

    Bilinear, after an integer box reduction where the region is at least twice the crop, so that fine texture does
    not alias. What lies outside the frame is black.

    Args:
        frame: uint8 [height, width, 3], RGB.
        size: edge of the result in pixels.
        grey: weigh the channels into luma (ITU-R BT.601: 0.299, 0.587, 0.114).

    Returns:
        uint8 [size, size, 3], or [size, size] when grey.
    """
    height, width = frame.shape[:2]
    reach = region.side / 2 * (abs(math.cos(region.angle_rad)) + abs(math.sin(region.angle_rad)))
    # Only the pixels under the region (and one more for the interpolation) are handed on.
    left = max(0, math.floor(region.center_x - reach) - 1)
    top = max(0, math.floor(region.center_y - reach) - 1)
    right = min(width, math.ceil(region.center_x + reach) + 1)
    bottom = min(height, math.ceil(region.center_y + reach) + 1)
    if right <= left or bottom <= top:
        return np.zeros((size, size) if grey else (size, size, 3), np.uint8)
    image = frame[top:bottom, left:right]
    if grey:
        image = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
    factor = max(1, int(region.side / size))
    if factor > 1:
        image = _reduced(image, factor)
    scale = region.side / size / factor
    cos, sin = math.cos(region.angle_rad) * scale, math.sin(region.angle_rad) * scale
    # Pixel i is at i for OpenCV and covers [i, i + 1) for us.
    half = size / 2 - 0.5
    center_x = (region.center_x - left) / factor - 0.5
    center_y = (region.center_y - top) / factor - 0.5
    to_source = np.array([[cos, -sin, center_x - (cos - sin) * half], [sin, cos, center_y - (sin + cos) * half]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(image, to_source, (size, size), flags=flags), np.uint8)


def _reduced(image: Pixels, factor: int) -> Pixels:
    """The mean of every `factor` x `factor` pixels, the last row and column continued where they do not suffice."""
    height, width = image.shape[:2]
    below, beside = -height % factor, -width % factor
    if below or beside:
        image = np.asarray(cv2.copyMakeBorder(image, 0, below, 0, beside, cv2.BORDER_REPLICATE), np.uint8)
    size = (image.shape[1] // factor, image.shape[0] // factor)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


@dataclass(frozen=True, slots=True)
class Letterbox:
    """A whole frame, shrunk to fit a square and centred on black.

    Attributes:
        width, height: of the frame, pixels.
        size: edge of the square, pixels.
    """

    width: int
    height: int
    size: int

    @property
    def inner(self) -> tuple[int, int]:
        """Width and height of the shrunken frame inside the square, pixels."""
        longest = max(self.width, self.height)
        return (
            max(1, round(self.width * self.size / longest)),
            max(1, round(self.height * self.size / longest)),
        )

    @property
    def offset(self) -> tuple[int, int]:
        """Left and top black bars, pixels."""
        inner_width, inner_height = self.inner
        return (self.size - inner_width) // 2, (self.size - inner_height) // 2

    def apply(self, frame: Pixels) -> Pixels:
        """uint8 [height, width, 3] -> uint8 [size, size, 3], every source pixel weighed by the area it covers."""
        inner_width, inner_height = self.inner
        left, top = self.offset
        canvas = np.zeros((self.size, self.size, 3), np.uint8)
        shrunk = cv2.resize(frame, (inner_width, inner_height), interpolation=cv2.INTER_AREA)
        canvas[top : top + inner_height, left : left + inner_width] = shrunk
        return canvas

    def to_frame(self, points: Points) -> Points:
        """Points in pixels of the square, float64 [..., 2], in frame pixels."""
        inner = np.asarray(self.inner, np.float64)
        scale: Points = np.array([self.width, self.height]) / inner
        return np.asarray((points - np.asarray(self.offset)) * scale, np.float64)
