"""Whisper's log-mel spectrogram."""

import numpy as np
import pytest
from mel import BANDS, log_mel, mel_filters


def _tone(hz: float, seconds: float) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * 16_000)) / 16_000)).astype(np.float32)


def _centre_hz(band: int) -> float:
    return float(mel_filters()[band].argmax() * 40)  # bins of 16 kHz / 400


@pytest.mark.parametrize("hz", [440.0, 1000.0, 3000.0])
def test_a_tone_lights_up_the_band_that_it_lies_in(hz: float) -> None:
    spectrogram = log_mel(_tone(hz, 1.0), 16_000)
    assert _centre_hz(int(spectrogram[:, 50].argmax())) == pytest.approx(hz, rel=0.05)


def test_a_window_is_a_frame_every_ten_milliseconds() -> None:
    spectrogram = log_mel(_tone(300, 0.7), 5 * 16_000)
    assert spectrogram.shape == (BANDS, 500)
    assert spectrogram.dtype == np.float32


def test_levels_reach_eighty_decibels_below_the_peak_and_no_further() -> None:
    spectrogram = log_mel(_tone(300, 1.0), 2 * 16_000)
    assert spectrogram.max() - spectrogram.min() == pytest.approx(2.0)  # 80 dB is 8 in log10, a quarter of it here
    assert np.ptp(spectrogram[:, 150:]) == 0.0  # the silence after the tone lies on the floor


def test_filters_are_triangles_of_unit_area_on_slaneys_scale() -> None:
    filters = mel_filters()
    assert filters.shape == (80, 201)
    # The wide filters hold enough bins for the sum to be the area.
    assert filters[-20:].sum(axis=1) * 40.0 == pytest.approx(np.ones(20), rel=0.02)
    rises = np.sign(np.diff(filters[60][filters[60] > 0]))
    assert (np.diff(rises) <= 0).all()


def test_ten_times_the_amplitude_is_twenty_decibels() -> None:
    quiet, loud = (log_mel(gain * _tone(800, 1.0), 16_000) for gain in (0.1, 1.0))
    assert loud.max() - quiet.max() == pytest.approx(0.5, abs=1e-4)
