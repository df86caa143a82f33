"""Melody and loudness of speech.

Pitch by autocorrelation after Boersma, "Accurate short-term analysis of the fundamental frequency", 1993: the
autocorrelation of a windowed frame divided by that of the window, so that its peak is 1 for any periodic sound, and a
small cost for each octave down, so that of equal peaks the first is taken.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from serving.domain.facts import Interval
from serving.domain.media import SAMPLE_RATE_HZ

Floats = NDArray[np.float64]

_RATE_HZ: Final = SAMPLE_RATE_HZ // 2  # 8 kHz: ten harmonics of the highest pitch, at half the cost
_LOW_PASS: Final = np.array([-1, 0, 9, 16, 9, 0, -1]) / 32  # half-band, -6 dB at 4 kHz
_HOP: Final = _RATE_HZ // 50  # 20 ms
_WINDOW: Final = _RATE_HZ // 20  # 50 ms: three periods of the lowest pitch
_LOWEST_HZ: Final = 60.0
_HIGHEST_HZ: Final = 400.0
_FFT: Final = 576  # at least window + longest lag (134) + 1, and 2^6 * 3^2
_LAGS_HZ: Final = 2 * _RATE_HZ  # the autocorrelation is interpolated twofold: peaks between samples keep their height
_MIN_LAG: Final = math.floor(_LAGS_HZ / _HIGHEST_HZ)  # 40
_MAX_LAG: Final = math.ceil(_LAGS_HZ / _LOWEST_HZ)  # 267
_FRAMES_AT_ONCE: Final = 1000  # 20 s of sound; bounds the memory to about 15 MB

_VOICED: Final = 0.45  # Praat's voicing threshold
_OCTAVE_COST: Final = 0.03  # a subharmonic must beat the pitch by this much (Praat: 0.01 with path finding on top)
_SPEECH_RANGE_DB: Final = 30.0  # quieter than the loud frames by more than this is a gap between words
_MIN_VOICED_FRAMES: Final = 25  # half a second; a median of less says nothing
_OCTAVE_SEMITONES: Final = 12.0


@dataclass(frozen=True, slots=True)
class Prosody:
    """Numbers of `Delivery`; None when there is too little sound (half a second, voiced for the pitch).

    Attributes:
        pitch_median_hz: median fundamental frequency of the voiced frames.
        pitch_variation_semitones: standard deviation about that median; frames an octave or more away are tracking
            errors and left out.
        energy_variation_db: standard deviation of the level of the frames within 30 dB of the loud ones.
    """

    pitch_median_hz: float | None = None
    pitch_variation_semitones: float | None = None
    energy_variation_db: float | None = None


def prosody(pcm: NDArray[np.int16], regions: Sequence[Interval]) -> Prosody:
    """Measure int16 [samples] of 16 kHz mono where `regions` say that there is speech. Linear in the samples."""
    pitches, strengths, levels = [], [], []
    for frames in _frames(pcm, regions):
        pitch_hz, strength = _pitch(frames)
        pitches.append(pitch_hz)
        strengths.append(strength)
        levels.append(10 * np.log10(np.mean(frames * frames, axis=1) + 1e-12))
    if not pitches:
        return Prosody()
    level_db = np.concatenate(levels)
    loud = level_db > np.percentile(level_db, 95) - _SPEECH_RANGE_DB
    variation_db = float(np.std(level_db[loud])) if np.count_nonzero(loud) >= _MIN_VOICED_FRAMES else None
    voiced = loud & (np.concatenate(strengths) >= _VOICED)
    return _summary(np.concatenate(pitches), voiced, variation_db)


def _summary(pitch_hz: Floats, voiced: NDArray[np.bool_], variation_db: float | None) -> Prosody:
    # A single frame unlike both neighbours is an error; voice does not jump for 20 ms.
    steady = voiced & np.roll(voiced, 1) & np.roll(voiced, -1)
    middle = np.median(np.stack([np.roll(pitch_hz, 1), pitch_hz, np.roll(pitch_hz, -1)]), axis=0)[steady]
    if len(middle) < _MIN_VOICED_FRAMES:
        return Prosody(energy_variation_db=variation_db)
    median_hz = float(np.median(middle))
    semitones = 12 * np.log2(middle / median_hz)
    semitones = semitones[np.abs(semitones) < _OCTAVE_SEMITONES]
    return Prosody(median_hz, float(np.sqrt(np.mean(semitones**2))), variation_db)


def _frames(pcm: NDArray[np.int16], regions: Sequence[Interval]) -> Iterator[Floats]:
    """Frames of -1..1 at 8 kHz, float64 [up to 1000, 400], 20 ms apart; none reaches over the end of its region."""
    for region in regions:
        first = max(0, round(region.start_offset_s * SAMPLE_RATE_HZ))
        last = min(len(pcm), round(region.end_offset_s * SAMPLE_RATE_HZ))
        step = 2 * _HOP * _FRAMES_AT_ONCE
        for start in range(first, last, step):
            end = min(last, start + step + 2 * (_WINDOW - _HOP))
            sound = np.convolve(pcm[start:end] / 32768, _LOW_PASS, mode="same")[::2]
            if len(sound) >= _WINDOW:
                yield np.lib.stride_tricks.sliding_window_view(sound, _WINDOW)[::_HOP]


def _pitch(frames: Floats) -> tuple[Floats, Floats]:
    """Pitch in Hz and its strength (1 for a periodic frame, 0 for noise) of frames [n, 400]."""
    window = np.hanning(_WINDOW + 2)[1:-1]
    window_correlation = _autocorrelation(window[None])[0]
    centred = (frames - frames.mean(axis=1, keepdims=True)) * window
    correlation = _autocorrelation(centred) / window_correlation
    lag = np.arange(_MIN_LAG, _MAX_LAG + 1)
    here = correlation[:, lag]
    peak = (here >= correlation[:, lag - 1]) & (here >= correlation[:, lag + 1])
    cost = _OCTAVE_COST * np.log2(lag / _MIN_LAG)
    best = np.argmax(np.where(peak, here - cost, -np.inf), axis=1)
    row = np.arange(len(frames))
    left, top, right = (correlation[row, lag[best] + shift] for shift in (-1, 0, 1))
    # The parabola through the peak and its neighbours: its top lies between samples.
    bend = left - 2 * top + right
    offset = np.divide(left - right, 2 * bend, out=np.zeros_like(bend), where=bend < 0)
    strength = np.where(peak.any(axis=1), top, 0.0)
    return _LAGS_HZ / (lag[best] + np.clip(offset, -0.5, 0.5)), strength


def _autocorrelation(frames: Floats) -> Floats:
    """Normalised to 1 at lag 0 (0 for silence), [n, longest lag + 2]."""
    power = np.abs(np.fft.rfft(frames, _FFT, axis=1)) ** 2
    # A longer inverse transform is the exact interpolation of a band-limited signal.
    correlation = np.fft.irfft(power, _FFT * _LAGS_HZ // _RATE_HZ, axis=1)[:, : _MAX_LAG + 2]
    scale = correlation[:, :1]
    return np.divide(correlation, scale, out=np.zeros_like(correlation), where=scale > 1e-12)
