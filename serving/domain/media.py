"""Decoded media: what leaves the decoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 16_000


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What the container says of itself, before anything is decoded.

    Attributes:
        container: demuxer name, for example `mov,mp4,m4a,3gp,3g2,mj2`.
        duration_s: declared duration in seconds, None when the container does not know (live webm).
        width, height: pixels of the video track after rotation, 0 without one.
        rotation_deg: clockwise rotation to apply for display: 0, 90, 180 or 270.
    """

    container: str
    duration_s: float | None
    has_audio: bool
    has_video: bool
    audio_codec: str = ""
    video_codec: str = ""
    width: int = 0
    height: int = 0
    rotation_deg: int = 0


@dataclass(frozen=True, slots=True)
class DecodeReport:
    """How much of one track decoded.

    Attributes:
        decoded_s: seconds that decoded.
        expected_s: seconds that were declared, None when unknown.
        error_count: packets or frames that failed to decode.
        truncated: the file ended, or stopped decoding, before its declared end.
    """

    decoded_s: float
    expected_s: float | None
    error_count: int = 0
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """PCM of a whole answer.

    Attributes:
        pcm: int16 [samples], 16 kHz mono; gaps between packets are filled with silence so that
            sample index / 16000 is the time in the answer.
    """

    pcm: NDArray[np.int16]
    report: DecodeReport

    @property
    def duration_s(self) -> float:
        return len(self.pcm) / SAMPLE_RATE_HZ


@dataclass(frozen=True, slots=True)
class FrameBatch:
    """A few sampled frames; dropped as soon as the faces are cropped.

    Attributes:
        rgb: of each frame, uint8 [height, width, 3], all of one size, upright (rotation applied), long side at most the
            configured limit. Not one array: what the decoder wrote is looked at where it lies.
        time_s: float64 [frames], presentation times in seconds from the start of the answer.
    """

    rgb: Sequence[NDArray[np.uint8]]
    time_s: NDArray[np.float64]
