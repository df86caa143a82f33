"""Spoken answers of any length, made of real speech that is cut where its speakers pause."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpus.distribution import LogNormal
from benchmarks.corpus.material import RATE_HZ, Pcm, Sound, recordings
from serving.domain.competency import Language

Flags = NDArray[np.bool_]
Samples = NDArray[np.int64]

_BLOCK: Final = RATE_HZ // 50  # 20 ms, in which loudness is measured
_QUIET_DB: Final = -28.0  # below the loud passages of the same recording
# Shorter silences are stops inside English words. The Chinese clips are read fast, in groups of four characters.
_SHORTEST_PAUSE: Final[dict[Language, int]] = {"en": 11 * _BLOCK, "zh": 3 * _BLOCK}
_SHORTEST_SOUND: Final = 8 * _BLOCK  # 0.16 s; shorter ones between pauses are breath and lips
_FADE: Final = RATE_HZ // 200  # 5 ms

# What differs from speaker to speaker, and from phrase to phrase.
_LEVEL_DBFS: Final = (-32.0, -18.0)
_NOISE_DB: Final = (-45.0, -30.0)  # of the room, below the speech
_RATE: Final = (0.95, 1.06)  # faster speech is higher, as a tape's is
_EMPHASIS_DB: Final = (-3.0, 3.0)
_PHRASES: Final = (3, 6)  # between two pauses for thought
_THOUGHT_S: Final = LogNormal(mean=0.9, sigma=0.6, low=0.3, high=3.0)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Speech between two pauses, at an RMS of 1, and the pause that followed it in the recording, in samples."""

    sound: Sound
    pause: int


def speak(language: Language, seconds: float, seed: str) -> Pcm:
    """int16 [seconds * 48000]: phrases in the order of their recordings, a few at a time, with pauses for thought.

    Level, room noise, rate and emphasis are drawn from `seed`. No phrase is cut.

    Raises:
        FetchError: the recordings cannot be had.
    """
    dice = random.Random(f"speech {seed}")
    count = round(seconds * RATE_HZ)
    rate = dice.uniform(*_RATE)
    level, noise = _gain(dice.uniform(*_LEVEL_DBFS)), _gain(dice.uniform(*_NOISE_DB))
    sound = _room(round(count * rate)) * np.float32(noise)
    _fill(sound, phrases(language), dice)
    slowed = np.interp(np.arange(count) * (len(sound) / count), np.arange(len(sound)), sound)
    pcm: Pcm = np.clip(np.rint(slowed * (level * 32767)), -32767, 32767).astype(np.int16)
    return pcm


@cache
def phrases(language: Language) -> tuple[tuple[Phrase, ...], ...]:
    """The phrases of each recording, in its order. Raises `FetchError`."""
    return tuple(_cut(recording, _SHORTEST_PAUSE[language]) for recording in recordings(language))


def _fill(sound: Sound, voices: tuple[tuple[Phrase, ...], ...], dice: random.Random) -> None:
    """Add phrases to `sound` from its begin to its end."""
    at, last = 0, voices[0]
    while True:
        others = [voice for voice in voices if voice is not last or len(voice) > _PHRASES[1]]
        last = voice = dice.choices(others, [len(voice) for voice in others])[0]
        first = dice.randrange(len(voice))
        for index in range(first, first + min(dice.randint(*_PHRASES), len(voice))):
            phrase = voice[index % len(voice)]
            if at + len(phrase.sound) > len(sound):
                fitting = [one for voice in voices for one in voice if at + len(one.sound) <= len(sound)]
                if not fitting:
                    return
                phrase = dice.choice(fitting)
            sound[at : at + len(phrase.sound)] += phrase.sound * np.float32(_gain(dice.uniform(*_EMPHASIS_DB)))
            at += len(phrase.sound) + phrase.pause
        at += round(_THOUGHT_S.draw(1, dice)[0] * RATE_HZ)


def _cut(recording: Sound, shortest_pause: int) -> tuple[Phrase, ...]:
    spoken = _spoken(recording)
    starts, ends = _runs(spoken)
    far = np.flatnonzero(starts[1:] - ends[:-1] >= shortest_pause)
    starts, ends = starts[[0, *(far + 1)]], ends[[*far, -1]]
    sounds = [recording[start:end] for start, end in zip(starts, ends, strict=True)]
    level = np.sqrt(np.mean(np.square(np.concatenate(sounds))))
    pauses = [*(starts[1:] - ends[:-1]), shortest_pause]
    return tuple(Phrase(_faded(sound / level), int(pause)) for sound, pause in zip(sounds, pauses, strict=True))


def _spoken(recording: Sound) -> Flags:
    """Which blocks of 20 ms are speech."""
    blocks = recording[: len(recording) // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
    rms = np.sqrt(np.mean(np.square(blocks), axis=1))
    loud: Flags = rms >= np.percentile(rms, 95) * _gain(_QUIET_DB)
    for start, end in zip(*_runs(loud), strict=True):
        if end - start < _SHORTEST_SOUND:
            loud[start // _BLOCK : end // _BLOCK] = False
    return loud


def _runs(flags: Flags) -> tuple[Samples, Samples]:
    """First sample of each run of true blocks, and the sample after its last."""
    edges = np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))
    return np.flatnonzero(edges == 1) * _BLOCK, np.flatnonzero(edges == -1) * _BLOCK


@cache
def _tone() -> Sound:
    """The longest pause of the English recordings, there and back, at an RMS of 1: what a room sounds like."""
    pauses = [
        recording[start:end]
        for recording in recordings("en")
        for start, end in zip(*_runs(~_spoken(recording)), strict=True)
    ]
    longest = max(pauses, key=len)
    tone: Sound = np.concatenate([longest, longest[::-1]]) / np.sqrt(np.mean(np.square(longest)))
    return tone


def _room(count: int) -> Sound:
    return np.resize(_tone(), count)


def _faded(sound: Sound) -> Sound:
    ramp = np.linspace(0, 1, _FADE, dtype=np.float32)
    sound = sound.copy()
    sound[:_FADE] *= ramp
    sound[-_FADE:] *= ramp[::-1]
    return sound


def _gain(decibel: float) -> float:
    return float(10.0 ** (decibel / 20))
