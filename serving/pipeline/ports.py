"""Protocols that the use cases need and the adapters fill.

Array shapes name their axes: n is the number of items of the call. Every method may raise `ModelUnavailable`,
`ModelFailed`, `Overloaded` or `DeadlineExceeded`, and stops its work when the awaiting task is cancelled.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from serving.domain.answer import MediaKind, MediaRef
from serving.domain.assessment import ModelVersion
from serving.domain.competency import Language
from serving.domain.judgement import AnswerState, Judgement, Question
from serving.domain.media import AudioTrack, DecodeReport, FrameBatch, MediaInfo
from serving.domain.transcript import SegmentTranscript


class SpeechModels(Protocol):
    async def voice_probability(self, pcm: NDArray[np.int16]) -> NDArray[np.float32]:
        """Probability of speech in each 32 ms frame.

        Args:
            pcm: int16 [samples], 16 kHz mono.

        Returns:
            float32 [ceil(samples / 512)].
        """
        ...

    async def transcribe(self, pcm: NDArray[np.int16], language: Language | None) -> SegmentTranscript:
        """Text of one segment of at most 28 s; `language` None detects it."""
        ...


class LanguageModels(Protocol):
    async def embed(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        """L2-normalised sentence embeddings, float32 [n, 512]; a sentence's bits do not depend on its mates."""
        ...


@dataclass(frozen=True, slots=True)
class SentenceBatch:
    """Answers as the sentence models take them; row i of each array belongs to the same answer.

    Attributes:
        embeddings: float32 [n, sentences, 512], zeros where an answer has fewer sentences.
        cues: float32 [n, sentences, 20], see `cue_features`.
        mask: int32 [n, sentences], ones for sentences, then zeros.
        questions: float32 [n, 512], zeros without a question.
        fit: float32 [n, sentences, 9, 3], see `rubric_fit`.
    """

    embeddings: NDArray[np.float32]
    cues: NDArray[np.float32]
    mask: NDArray[np.int32]
    questions: NDArray[np.float32]
    fit: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class HeadOutputs:
    """Probabilities of the trained heads; competencies in the order of `COMPETENCIES`, a caller's own last.

    Attributes:
        shows, against: float32 [n, sentences, 9]: a sentence shows a competency, or its contrary.
        empty: float32 [n, sentences]: it tells nothing that happened.
        own: float32 [n, sentences]: the deed in it is the speaker's own.
        addresses: float32 [n, sentences]: it speaks to whoever scores.
        recites: float32 [n, sentences]: it strings keywords or phrases of a rubric together.
        grade: float32 [n, 9, 5]: the anchor level reached.
        relevant: float32 [n]: the answer answers the question.
    """

    shows: NDArray[np.float32]
    against: NDArray[np.float32]
    empty: NDArray[np.float32]
    own: NDArray[np.float32]
    addresses: NDArray[np.float32]
    recites: NDArray[np.float32]
    grade: NDArray[np.float32]
    relevant: NDArray[np.float32]


class HeadModels(Protocol):
    """Small trained heads over sentence embeddings. Rows do not depend on their mates."""

    async def tag_star(self, batch: SentenceBatch) -> NDArray[np.float32]:
        """Probability of the roles S T A R O, float32 [n, sentences, 5]."""
        ...

    async def judge_heads(self, batch: SentenceBatch) -> HeadOutputs:
        """What the heads say of each answer."""
        ...


class CompetencyScorer(Protocol):
    async def score_points(self, features: NDArray[np.float32], competencies: Sequence[int]) -> NDArray[np.float32]:
        """Points out of 10 that each feature is worth, and the base they are added to.

        Args:
            features: float32 [n, 14] in the order of `FEATURES`, 0..1.
            competencies: place in `COMPETENCIES` of each row's competency; 8 for one that the caller defined.

        Returns:
            float32 [n, 15]: the base, then the points of each feature.
        """
        ...


class Judge(Protocol):
    """Answers typed questions about answers with a probability for every declared answer.

    Today small heads over embeddings fill it; a large decision model fills the same form.
    """

    async def judge(self, states: Sequence[AnswerState], questions: Sequence[Question]) -> tuple[Judgement, ...]:
        """One judgement a state, in order; each has every question's probabilities.

        Raises:
            ValueError: a question that this judge has no way to answer; the message names it.
        """
        ...


class FaceModels(Protocol):
    async def detect_faces(self, images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """uint8 [n, 128, 128, 3] RGB -> regressors float32 [n, 896, 16], score logits float32 [n, 896]."""
        ...

    async def face_mesh(self, crops: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """uint8 [n, 192, 192, 3] RGB -> landmarks float32 [n, 468, 3] in crop pixels, presence float32 [n] 0..1."""
        ...

    async def expression(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """uint8 [n, 64, 64] grey -> float32 [n, 7]: angry disgust fear happy sad surprise neutral."""
        ...

    async def body_pose(self, crops: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """uint8 [n, 256, 256, 3] RGB -> landmarks float32 [n, 39, 5], presence float32 [n] 0..1.

        A landmark is x, y, z in crop pixels, then visibility and presence as probabilities.
        """
        ...


class Models(SpeechModels, LanguageModels, HeadModels, CompetencyScorer, FaceModels, Protocol):
    def versions(self, names: Sequence[str]) -> tuple[ModelVersion, ...]:
        """Version and artifact hash of each named model, in the order asked."""
        ...


class FrameStream(Protocol):
    """Sampled upright frames in order of time, a few at a time. Iterate once."""

    def __iter__(self) -> Iterator[FrameBatch]:
        """Raises `InvalidRequest` when a limit is passed while decoding, or when not one frame decodes."""
        ...

    @property
    def report(self) -> DecodeReport:
        """How much decoded so far; final once iteration has ended."""
        ...


class MediaDecoder(Protocol):
    """Blocking: runs in a worker thread. `cancel`, set from outside, stops it at the next packet."""

    def probe(self, path: Path, kind: MediaKind) -> MediaInfo:
        """Read the container's header and check its declared limits.

        Raises:
            InvalidRequest: empty, unreadable, an image, without tracks, or over a limit.
        """
        ...

    def audio(self, path: Path, cancel: threading.Event) -> AudioTrack:
        """Decode the first audio track to 16 kHz mono.

        Raises:
            InvalidRequest: over the duration limit while decoding, or nothing decodes (`MEDIA_UNREADABLE`).
        """
        ...

    def frames(self, path: Path, cancel: threading.Event) -> FrameStream:
        """Sample the first video track at the configured rate."""
        ...


class SpoolFile(Protocol):
    """A file that media is received into. Blocking: called from worker threads."""

    def write(self, chunk: bytes) -> None:
        """Append bytes."""
        ...

    @property
    def size_bytes(self) -> int: ...

    @property
    def sha256(self) -> str:
        """Hex digest of what was written so far."""
        ...

    def finish(self, kind: MediaKind) -> MediaRef:
        """Close the file for writing and give its reference."""
        ...

    def discard(self) -> None:
        """Delete the file; harmless when called again."""
        ...


class MediaSpool(Protocol):
    def create(self) -> SpoolFile:
        """A new private file. Blocking."""
        ...
