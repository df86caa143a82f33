"""Media files of planned answers, in the containers that recorders write."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av

from benchmarks.corpus.heads import video_packets
from benchmarks.corpus.muxing import audio_packets, interleave
from benchmarks.corpus.plan import Planned
from benchmarks.corpus.speech import speak
from benchmarks.harness.core import Modality


@dataclass(frozen=True, slots=True)
class Container:
    """A file format with its sound.

    Attributes:
        muxer: FFmpeg's name.
        rate_hz: of the sound.
        options: of the muxer. As MediaRecorder writes while it records: WebM without duration and index, MPEG-4 in
            fragments. `bitexact` leaves out random ids and the library's version.
    """

    muxer: str
    audio_codec: str
    rate_hz: int
    options: tuple[tuple[str, str], ...] = ()


_FRAGMENTED: Final = (("movflags", "frag_keyframe+empty_moov+default_base_moof"),)
_LIVE: Final = (("live", "1"),)
CONTAINERS: Final = {
    "wav": Container("wav", "pcm_s16le", 16_000),
    "m4a": Container("mp4", "aac", 48_000, _FRAGMENTED),
    "mp4": Container("mp4", "aac", 48_000, _FRAGMENTED),
    "webm": Container("webm", "libopus", 48_000, _LIVE),
}


def write(planned: Planned, folder: Path) -> Path:
    """Write the media of an audio or video answer, named after it.

    Raises:
        FetchError: a package that the material is in cannot be had.
        OSError: the file cannot be written.
    """
    path = folder / f"{planned.sample_id}.{planned.container}"
    container = CONTAINERS[planned.container]
    pcm = speak(planned.language, planned.duration_s, planned.seed)
    options = {**dict(container.options), "fflags": "+bitexact"}
    with av.open(str(path), "w", format=container.muxer, options=options) as out:
        sound = audio_packets(out, pcm, container.audio_codec, container.rate_hz)
        if planned.modality is Modality.VIDEO:
            pictures = video_packets(out, planned.container, planned.framing, planned.duration_s)
            interleave(out, pictures, sound)
        else:
            interleave(out, sound)
    return path
