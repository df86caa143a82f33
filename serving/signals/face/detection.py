"""From the face detector's raw tensors to faces.

The detector is MediaPipe's short-range BlazeFace (Bazarevsky et al. 2019, https://arxiv.org/abs/1907.05047); anchors,
box coding and thresholds follow `face_detection_short_range.pbtxt` of MediaPipe (Apache-2.0).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from serving.signals.face.region import Points, SquareRegion

DETECTOR_SIZE = 128
"""Edge of the detector's input in pixels."""

MIN_SCORE = 0.5
"""Least probability of a face (`min_score_thresh`)."""

MIN_OVERLAP = 0.3
"""Intersection over union from which two boxes are one face (`min_suppression_threshold`)."""

_LAYERS = ((16, 2), (8, 6))  # cells along an edge, anchors a cell: strides 8 and three times 16, two anchors each


def _anchors() -> NDArray[np.float64]:
    layers = []
    for cells, repeats in _LAYERS:
        centre = (np.arange(cells) + 0.5) / cells
        y, x = np.meshgrid(centre, centre, indexing="ij")
        layers.append(np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), repeats, axis=0))
    return np.asarray(np.concatenate(layers) * DETECTOR_SIZE, np.float64)


ANCHORS = _anchors()
"""Anchor centres, float64 [896, 2], pixels of the detector's input."""


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A detected face in frame pixels.

    Attributes:
        score: probability of a face, 0..1.
        box: float64 [2, 2]: left top, right bottom.
        keypoints: float64 [6, 2]: the subject's right eye, left eye, nose tip, mouth, right ear, left ear.
    """

    score: float
    box: Points
    keypoints: Points

    @property
    def center(self) -> Points:
        """Centre of the box, float64 [2]."""
        middle: Points = self.box.mean(axis=0)
        return middle

    @property
    def side(self) -> float:
        """Longer edge of the box, pixels."""
        return float((self.box[1] - self.box[0]).max())

    @property
    def roll_rad(self) -> float:
        """Angle of the line through the eyes, clockwise on the screen."""
        across = self.keypoints[1] - self.keypoints[0]
        return math.atan2(across[1], across[0])

    def region(self, scale: float, *, upright: bool = True) -> SquareRegion:
        """A square `scale` times the face's side about its centre, turned with the face when `upright`."""
        x, y = self.center
        return SquareRegion(float(x), float(y), self.side * scale, self.roll_rad if upright else 0.0)


def decode(
    regressors: NDArray[np.float32],
    logits: NDArray[np.float32],
    to_frame: Callable[[Points], Points],
) -> list[Face]:
    """Faces of one image, surest first.

    Boxes that overlap the surest one are averaged into it, weighted by their scores (BlazeFace section 4.3), which
    jitters less from frame to frame than dropping them.

    Args:
        regressors: float32 [896, 16]: box centre and size, then six key points, in pixels relative to the anchor.
        logits: float32 [896].
        to_frame: from pixels of the detector's input, float64 [..., 2], to frame pixels (a letterbox's or a
            crop's).
    """
    keep = np.flatnonzero(logits > math.log(MIN_SCORE / (1 - MIN_SCORE)))
    if keep.size == 0:
        return []
    keep = keep[np.argsort(-logits[keep], kind="stable")]
    scores = 1 / (1 + np.exp(-logits[keep].astype(np.float64)))
    values = regressors[keep].astype(np.float64).reshape(-1, 8, 2)
    centers = values[:, 0] + ANCHORS[keep]
    half = np.maximum(values[:, 1], 0) / 2
    # Box corners and key points side by side, so that one weighted mean serves all: [kept, 8, 2].
    shapes = np.concatenate(
        [(centers - half)[:, None], (centers + half)[:, None], values[:, 2:] + ANCHORS[keep][:, None]], axis=1
    )
    faces = []
    for members in _clusters(shapes[:, :2]):
        weights = scores[members] / scores[members].sum()
        merged = np.tensordot(weights, shapes[members], axes=1)
        low, high = merged[:2]
        # A turned crop turns the box: the frame's box keeps centre and size, since only they are used.
        corners = to_frame(np.array([low, high, (low[0], high[1]), (high[0], low[1])]))
        center = corners.mean(axis=0)
        extent = np.array(
            [math.dist(corners[0], corners[3]), math.dist(corners[0], corners[2])],
        )
        faces.append(
            Face(
                score=float(scores[members[0]]),
                box=np.stack([center - extent / 2, center + extent / 2]),
                keypoints=to_frame(merged[2:]),
            )
        )
    return faces


def overlap(box: Points, boxes: Points) -> NDArray[np.float64]:
    """Intersection over union of one box, float64 [2, 2], with each of `boxes`, float64 [n, 2, 2]."""
    low = np.maximum(box[0], boxes[:, 0])
    high = np.minimum(box[1], boxes[:, 1])
    shared = np.prod(np.maximum(high - low, 0), axis=1)
    union = np.prod(box[1] - box[0]) + np.prod(boxes[:, 1] - boxes[:, 0], axis=1) - shared
    return np.asarray(shared / np.maximum(union, 1e-9), np.float64)


def _clusters(boxes: Points) -> list[NDArray[np.intp]]:
    """Indices of boxes (sorted, surest first) grouped greedily about the surest one that is left."""
    left = np.arange(len(boxes))
    clusters = []
    while left.size:
        same = overlap(boxes[left[0]], boxes[left]) > MIN_OVERLAP
        same[0] = True  # a box without area overlaps nothing, itself included
        clusters.append(left[same])
        left = left[~same]
    return clusters
