"""The pictures of an answer, where there are any and they may be looked at."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass

from serving.domain.answer import Answer, Modality
from serving.domain.assessment import ModalityReport
from serving.domain.errors import (
    DeadlineExceeded,
    InvalidRequest,
    ModelFailed,
    ModelUnavailable,
    Overloaded,
    Reason,
)
from serving.domain.facts import Behavior
from serving.domain.media import DecodeReport, FrameBatch, MediaInfo
from serving.pipeline import modalities
from serving.pipeline.concurrency import frames_of
from serving.pipeline.cores import ANY_CORE, Core
from serving.pipeline.face import FaceAnalysis, FaceResult
from serving.pipeline.ports import FaceModels, FrameStream, MediaDecoder
from serving.pipeline.stages import StageObserver, timed


@dataclass(frozen=True, slots=True)
class Seen:
    """Behaviour, and what became of the face and expression modalities.

    Attributes:
        decode: how much of the video track decoded, None when it was not decoded, or not to its end for a reason of
            ours.
        models: models that ran.
    """

    behavior: Behavior
    face: ModalityReport
    expression: ModalityReport
    decode: DecodeReport | None = None
    models: tuple[str, ...] = ()


class Seeing:
    """Turns a video into behaviour."""

    def __init__(
        self, models: FaceModels, decoder: MediaDecoder, observer: StageObserver, core: Core = ANY_CORE
    ) -> None:
        self._models = models
        self._decoder = decoder
        self._observer = observer
        self._core = core
        self._analysis = FaceAnalysis()

    async def run(self, answer: Answer, info: MediaInfo | None) -> Seen:
        """Behaviour in one answer; empty, with the reason, when there is none.

        No score rests on the face, so its models being away, overloaded or late is a stated gap and no failure.

        Raises:
            InvalidRequest: a limit was passed while decoding.
        """
        no_face = modalities.reason_to_skip(answer, info, Modality.FACE)
        no_expression = modalities.reason_to_skip(answer, info, Modality.EXPRESSION)
        if answer.media is None or no_face:
            face = modalities.skipped(Modality.FACE, no_face)
            expression = modalities.skipped(Modality.EXPRESSION, no_expression or "face_did_not_run")
            return Seen(Behavior(), face, expression)
        cancel = threading.Event()
        stream = _Clocked(self._decoder.frames(answer.media.path, cancel))
        try:
            result = await self._look(stream, cancel, expression_allowed=not no_expression)
        finally:
            self._observer.observe("decode_video", stream.seconds)
        expression = modalities.skipped(Modality.EXPRESSION, no_expression or "face_did_not_run")
        if isinstance(result, ModalityReport):
            # Models that ran before the failure left nothing in the assessment. A decode that was stopped because they
            # failed says nothing of the file.
            decode = stream.report if result.reason == "undecodable" else None
            return Seen(Behavior(), result, expression, decode)
        face = modalities.failed(Modality.FACE, "no_face")
        if result.shows_face:
            face = modalities.ran(Modality.FACE, stream.report)
            if "face_expression" in result.models:
                expression = modalities.ran(Modality.EXPRESSION, stream.report)
        return Seen(result.behavior, face, expression, stream.report, result.models)

    async def _look(
        self, stream: FrameStream, cancel: threading.Event, *, expression_allowed: bool
    ) -> FaceResult | ModalityReport:
        """What the frames showed, or why they could not be looked at."""
        try:
            with timed(self._observer, "face"):
                async with aclosing(frames_of(stream, cancel, self._core)) as frames:
                    return await self._analysis.run(frames, self._models, expression_allowed=expression_allowed)
        except InvalidRequest as error:
            if error.reason is not Reason.MEDIA_UNREADABLE:
                raise
            return modalities.failed(Modality.FACE, "undecodable")
        except (ModelUnavailable, ModelFailed, Overloaded, DeadlineExceeded):
            # A caller that cancels, or whose deadline passes, cancels the task: that is no VivaError and goes through.
            return modalities.failed(Modality.FACE, "models_unavailable")


class _Clocked:
    """A stream that knows for how many seconds it decoded, which it does beside the models' work."""

    def __init__(self, stream: FrameStream) -> None:
        self._stream = stream
        self.seconds = 0.0

    def __iter__(self) -> Iterator[FrameBatch]:
        frames = iter(self._stream)
        while True:
            started = time.perf_counter()
            try:
                batch = next(frames, None)
            finally:
                self.seconds += time.perf_counter() - started
            if batch is None:
                return
            yield batch

    @property
    def report(self) -> DecodeReport:
        return self._stream.report
