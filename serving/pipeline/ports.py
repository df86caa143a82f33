"""Protocols that the use cases need and the adapters fill.

Array shapes name their axes: n is the number of items of the call. Every method may raise `ModelUnavailable`,
`ModelFailed`, `Overloaded` or `DeadlineExceeded`, and stops its work when the awaiting task is cancelled.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from serving.domain.answer import MediaKind, MediaRef
from serving.domain.assessment import ModelVersion
from serving.domain.competency import Language
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


class Models(SpeechModels, LanguageModels, FaceModels, Protocol):
    def versions(self, names: Sequence[str]) -> tuple[ModelVersion, ...]:
        """Version and artifact hash of each named model, in the order asked."""
        ...


class FrameStream(Protocol):
    """Sampled upright frames in order of time, a few at a time. Iterate once."""

    def __iter__(self) -> Iterator[FrameBatch]:
        """Raises `InvalidAnswer` when a limit is passed while decoding, or when not one frame decodes."""
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
            InvalidAnswer: empty, unreadable, an image, without tracks, or over a limit.
        """
        ...

    def audio(self, path: Path, cancel: threading.Event) -> AudioTrack:
        """Decode the first audio track to 16 kHz mono.

        Raises:
            InvalidAnswer: over the duration limit while decoding, or nothing decodes (`MEDIA_UNREADABLE`).
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
