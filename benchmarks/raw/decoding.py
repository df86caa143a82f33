"""The product's decoder, with the CPU seconds of its two passes told to a meter."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.raw.meter import StageMeter
from serving.adapters.media import PyAvDecoder
from serving.domain.answer import MediaKind
from serving.domain.media import AudioTrack, DecodeReport, FrameBatch, MediaInfo
from serving.pipeline.ports import FrameStream

DECODE_STAGES: Final = ("decode_audio", "decode_video")


class MeteredDecoder:
    """Implements `MediaDecoder`; reading the header counts for no stage."""

    def __init__(self, decoder: PyAvDecoder, meter: StageMeter) -> None:
        self._decoder = decoder
        self._meter = meter

    def probe(self, path: Path, kind: MediaKind) -> MediaInfo:
        """See `MediaDecoder`."""
        return self._decoder.probe(path, kind)

    def audio(self, path: Path, cancel: threading.Event) -> AudioTrack:
        """See `MediaDecoder`."""
        with self._meter.stage("decode_audio"):
            return self._decoder.audio(path, cancel)

    def frames(self, path: Path, cancel: threading.Event) -> FrameStream:
        """See `MediaDecoder`."""
        return _MeteredFrames(self._decoder.frames(path, cancel), self._meter)


class _MeteredFrames:
    def __init__(self, stream: FrameStream, meter: StageMeter) -> None:
        self._stream = stream
        self._meter = meter

    def __iter__(self) -> Iterator[FrameBatch]:
        frames = iter(self._stream)
        while True:
            with self._meter.stage("decode_video"):
                batch = next(frames, None)
            if batch is None:
                return
            yield batch

    @property
    def report(self) -> DecodeReport:
        return self._stream.report
