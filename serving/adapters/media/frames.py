"""Pictures: the first video track, sampled on a fixed grid, upright and scaled down.

Only frames that a sample needs are decoded in full: while none is due, the decoder skips frames that no other frame
refers to. Frames that later ones refer to are always decoded, so every sample is exact.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from serving.adapters.media.config import DecodeConfig
from serving.adapters.media.faults import AV_FAULTS, no_track, too_many_frames, too_many_pixels, unreadable
from serving.adapters.media.opening import OpenMedia, open_media
from serving.adapters.media.orientation import UPRIGHT, Orientation, orientation_of
from serving.adapters.media.packets import PacketDecoder
from serving.adapters.media.timeline import Timeline
from serving.domain.answer import MediaKind
from serving.domain.limits import Limits
from serving.domain.media import DecodeReport, FrameBatch

_TAIL_S: Final = 1.0
"""A track that ends this much before its declared end is truncated. Skipped frames at the end do not count as lost."""

_OVERLAP_S: Final = 1.0  # frame durations of a variable frame rate are guesses; only a larger step back is a fault
_EPSILON_S: Final = 0.001  # Matroska rounds to it: a frame at 0.333 is on time for the sample at 1/3
_ASPECTS: Final = (0.25, 4.0)  # sane shapes of one pixel; others come from damaged headers
_ROTATION_PACKETS: Final = 32  # the longest reordering of H.264 is 16 frames


class PyAvFrameStream:
    """Sampled frames of one answer. The file is open only while it is iterated."""

    def __init__(self, path: Path, cancel: threading.Event, config: DecodeConfig, limits: Limits) -> None:
        self._path = path
        self._cancel = cancel
        self._config = config
        self._limits = limits
        self._report = DecodeReport(decoded_s=0.0, expected_s=None)

    @property
    def report(self) -> DecodeReport:
        return self._report

    def __iter__(self) -> Iterator[FrameBatch]:
        """Yields batches until the track, or `cancel`, ends it; frames of one batch have one size.

        Raises:
            InvalidRequest: `MEDIA_NO_TRACK`, a limit passed, or `MEDIA_UNREADABLE` when not one frame decodes.
        """
        with open_media(self._path, MediaKind.VIDEO, self._limits) as media:
            if media.video is None:
                raise no_track("video")
            sampler = _Sampler(media, self._cancel, self._config, self._limits)
            batch: list[NDArray[np.uint8]] = []
            times: list[float] = []
            for time_s, rgb in sampler:
                if batch and (len(batch) == self._config.batch_frames or rgb.shape != batch[0].shape):
                    self._report = sampler.report
                    yield FrameBatch(tuple(batch), np.array(times))
                    batch, times = [], []
                batch.append(rgb)
                times.append(time_s)
            self._report = sampler.report
            if batch:
                yield FrameBatch(tuple(batch), np.array(times))
            elif not sampler.sample_count and not self._cancel.is_set():
                raise unreadable("Not one frame of the video track decodes.")


class _Sampler:
    """Upright pictures at the sampling rate, with their times."""

    def __init__(self, media: OpenMedia, cancel: threading.Event, config: DecodeConfig, limits: Limits) -> None:
        self._media = media
        self._stream = media.video
        self._tick_s = float(self._stream.time_base)
        self._config = config
        self._limits = limits
        self._end_s = media.declared_end_s(media.video)
        self._packets = PacketDecoder(
            media,
            media.video,
            cancel,
            packet_limit=limits.video_frames,
            over_limit=lambda count: too_many_frames(limits.video_frames, count),
            before=self._skip_unless_due,
        )
        self._timeline = Timeline(limits.media_duration_s, self._end_s, _OVERLAP_S)
        self._due_s = 0.0
        self._frame_error_count = 0
        self._reformatter = VideoReformatter()
        self._rotation: int | None = None
        self._orientation = UPRIGHT
        self.sample_count = 0

    @property
    def report(self) -> DecodeReport:
        end_s = self._timeline.end_s
        return DecodeReport(
            decoded_s=self._timeline.decoded_s,
            expected_s=self._end_s,
            error_count=self._packets.error_count + self._frame_error_count + self._timeline.jump_count,
            truncated=self._packets.stopped_early or (self._end_s is not None and end_s < self._end_s - _TAIL_S),
        )

    def __iter__(self) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        for packet, frames in self._packets:
            if frames is None:
                self._timeline.mark_error()
                continue
            for frame in frames:
                # Before anything is allocated for it: the size may have changed since the header.
                if frame.width * frame.height > self._limits.video_pixels:
                    raise too_many_pixels(self._limits.video_pixels, frame.width, frame.height)
                self._frame_error_count += frame.is_corrupt
                time_s = self._timeline.place(self._media.time_s(frame.time), self._span_s(frame))
                if time_s < self._due_s - _EPSILON_S:
                    continue
                try:
                    rgb = self._convert(frame)
                except AV_FAULTS:
                    self._frame_error_count += 1
                    continue
                # The next point of the grid, however late this frame was.
                self._due_s = (math.floor((time_s + _EPSILON_S) * self._config.fps) + 1) / self._config.fps
                self.sample_count += 1
                yield time_s, rgb
            if packet.size:
                self._timeline.reach(self._time_s(packet))

    def _skip_unless_due(self, packet: Any) -> None:
        time_s = self._timeline.estimate(self._time_s(packet))
        due = time_s is None or time_s >= self._due_s - _EPSILON_S
        self._stream.codec_context.skip_frame = "DEFAULT" if due else "NONREF"

    def _time_s(self, packet: Any) -> float | None:
        return None if packet.pts is None else self._media.time_s(packet.pts * self._tick_s)

    def _span_s(self, frame: Any) -> float:
        """Seconds that a frame is shown, by its packet or the track's mean rate; a second at most."""
        if frame.duration > 0:
            return float(min(frame.duration * self._tick_s, 1.0))
        rate = self._stream.average_rate
        return min(float(1 / rate), 1.0) if rate else 0.0

    def _convert(self, frame: Any) -> NDArray[np.uint8]:
        """uint8 [height, width, 3], scaled by area averaging (no aliasing), upright, contiguous."""
        width, height = _scaled(frame.width, frame.height, self._pixel_aspect(), self._config.frame_max_side)
        scaled: Any = self._reformatter.reformat(
            frame, width=width, height=height, format="rgb24", interpolation="AREA", threads=1
        )
        return np.ascontiguousarray(self._orientation_of(frame).apply(scaled.to_ndarray()))

    def _orientation_of(self, frame: Any) -> Orientation:
        # A frame whose side data was looked at is in a reference cycle with it and waits, with its pixels, for the
        # garbage collector: 200 MB in a minute of 720p. So look again only when the cheap property has changed.
        if frame.rotation != self._rotation:
            self._rotation, self._orientation = frame.rotation, orientation_of(frame)
        return self._orientation

    def _pixel_aspect(self) -> float:
        aspect = self._stream.codec_context.sample_aspect_ratio
        return float(aspect) if aspect and _ASPECTS[0] <= aspect <= _ASPECTS[1] else 1.0


def _scaled(width: int, height: int, pixel_aspect: float, max_side: int) -> tuple[int, int]:
    """Size with square pixels and a long side of at most `max_side`; no side grows."""
    shown_width = width * min(pixel_aspect, 1.0)
    shown_height = height / max(pixel_aspect, 1.0)
    scale = min(1.0, max_side / max(shown_width, shown_height))
    return max(1, round(shown_width * scale)), max(1, round(shown_height * scale))


def first_rotation_deg(media: OpenMedia) -> int:
    """Clockwise rotation of the first frame that decodes; 0 when none of the first packets does.

    Containers hand the display matrix out with decoded frames only.
    """
    packets = media.container.demux(media.video)
    for _ in range(_ROTATION_PACKETS):
        try:
            packet = next(packets, None)
            frames = packet.decode() if packet is not None else []
        except AV_FAULTS:
            return 0
        if packet is None or frames:
            return orientation_of(frames[0]).clockwise_deg if frames else 0
    return 0
