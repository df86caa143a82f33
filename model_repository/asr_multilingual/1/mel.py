"""Log-mel spectrogram as Whisper was trained on (https://github.com/openai/whisper/blob/main/whisper/audio.py)."""

import numpy as np
import numpy.typing as npt

SAMPLE_RATE_HZ = 16_000
FFT_SIZE = 400  # 25 ms
HOP = 160  # 10 ms a frame
BANDS = 80

Float = npt.NDArray[np.float32]


def log_mel(audio: Float, window_samples: int) -> Float:
    """Log-mel spectrogram of `audio` [samples] (16 kHz, -1 to 1) followed by silence up to the window.

    Returns [BANDS, window_samples / HOP] float32: log10 of the power, at most 80 dB below its peak, scaled to
    about -1 to 1. `window_samples` is a multiple of HOP and at least the length of the audio.
    """
    padded = np.pad(audio, (0, window_samples - len(audio)))
    padded = np.pad(padded, FFT_SIZE // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, FFT_SIZE)[::HOP][: window_samples // HOP]
    spectrum = np.fft.rfft(frames * _HANN, axis=1)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    log_power = np.log10(np.maximum(_FILTERS @ power.T, 1e-10))
    log_power = np.maximum(log_power, log_power.max() - 8.0)
    return np.asarray((log_power + 4.0) / 4.0, np.float32)


def mel_filters(bands: int = BANDS, fft_size: int = FFT_SIZE, rate_hz: int = SAMPLE_RATE_HZ) -> Float:
    """Triangular filters [bands, fft_size / 2 + 1] on Slaney's mel scale, each of unit area (librosa's default).

    The scale is linear (3 mel per 200 Hz) to 1 kHz and logarithmic (27 mel per factor of 6.4) above.
    """
    edges_mel = np.linspace(0.0, float(_hz_to_mel(rate_hz / 2)), bands + 2)
    edges_hz = _mel_to_hz(edges_mel)
    bins_hz = np.linspace(0.0, rate_hz / 2, fft_size // 2 + 1)
    widths = np.diff(edges_hz)
    distance = edges_hz[:, None] - bins_hz[None, :]
    rising, falling = -distance[:-2] / widths[:-1, None], distance[2:] / widths[1:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return np.asarray(triangles * (2.0 / (edges_hz[2:] - edges_hz[:-2]))[:, None], np.float32)


_KNEE_HZ, _KNEE_MEL = 1000.0, 15.0
_MEL_PER_LOG_HZ = 27.0 / np.log(6.4)


def _hz_to_mel(hz: float) -> float:
    return hz * 3.0 / 200.0 if hz < _KNEE_HZ else _KNEE_MEL + float(np.log(hz / _KNEE_HZ) * _MEL_PER_LOG_HZ)


def _mel_to_hz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    linear, logarithmic = mel * 200.0 / 3.0, _KNEE_HZ * np.exp((mel - _KNEE_MEL) / _MEL_PER_LOG_HZ)
    return np.where(mel < _KNEE_MEL, linear, logarithmic)


_HANN = (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(FFT_SIZE) / FFT_SIZE)).astype(np.float32)
_FILTERS = mel_filters()
