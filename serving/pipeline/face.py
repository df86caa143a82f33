"""What the picture shows: sampled frames in, behaviour out. Pixels live for one batch and never leave the process but
as crops to the models."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import numpy as np

from serving.domain.facts import Behavior
from serving.domain.media import FrameBatch
from serving.pipeline.concurrency import both
from serving.pipeline.face_search import FaceSearch, cut
from serving.pipeline.ports import FaceModels
from serving.signals.face.behavior import FaceSample, shows_face, summarise
from serving.signals.face.body import MIN_PRESENCE, POSE_SIZE, Arms, arms_from_pose, body_region
from serving.signals.face.detection import Face
from serving.signals.face.head_pose import head_pose
from serving.signals.face.mesh import CROP_SCALE, EXPRESSION_SCALE, EXPRESSION_SIZE, MESH_SIZE, Mesh
from serving.signals.face.region import SquareRegion
from serving.signals.face.smile import mouth_shape
from serving.signals.face.tracking import CandidateTracker

_HAPPY = 3  # place of `happy` in the expression net's output


@dataclass(frozen=True, slots=True)
class FaceConfig:
    """Options of the analysis.

    Attributes:
        frames_per_pose: a body pose is sought in every n-th sampled frame: at 18 ms it costs three times the rest
            of a frame, and 1 a second shows a gesture.
    """

    frames_per_pose: int = 3

    def __post_init__(self) -> None:
        if self.frames_per_pose < 1:
            raise ValueError(f"frames_per_pose must be at least 1, not {self.frames_per_pose}")


@dataclass(frozen=True, slots=True)
class FaceResult:
    """What became of the frames.

    Attributes:
        frames: sampled frames that were looked at; frames_with_face: those that showed the candidate's face.
        expression_ran: the expression net saw at least one face.
    """

    behavior: Behavior
    frames: int
    frames_with_face: int
    expression_ran: bool

    @property
    def shows_face(self) -> bool:
        """Enough frames show a face for it to be a candidate's and not false alarms."""
        return shows_face(self.frames_with_face, self.frames)

    @property
    def models(self) -> tuple[str, ...]:
        """Models that had something to look at."""
        ran = (
            ("face_detector", self.frames > 0),
            ("face_mesh", self.frames_with_face > 0),
            ("body_pose", self.frames_with_face > 0),
            ("face_expression", self.expression_ran),
        )
        return tuple(name for name, has_run in ran if has_run)


@dataclass(frozen=True, slots=True, eq=False)
class _Detected:
    """A batch with the faces of each of its frames."""

    batch: FrameBatch
    faces: list[list[Face]]


class FaceAnalysis:
    """Detector, mesh, expression and pose over the frames of one answer. Holds no state between runs."""

    def __init__(self, config: FaceConfig | None = None) -> None:
        self._config = config or FaceConfig()

    async def run(
        self, frames: AsyncIterator[FrameBatch], models: FaceModels, *, expression_allowed: bool
    ) -> FaceResult:
        """Look at every frame.

        While the later models run on one batch, the next one is fetched, shrunk and searched for faces: at most two
        batches are held. Pixel work runs in worker threads. Without a face in any frame the behaviour says only so.

        Args:
            frames: upright frames in order of time.
            expression_allowed: whether the expression net may run at all.

        Raises:
            VivaError: what `frames` or `models` raise. On an error or a cancellation no call is left running.
        """
        run = _Run(models, self._config, expression_allowed)
        ahead = asyncio.create_task(run.detect_next(frames))
        try:
            while (detected := await ahead) is not None:
                ahead = asyncio.create_task(run.detect_next(frames))
                await run.analyse(detected)
        finally:
            ahead.cancel()
            await asyncio.gather(ahead, return_exceptions=True)
        return run.result()


