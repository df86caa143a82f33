"""`MediaDecoder` of the pipeline, on FFmpeg."""

from __future__ import annotations

import threading
from pathlib import Path

from serving.adapters.media.audio import decode_audio
from serving.adapters.media.config import DecodeConfig
from serving.adapters.media.faults import no_track
from serving.adapters.media.frames import PyAvFrameStream, first_rotation_deg
from serving.adapters.media.opening import open_media
from serving.domain.answer import MediaKind
from serving.domain.limits import LIMITS, Limits
from serving.domain.media import AudioTrack, MediaInfo


class PyAvDecoder:
    """Decodes an answer's sound and pictures in two passes. Holds no state: threads may share one.

    Each method blocks on one thread and raises nothing but `InvalidRequest`. When `cancel` is set the work ends quietly
    at the next packet with what there is, reported as truncated: whoever cancels is not waiting for it any more.
    """

    def __init__(self, config: DecodeConfig | None = None, limits: Limits = LIMITS) -> None:
        self._config = config or DecodeConfig()
        self._limits = limits

    def probe(self, path: Path, kind: MediaKind) -> MediaInfo:
        """Read the header and check what it declares.

        Raises:
            InvalidRequest: empty, too large, unreadable, an image, without a usable track, or over a limit.
        """
        with open_media(path, kind, self._limits) as media:
            return media.info(first_rotation_deg(media) if media.video is not None else 0)

    def audio(self, path: Path, cancel: threading.Event) -> AudioTrack:
        """Decode the first audio track to 16 kHz mono.

        Raises:
            InvalidRequest: no audio track, over a limit while decoding, or nothing decodes.
        """
        with open_media(path, MediaKind.AUDIO, self._limits) as media:
            if media.audio is None:
                raise no_track("audio")
            return decode_audio(media, cancel, self._limits)

    def frames(self, path: Path, cancel: threading.Event) -> PyAvFrameStream:
        """Sample the first video track; the file is opened when the stream is iterated."""
        return PyAvFrameStream(path, cancel, self._config, self._limits)
