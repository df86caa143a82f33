"""Finding faces: the detector over whole frames, then over crops of the frames that need it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from serving.domain.media import FrameBatch
from serving.pipeline.ports import FaceModels
from serving.signals.face.detection import DETECTOR_SIZE, Face, decode
from serving.signals.face.region import Letterbox, Pixels, SquareRegion, crop
from serving.signals.face.search import Look, after_look, closer_looks, look_near, wide_search

WIDE_SEARCH_S = 2.0
"""Least time between two searches all over an empty frame: each costs about ten detector calls."""


def cut(
    frames: Sequence[Pixels], indices: Sequence[int], regions: Sequence[SquareRegion], size: int, *, grey: bool = False
) -> NDArray[np.uint8]:
    """One crop for each pair of a frame's index and a region, uint8 [n, size, size(, 3)]. Blocking."""
    return np.stack([crop(frames[i], region, size, grey=grey) for i, region in zip(indices, regions, strict=True)])


class FaceSearch:
    """Finds the faces in the frames of one answer; batches come in order of time.

    Small and tilted faces get a closer look. In a frame without one, the search goes on near the face seen last, and
    every `WIDE_SEARCH_S` all over the frame. How the frames are batched does not change what is found.
    """

    def __init__(self, models: FaceModels) -> None:
        self._models = models
        self._seen: Face | None = None  # the surest face of the last frame that showed one without its help
        self._searched_s = -math.inf

    async def run(self, batch: FrameBatch) -> list[list[Face]]:
        """Faces of each frame, in frame pixels."""
        height, width = batch.rgb[0].shape[:2]
        letterbox = Letterbox(width, height, DETECTOR_SIZE)
        images = await asyncio.to_thread(lambda: np.stack([letterbox.apply(frame) for frame in batch.rgb]))
        regressors, logits = await self._models.detect_faces(images)
        faces = [decode(r, s, letterbox.to_frame) for r, s in zip(regressors, logits, strict=True)]

        looks = [(index, look) for index, found in enumerate(faces) for look in closer_looks(found, width, height)]
        for index, time_s in enumerate(batch.time_s):
            if not faces[index] and time_s - self._searched_s >= WIDE_SEARCH_S:
                self._searched_s = float(time_s)
                looks.extend((index, look) for look in wide_search(width, height))
        await self._look(batch, faces, looks)

        followed: list[tuple[int, Look]] = []
        for index, found in enumerate(faces):
            if found:
                self._seen = max(found, key=lambda face: face.score)
            elif self._seen is not None:
                followed.append((index, look_near(self._seen)))
        await self._look(batch, faces, followed)
        return faces

    async def _look(self, batch: FrameBatch, faces: list[list[Face]], looks: Sequence[tuple[int, Look]]) -> None:
        """Search the regions of `looks` (frame's index, region) and put what is found into `faces`."""
        if not looks:
            return
        indices = [index for index, _ in looks]
        regions = [look.region for _, look in looks]
        crops = await asyncio.to_thread(cut, batch.rgb, indices, regions, DETECTOR_SIZE)
        regressors, logits = await self._models.detect_faces(crops)
        for (index, look), r, s in zip(looks, regressors, logits, strict=True):
            found = decode(r, s, partial(look.region.to_frame, size=DETECTOR_SIZE))
            faces[index] = after_look(faces[index], look, found)