class _Run:
    """The state of one answer: search and tracker, and the numbers so far."""

    def __init__(self, models: FaceModels, config: FaceConfig, expression_allowed: bool) -> None:
        self._models = models
        self._config = config
        self._expression_allowed = expression_allowed
        self._search = FaceSearch(models)
        self._tracker = CandidateTracker()
        self._times_s: list[float] = []
        self._faces: list[FaceSample] = []
        self._arms: list[Arms] = []

    def result(self) -> FaceResult:
        return FaceResult(
            behavior=summarise(np.array(self._times_s, np.float64), self._faces, self._arms),
            frames=len(self._times_s),
            frames_with_face=len(self._faces),
            expression_ran=any(face.happy is not None for face in self._faces),
        )

    async def detect_next(self, frames: AsyncIterator[FrameBatch]) -> _Detected | None:
        """Fetch a batch and search it for faces; None at the end."""
        batch = await anext(frames, None)
        return None if batch is None else _Detected(batch, await self._search.run(batch))

    async def analyse(self, detected: _Detected) -> None:
        """Choose the candidate's face in each frame and keep its numbers and those of the body."""
        batch = detected.batch
        height, width = batch.rgb[0].shape[:2]
        chosen: list[tuple[int, Face]] = []
        posed: list[tuple[int, Face]] = []
        for index, (faces, time_s) in enumerate(zip(detected.faces, batch.time_s, strict=True)):
            face = self._tracker.choose(faces, width, height, float(time_s))
            if face is not None:
                chosen.append((index, face))
            # The body stays where it was while the face is turned away.
            person = face or self._tracker.last(float(time_s))
            if person is not None and (len(self._times_s) + index) % self._config.frames_per_pose == 0:
                posed.append((index, person))
        samples, arms = await both(self._meshes(batch, chosen), self._poses(batch, posed))
        self._times_s.extend(batch.time_s.tolist())
        self._faces.extend(samples)
        self._arms.extend(arms)

    async def _meshes(self, batch: FrameBatch, chosen: Sequence[tuple[int, Face]]) -> list[FaceSample]:
        """Mesh, and expression where allowed, of each chosen face."""
        indices = [index for index, _ in chosen]
        meshes = await self._fit(batch, indices, [face.region(CROP_SCALE) for _, face in chosen])
        poor = [place for place, mesh in enumerate(meshes) if mesh.poorly_cut]
        refits = await self._fit(batch, [indices[p] for p in poor], [meshes[p].fitted_region(CROP_SCALE) for p in poor])
        for place, mesh in zip(poor, refits, strict=True):
            if mesh.is_face:  # else the first crop, poor as it was, is the best there is
                meshes[place] = mesh
        seen = [(index, mesh) for index, mesh in zip(indices, meshes, strict=True) if mesh.is_face]
        happy: Sequence[float | None] = [None] * len(seen)
        if seen and self._expression_allowed:
            regions = [mesh.fitted_region(EXPRESSION_SCALE) for _, mesh in seen]
            crops = await asyncio.to_thread(
                cut, batch.rgb, [index for index, _ in seen], regions, EXPRESSION_SIZE, grey=True
            )
            happy = (await self._models.expression(crops))[:, _HAPPY].tolist()
        return [
            FaceSample(float(batch.time_s[index]), mouth_shape(mesh.points), head_pose(mesh.points), probability)
            for (index, mesh), probability in zip(seen, happy, strict=True)
        ]

    async def _fit(self, batch: FrameBatch, indices: Sequence[int], regions: Sequence[SquareRegion]) -> list[Mesh]:
        if not regions:
            return []
        crops = await asyncio.to_thread(cut, batch.rgb, indices, regions, MESH_SIZE)
        landmarks, presence = await self._models.face_mesh(crops)
        return [
            Mesh.from_crop(points, float(p), region)
            for points, p, region in zip(landmarks, presence, regions, strict=True)
        ]

    async def _poses(self, batch: FrameBatch, people: Sequence[tuple[int, Face]]) -> list[Arms]:
        if not people:
            return []
        height, width = batch.rgb[0].shape[:2]
        regions = [body_region(face) for _, face in people]
        crops = await asyncio.to_thread(cut, batch.rgb, [i for i, _ in people], regions, POSE_SIZE)
        landmarks, presence = await self._models.body_pose(crops)
        return [
            arms_from_pose(points, region, width, height, float(batch.time_s[index]))
            for (index, _), region, points, p in zip(people, regions, landmarks, presence, strict=True)
            if p >= MIN_PRESENCE
        ]
