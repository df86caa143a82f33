"""What a speech model takes and gives."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from viva_speech.decoding import never
from viva_speech.tokens import Word

SAMPLE_RATE_HZ = 16_000
MAX_SECONDS = 30
"""Longest segment: Whisper's window, and about the longest that Moonshine was trained on."""

LANGUAGES = ("en", "zh")
"""Codes that a request may ask for and an answer may hold."""

SILENT_PEAK = 2.0**-11
"""Amplitude up to which a segment holds no speech: 16 steps of 16 bits, -66 dB of full scale, the noise of a quiet
converter. Speech models invent words over silence, so they are not asked."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said in one segment; times count from its first sample."""

    text: str
    language: str
    language_probability: float
    words: Sequence[Word]


class Transcriber(Protocol):
    """One speech model."""

    def transcribe(
        self,
        audio: Sequence[npt.NDArray[np.float32]],
        languages: Sequence[str],
        given_up: Callable[[], bool] = never,
    ) -> list[Transcript]:
        """Segments, each [samples] at 16 kHz in -1 to 1, at most 30 s; languages "en", "zh" or "" to detect one.

        Raises viva_speech.decoding.GivenUp while `given_up` says that nobody waits.
        """


def is_silent(audio: npt.NDArray[np.float32]) -> bool:
    """Whether nothing in the segment is loud enough to be speech; true of an empty one."""
    return len(audio) == 0 or float(np.abs(audio).max()) <= SILENT_PEAK
