"""The use case's own duties: order, bounds, cancellation, what runs when. Models here are scripted, not simulated."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
from numpy.typing import NDArray

from serving.domain.errors import ModelUnavailable
from serving.domain.media import FrameBatch
from serving.pipeline.face import FaceAnalysis, FaceConfig
from serving.signals.face.detection import ANCHORS

FLOATS = NDArray[np.float32]
PIXELS = NDArray[np.uint8]


class ScriptedModels:
    """Sees a face wherever the picture is not black; counts its calls' rows."""

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}
        self.running = 0
        self.fail_mesh = False

    async def _call(self, name: str, rows: int) -> None:
        self.rows[name] = self.rows.get(name, 0) + rows
        self.running += 1
        try:
            await asyncio.sleep(0.001)
        finally:
            self.running -= 1

    async def detect_faces(self, images: PIXELS) -> tuple[FLOATS, FLOATS]:
        assert images.shape[1:] == (128, 128, 3) and images.dtype == np.uint8
        await self._call("detect", len(images))
        regressors = np.zeros((len(images), 896, 16), np.float32)
        scores = np.full((len(images), 896), -20, np.float32)
        middle = int(np.argmin(np.abs(ANCHORS - 64).sum(axis=1)))
        regressors[:, middle, :2] = 64 - ANCHORS[middle]
        regressors[:, middle, 2:4] = 40
        regressors[:, middle, 4:8] = (-10, -10, 10, -10)
        scores[images.reshape(len(images), -1).max(axis=1) > 0, middle] = 5
        return regressors, scores

    async def face_mesh(self, crops: PIXELS) -> tuple[FLOATS, FLOATS]:
        assert crops.shape[1:] == (192, 192, 3) and crops.dtype == np.uint8
        await self._call("mesh", len(crops))
        if self.fail_mesh:
            raise ModelUnavailable("face_mesh is restarting")
        spread = np.random.default_rng(5).uniform(-60, 60, (468, 3))
        spread[[33, 263]] = [(-40, -20, 0), (40, -20, 0)]
        return np.repeat((spread + 96)[None], len(crops), axis=0).astype(np.float32), np.ones(len(crops), np.float32)

    async def expression(self, crops: PIXELS) -> FLOATS:
        assert crops.shape[1:] == (64, 64) and crops.dtype == np.uint8
        await self._call("expression", len(crops))
        return np.tile(np.array([0, 0, 0, 0.6, 0, 0, 0.4], np.float32), (len(crops), 1))

    async def body_pose(self, crops: PIXELS) -> tuple[FLOATS, FLOATS]:
        assert crops.shape[1:] == (256, 256, 3) and crops.dtype == np.uint8
        await self._call("pose", len(crops))
        return np.full((len(crops), 39, 5), 0.9, np.float32), np.ones(len(crops), np.float32)


class Frames:
    """Batches of grey (or black) frames; knows how many were asked for."""

    def __init__(self, batches: int, size: int = 4, level: int = 90) -> None:
        self.batches, self.size, self.level = batches, size, level
        self.taken = 0
        self.error: Exception | None = None

    async def __aiter__(self) -> AsyncIterator[FrameBatch]:
        for number in range(self.batches):
            if self.error is not None and number == 1:
                raise self.error
            self.taken += 1
            times = (np.arange(self.size) + number * self.size) / 3
            yield FrameBatch([np.full((96, 160, 3), self.level, np.uint8)] * self.size, times)


async def test_every_frame_is_looked_at_and_poses_are_sought_at_a_third_of_the_rate() -> None:
    models = ScriptedModels()
    result = await FaceAnalysis().run(aiter(Frames(5)), models, expression_allowed=True)
    assert (result.frames, result.frames_with_face, result.expression_ran) == (20, 20, True)
    assert result.behavior.face_ratio == 1.0
    assert (models.rows["expression"], models.rows["pose"]) == (20, 7)  # frames 0, 3, ... 18
    assert [point.value for point in result.behavior.friendliness] == pytest.approx([0.6] * 7)


async def test_batches_do_not_change_the_result() -> None:
    runs = [
        await FaceAnalysis().run(aiter(Frames(n, size)), ScriptedModels(), expression_allowed=True)
        for n, size in ((1, 24), (3, 8), (24, 1))
    ]
    assert runs[0] == runs[1] == runs[2]


async def test_the_expression_net_never_runs_where_it_is_not_allowed() -> None:
    models = ScriptedModels()
    result = await FaceAnalysis().run(aiter(Frames(2)), models, expression_allowed=False)
    assert "expression" not in models.rows
    assert not result.expression_ran and result.behavior.friendliness == ()


async def test_a_video_without_a_face_runs_the_detector_only() -> None:
    models = ScriptedModels()
    result = await FaceAnalysis().run(aiter(Frames(3, level=0)), models, expression_allowed=True)
    assert set(models.rows) == {"detect"}
    assert (result.frames, result.frames_with_face, result.expression_ran) == (12, 0, False)
    assert result.behavior.face_ratio == 0.0 and result.behavior.gaze.away_ratio is None


async def test_no_frames_are_an_empty_behaviour() -> None:
    result = await FaceAnalysis().run(aiter(Frames(0)), ScriptedModels(), expression_allowed=True)
    assert result.frames == 0 and result.behavior.face_ratio is None


async def test_at_most_one_batch_is_fetched_ahead() -> None:
    frames, models = Frames(6), ScriptedModels()
    done: list[int] = []
    mesh = models.face_mesh

    async def slow_mesh(crops: PIXELS) -> tuple[FLOATS, FLOATS]:
        await asyncio.sleep(0.05)
        done.append(frames.taken)
        return await mesh(crops)

    models.face_mesh = slow_mesh  # type: ignore[method-assign]
    await FaceAnalysis().run(aiter(frames), models, expression_allowed=False)
    assert done == [2, 3, 4, 5, 6, 6]


@pytest.mark.parametrize("where", ["frames", "mesh"])
async def test_an_error_is_raised_as_it_is_and_leaves_nothing_running(where: str) -> None:
    frames, models = Frames(4), ScriptedModels()
    if where == "frames":
        frames.error = ModelUnavailable("decoder")
    models.fail_mesh = where == "mesh"
    with pytest.raises(ModelUnavailable):
        await FaceAnalysis().run(aiter(frames), models, expression_allowed=True)
    assert models.running == 0
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_cancelled_run_leaves_nothing_running() -> None:
    frames, models = Frames(1000), ScriptedModels()
    task = asyncio.create_task(FaceAnalysis().run(aiter(frames), models, expression_allowed=True))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert models.running == 0 and frames.taken < 1000
    assert asyncio.all_tasks() == {asyncio.current_task()}


def test_a_pose_rate_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="frames_per_pose"):
        FaceConfig(frames_per_pose=0)
