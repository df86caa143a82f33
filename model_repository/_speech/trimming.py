"""Takes the silence off the ends of words.

An alignment gives every frame to some token, so the word before or after a pause often keeps a part of it, or all
of it and a breath beyond. The audio itself tells where the pause is.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from viva_speech.tokens import Word
from viva_speech.transcript import SAMPLE_RATE_HZ

FRAME_S = 0.01
FRAME_SAMPLES = int(FRAME_S * SAMPLE_RATE_HZ)
BELOW_LOUD_DB = 35.0  # speech keeps within this of its loudest frames, whispered endings aside
ABOVE_FLOOR_DB = 6.0  # and stands out by this from the background

PAUSE_FRAMES = 50  # a silence of half a second is between words, never inside of one


def trim_words(words: Sequence[Word], audio: npt.NDArray[np.float32]) -> list[Word]:
    """The words without quiet frames at either end, and without a pause inside: of two sides the longer is the word.

    A word that is quiet throughout stays as it is.
    """
    sounding = sounding_frames(audio)
    return [_trim(word, sounding) for word in words]


def sounding_frames(audio: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Which frames of 10 ms hold sound: near the loud ones (95th percentile) or clear of the floor (5th)."""
    count = len(audio) // FRAME_SAMPLES
    if count == 0:
        return np.zeros(0, np.bool_)
    frames = audio[: count * FRAME_SAMPLES].reshape(count, FRAME_SAMPLES)
    level_db = 10.0 * np.log10(np.mean(frames**2, axis=1) + 1e-10)
    floor_db, loud_db = np.percentile(level_db, (5, 95))
    return np.asarray(level_db > max(loud_db - BELOW_LOUD_DB, floor_db + ABOVE_FLOOR_DB), np.bool_)


def _trim(word: Word, sounding: npt.NDArray[np.bool_]) -> Word:
    first, last = round(word.start_s / FRAME_S), round(word.end_s / FRAME_S)
    (sound,) = np.nonzero(sounding[first:last])
    if len(sound) == 0:
        return word
    sound = max(np.split(sound, np.nonzero(np.diff(sound) > PAUSE_FRAMES)[0] + 1), key=len)
    start_s = max(word.start_s, (first + int(sound[0])) * FRAME_S)
    return replace(word, start_s=start_s, end_s=max(start_s, min(word.end_s, (first + int(sound[-1]) + 1) * FRAME_S)))
