"""Opens a container safely, finds its tracks, and checks what it declares against the limits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import av
from av.stream import Disposition

from serving.adapters.media.faults import (
    AV_FAULTS,
    invalid,
    no_track,
    too_long,
    too_many_frames,
    too_many_pixels,
    unreadable,
)
from serving.adapters.media.formats import DECODERS, ContainerFormat, sniff
from serving.adapters.media.timeline import DURATION_GRACE_S
from serving.domain.answer import MediaKind
from serving.domain.errors import Reason
from serving.domain.limits import Limits
from serving.domain.media import MediaInfo

# Without a level PyAV drops FFmpeg's messages. They would go to stderr, they quote the caller's metadata, and PyAV's
# handler takes the GIL from FFmpeg's threads.
av.logging.set_level(None)

_PIXEL_GUARD: Final = 2
"""A decoder may meet a picture of up to this multiple of the limit, so that it can be refused by its reason; above it
FFmpeg itself refuses to allocate."""


@dataclass(frozen=True, slots=True)
class OpenMedia:
    """An open container and its usable tracks. PyAV's objects are typed `Any`: each is used in one place only.

    Attributes:
        audio, video: the first usable track of its kind, None without one; `video` is None too when pictures are to
            be ignored.
        has_pictures: whether there is a usable video track, ignored or not.
        origin_s: container time of the earliest track's start, which is second 0 of the answer; an ignored track
            counts, so that both passes share one clock.
        duration_s: declared duration, None when not declared or only estimated.
        header_duration_s: see `ContainerFormat`.
    """

    container: Any
    audio: Any
    video: Any
    has_pictures: bool
    origin_s: float
    duration_s: float | None
    header_duration_s: float | None

    def time_s(self, container_s: float | None) -> float | None:
        """Second of the answer of a time of the container."""
        return None if container_s is None else container_s - self.origin_s

    def declared_end_s(self, stream: Any) -> float | None:
        """Second of the answer at which a track ends by its own declaration, or the container's."""
        start_s = 0.0 if stream.start_time is None else float(stream.start_time * stream.time_base) - self.origin_s
        if self.header_duration_s is not None:
            return self.header_duration_s
        if stream.duration is not None and stream.duration > 0 and self.duration_s is not None:
            return start_s + float(stream.duration * stream.time_base)
        return self.duration_s

    def info(self, rotation_deg: int) -> MediaInfo:
        """The domain's view, with the picture's sides as displayed."""
        width, height = _sides(self.video)
        if rotation_deg in (90, 270):
            width, height = height, width
        return MediaInfo(
            container=self.container.format.name,
            duration_s=self.duration_s,
            has_audio=self.audio is not None,
            has_video=self.video is not None,
            audio_codec=_codec_name(self.audio),
            video_codec=_codec_name(self.video),
            width=width,
            height=height,
            rotation_deg=rotation_deg,
        )


@contextmanager
def open_media(path: Path, kind: MediaKind, limits: Limits) -> Iterator[OpenMedia]:
    """Open `path`, check its declared limits, and close it at the end.

    Raises:
        InvalidRequest: empty, too large, a picture, unreadable, without a usable track, or over a declared limit.
    """
    size_bytes = _size_bytes(path)
    if size_bytes > limits.media_bytes:
        raise invalid(
            Reason.MEDIA_TOO_LARGE,
            f"The media has more than {limits.media_bytes} bytes.",
            limit=limits.media_bytes,
            actual=size_bytes,
        )
    recognised = sniff(path)
    container = _open(path, recognised, limits)
    try:
        yield _tracks(container, recognised, kind, limits)
    finally:
        container.close()


def _size_bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise unreadable("The media cannot be read.") from error


def _open(path: Path, recognised: ContainerFormat, limits: Limits) -> Any:
    options = {
        "protocol_whitelist": "file",  # no network, no data:, concat: or subfile: from inside a file
        "enable_drefs": "0",  # QuickTime data references point to other files
        "codec_whitelist": ",".join(DECODERS),
        "max_pixels": str(_PIXEL_GUARD * limits.video_pixels),
    }
    try:
        # `file:` in front, so that no name can be taken for a protocol.
        return av.open(f"file:{path.absolute()}", format=recognised.demuxer, options=options, metadata_errors="replace")
    except AV_FAULTS as error:
        raise unreadable("The media does not open as what its first bytes say.") from error


def _tracks(container: Any, recognised: ContainerFormat, kind: MediaKind, limits: Limits) -> OpenMedia:
    try:
        audio = _first_usable(container.streams.audio)
        pictures = _first_usable(container.streams.video)
        video = pictures if kind is not MediaKind.AUDIO else None
        if audio is None and video is None:
            if container.streams.audio or (kind is not MediaKind.AUDIO and _films(container)):
                raise unreadable("No track of the media has a supported codec.")
            raise no_track("audio" if kind is MediaKind.AUDIO else "audio or video")
        media = OpenMedia(
            container,
            audio,
            video,
            has_pictures=pictures is not None,
            origin_s=_origin_s(audio, pictures),
            duration_s=_declared_duration_s(container, recognised),
            header_duration_s=recognised.header_duration_s,
        )
        _check_declared(media, limits)
    except AV_FAULTS as error:
        raise unreadable("The media's header is damaged.") from error
    for stream in (audio, video):
        if stream is not None:
            stream.codec_context.options = {"max_pixels": str(_PIXEL_GUARD * limits.video_pixels)}
            stream.codec_context.thread_type = "NONE"
            stream.codec_context.thread_count = 1
    return media


def _check_declared(media: OpenMedia, limits: Limits) -> None:
    if media.duration_s is not None and media.duration_s > limits.media_duration_s + DURATION_GRACE_S:
        raise too_long(limits.media_duration_s, media.duration_s)
    if media.video is None:
        return
    width, height = _sides(media.video)
    if width * height > limits.video_pixels:
        raise too_many_pixels(limits.video_pixels, width, height)
    if media.video.frames > limits.video_frames:
        raise too_many_frames(limits.video_frames, media.video.frames)


def _films(container: Any) -> list[Any]:
    return [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]


def _first_usable(streams: Any) -> Any | None:
    """The first track that a supported decoder reads; the cover inside an mp3 or m4a is no video."""
    for stream in streams:
        if stream.disposition & Disposition.attached_pic or stream.codec_context is None:
            continue
        if stream.codec_context.codec.name in DECODERS:
            return stream
    return None


def _origin_s(*streams: Any | None) -> float:
    starts = [
        float(stream.start_time * stream.time_base)
        for stream in streams
        if stream is not None and stream.start_time is not None and stream.time_base
    ]
    return min(starts, default=0.0)


def _declared_duration_s(container: Any, recognised: ContainerFormat) -> float | None:
    if not recognised.declares_duration or container.duration is None or container.duration <= 0:
        return None
    return float(container.duration) / av.time_base


def _sides(video: Any | None) -> tuple[int, int]:
    return (0, 0) if video is None else (video.codec_context.width, video.codec_context.height)


def _codec_name(stream: Any | None) -> str:
    return "" if stream is None else str(stream.codec_context.codec.canonical_name)
