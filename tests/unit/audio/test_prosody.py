"""Pitch and level on sounds whose melody is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from serving.domain.facts import Interval
from serving.signals.audio.prosody import Prosody, prosody
from tests.media import speech

RATE_HZ = 16_000


def voice(
    pitch_hz: float | Callable[[NDArray[np.float64]], NDArray[np.float64]], seconds: float = 3.0, harmonics: int = 8
) -> NDArray[np.int16]:
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    frequency = pitch_hz(time_s) if callable(pitch_hz) else np.full_like(time_s, pitch_hz)
    phase = 2 * np.pi * np.cumsum(frequency) / RATE_HZ
    waves = [np.sin(number * phase) / number for number in range(1, harmonics + 1)]
    return (6000 * np.sum(waves, axis=0)).astype(np.int16)


def measured(pcm: NDArray[np.int16]) -> Prosody:
    return prosody(pcm, [Interval(0.0, len(pcm) / RATE_HZ)])


@pytest.mark.parametrize("harmonics", [1, 8])
@pytest.mark.parametrize("pitch_hz", [65.0, 90.0, 131.0, 210.0, 333.0, 390.0])
def test_a_steady_tone_has_its_pitch_and_no_variation(pitch_hz: float, harmonics: int) -> None:
    found = measured(voice(pitch_hz, harmonics=harmonics))
    assert found.pitch_median_hz == pytest.approx(pitch_hz, rel=0.002)
    assert found.pitch_variation_semitones == pytest.approx(0.0, abs=0.05)
    assert found.energy_variation_db == pytest.approx(0.0, abs=0.7)


def test_the_spread_of_a_vibrato_is_its_effective_depth() -> None:
    found = measured(voice(lambda time_s: 150 * 2 ** (2 * np.sin(2 * np.pi * time_s) / 12)))
    assert found.pitch_variation_semitones == pytest.approx(2 / np.sqrt(2), rel=0.05)


def test_noise_over_a_voice_does_not_widen_the_spread() -> None:
    noise = np.random.default_rng(0).normal(0, 600, 3 * RATE_HZ)
    found = measured((voice(120.0) + noise).astype(np.int16))
    assert found.pitch_median_hz == pytest.approx(120.0, rel=0.01)
    assert found.pitch_variation_semitones is not None and found.pitch_variation_semitones < 0.3


def test_octave_errors_are_left_out_of_the_spread() -> None:
    # A tenth of the sound is an octave higher: a creak or a tracking error, not melody.
    pcm = np.concatenate([voice(110.0, 2.7), voice(225.0, 0.3)])
    found = measured(pcm)
    assert found.pitch_variation_semitones is not None and found.pitch_variation_semitones < 0.5


def test_noise_has_no_pitch() -> None:
    noise = np.random.default_rng(1).normal(0, 3000, 3 * RATE_HZ).astype(np.int16)
    assert measured(noise).pitch_median_hz is None


def test_loud_and_soft_halves_differ_in_level() -> None:
    pcm = np.concatenate([voice(120.0), (voice(120.0) / 10).astype(np.int16)])
    assert measured(pcm).energy_variation_db == pytest.approx(10.0, abs=0.5)


@pytest.mark.parametrize("samples", [0, 10, 799, 16_000])
def test_silence_and_scraps_have_no_pitch(samples: int) -> None:
    assert measured(np.zeros(samples, np.int16)).pitch_median_hz is None


def test_only_the_regions_are_heard() -> None:
    pcm = np.concatenate([voice(100.0), voice(200.0)])
    assert prosody(pcm, [Interval(0.0, 3.0)]).pitch_median_hz == pytest.approx(100.0, rel=0.01)
    assert prosody(pcm, [Interval(3.0, 99.0)]).pitch_median_hz == pytest.approx(200.0, rel=0.01)
    assert prosody(pcm, []) == Prosody()


def test_a_read_story_has_the_melody_of_a_man_reading() -> None:
    pcm = speech(44.0)[::3].copy()  # 48 kHz to 16 kHz; what aliases is far above the pitch
    found = measured(pcm)
    assert found.pitch_median_hz == pytest.approx(116.0, abs=8.0)
    assert found.pitch_variation_semitones is not None and 1.5 < found.pitch_variation_semitones < 5.0
    assert found.energy_variation_db is not None and 4.0 < found.energy_variation_db < 12.0
