"""Sound: the first audio track as 16 kHz mono PCM."""

from __future__ import annotations

import math
import threading
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray

from serving.adapters.media.faults import AV_FAULTS, invalid, too_long, unreadable
from serving.adapters.media.opening import OpenMedia
from serving.adapters.media.packets import PacketDecoder
from serving.adapters.media.timeline import DURATION_GRACE_S, Timeline
from serving.domain.errors import Reason
from serving.domain.limits import Limits
from serving.domain.media import SAMPLE_RATE_HZ, AudioTrack, DecodeReport

_TOLERANCE_S: Final = 0.03
"""Timestamps may differ from the running sample count by this much before silence is put in: Matroska rounds to 1 ms,
the resampler holds back 2 ms, and one lost Opus frame is 20 ms. The difference never adds up."""

_LONGEST_GAP_S: Final = 0.45
"""Opus may send nothing in silence (discontinuous transmission), but a packet every 400 ms all the same (RFC 7587,
3.1.3). A longer gap is lost sound."""

_TAIL_S: Final = 0.5
"""A track that ends this much before its declared end is truncated; encoders' padding is below it."""

_FIRST_S: Final = 150.0  # room to begin with, 5 MB; most answers never grow out of it
_SHORTEST_PACKET_S: Final = 0.001  # the shortest frame of the supported codecs is Opus's, 2.5 ms
_RATES_HZ: Final = range(4_000, 384_001)
"""Sample rates that are decoded. A header that claims 1 Hz would turn each byte into seconds."""


def decode_audio(media: OpenMedia, cancel: threading.Event, limits: Limits) -> AudioTrack:
    """Decode `media.audio`, which must be there.

    Returns:
        The track. After `cancel` is set: what was decoded until then, marked as truncated.

    Raises:
        InvalidRequest: `MEDIA_TOO_LONG`; `MEDIA_EMPTY` (an intact track of no samples, and no pictures);
            `MEDIA_UNREADABLE` (not one sample decodes).
    """
    limit_s = limits.media_duration_s
    end_s = media.declared_end_s(media.audio)
    packets = PacketDecoder(
        media,
        media.audio,
        cancel,
        packet_limit=math.ceil(limit_s / _SHORTEST_PACKET_S),
        over_limit=lambda count: too_long(limit_s, count * _SHORTEST_PACKET_S),
    )
    timeline = Timeline(limit_s, end_s, overlap_s=_TOLERANCE_S, longest_gap_s=_LONGEST_GAP_S)
    pcm = _PcmBuffer(limit_s, end_s)
    resampler = _Resampler()
    frame_error_count = 0
    for _, frames in packets:
        if frames is None:
            timeline.mark_error()
        for frame in frames or ():
            try:
                start_s = timeline.place(media.time_s(frame.time), _span_s(frame))
                if pcm.has_gap_before(start_s):
                    pcm.append(resampler.flush())
                    pcm.silence_until(start_s)
                pcm.append(resampler.convert(frame))
            except AV_FAULTS:
                frame_error_count += 1
                timeline.mark_error()
    pcm.append(resampler.flush())
    error_count = packets.error_count + frame_error_count + timeline.jump_count + timeline.hole_count
    if not timeline.decoded_s and not cancel.is_set():
        if error_count or media.has_pictures:  # with pictures, the media as such is not empty
            raise unreadable("Nothing of the audio track decodes.")
        raise invalid(Reason.MEDIA_EMPTY, "The audio track has no samples.")
    report = DecodeReport(
        decoded_s=timeline.decoded_s,
        expected_s=end_s,
        error_count=error_count,
        truncated=packets.stopped_early or (end_s is not None and timeline.end_s < end_s - _TAIL_S),
    )
    return AudioTrack(pcm.samples(), report)


def _span_s(frame: Any) -> float:
    if frame.sample_rate not in _RATES_HZ:
        raise ValueError(f"sample rate of {frame.sample_rate} Hz")
    return float(frame.samples / frame.sample_rate)


class _Resampler:
    """Converts frames of any, even changing, rate and layout."""

    def __init__(self) -> None:
        self._source: tuple[str, str, int] | None = None
        self._resampler: Any = None

    def convert(self, frame: Any) -> NDArray[np.int16]:
        """int16 [samples] at 16 kHz; the resampler holds back its filter's length until `flush`."""
        source = (frame.format.name, frame.layout.name, frame.sample_rate)
        held = self.flush() if source != self._source else _NOTHING
        if self._resampler is None:
            self._resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE_HZ)
            self._source = source
        converted = [_samples(part) for part in self._resampler.resample(frame)]
        return converted[0] if len(converted) == 1 and not len(held) else np.concatenate([held, *converted])

    def flush(self) -> NDArray[np.int16]:
        """What is held back; the next frame starts a new filter."""
        held, self._resampler, self._source = self._resampler, None, None
        if held is None:
            return _NOTHING
        try:
            return np.concatenate([_NOTHING, *map(_samples, held.resample(None))])
        except AV_FAULTS:
            return _NOTHING  # a filter that never took a frame has nothing to give


_NOTHING: Final[NDArray[np.int16]] = np.zeros(0, np.int16)


def _samples(frame: Any) -> NDArray[np.int16]:
    """The samples of a mono frame, without the padding that its plane may have; valid as long as the frame."""
    return np.frombuffer(frame.planes[0], np.int16, frame.samples)


class _PcmBuffer:
    """Growing int16 buffer that never holds more than the duration limit."""

    def __init__(self, limit_s: float, expected_s: float | None) -> None:
        self._limit_s = limit_s
        # One second more than the timeline lets through: what the resampler holds back, and its rounding.
        self._capacity = math.ceil((limit_s + DURATION_GRACE_S + 1) * SAMPLE_RATE_HZ)
        expected = min(_FIRST_S if expected_s is None else expected_s + 1, _FIRST_S)
        self._data = np.zeros(min(math.ceil(expected * SAMPLE_RATE_HZ), self._capacity), np.int16)
        self._length = 0

    def has_gap_before(self, time_s: float) -> bool:
        return time_s - self._length / SAMPLE_RATE_HZ > _TOLERANCE_S

    def silence_until(self, time_s: float) -> None:
        gap = max(0, round(time_s * SAMPLE_RATE_HZ) - self._length)
        self._reserve(gap)
        self._length += gap  # the buffer is zero beyond its length

    def append(self, samples: NDArray[np.int16]) -> None:
        self._reserve(len(samples))
        self._data[self._length : self._length + len(samples)] = samples
        self._length += len(samples)

    def samples(self) -> NDArray[np.int16]:
        return self._data[: self._length].copy()

    def _reserve(self, count: int) -> None:
        needed = self._length + count
        if needed > self._capacity:
            raise too_long(self._limit_s, needed / SAMPLE_RATE_HZ)
        if needed > len(self._data):
            grown = np.zeros(min(max(needed, 2 * len(self._data)), self._capacity), np.int16)
            grown[: self._length] = self._data[: self._length]
            self._data = grown
