"""A talking head in 720p: a short loop for each codec and framing, encoded once and kept, repeated by stream copy."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from PIL import Image, ImageFilter

from benchmarks.corpus.material import Rgb, talking_head
from benchmarks.corpus.muxing import Timed
from deployments.models.fetch import cache_directory

FPS: Final = 30
_WIDTH, _HEIGHT = 1280, 720
_SHARE: Final = {"near": 1.0, "middle": 0.75, "far": 0.5}  # of the picture's height that the clip's picture has
_NOISE: Final = 3.0  # standard deviation of a pixel: what a web camera adds in a room
_TILES: Final = 8  # different pictures of noise


@dataclass(frozen=True, slots=True)
class Codec:
    """How recorders encode: in real time, without B-frames and look-ahead."""

    name: str
    container: str
    options: tuple[tuple[str, str], ...]


CODECS: Final = {
    "mp4": Codec("libx264", "mp4", (("preset", "veryfast"), ("tune", "zerolatency"), ("sc_threshold", "0"))),
    "webm": Codec("libvpx", "webm", (("deadline", "realtime"), ("cpu-used", "8"), ("lag-in-frames", "0"))),
}
_BIT_RATE: Final = 2_500_000  # MediaRecorder's default for video


def loop(container: str, framing: str) -> Path:
    """A loop of 8 s that begins with its only key frame; encoded where the cache has none.

    Raises:
        FetchError: the clip cannot be had.
    """
    codec = CODECS[container]
    key = repr((codec, framing, _SHARE, _NOISE, _TILES, _BIT_RATE, av.__version__))
    name = f"head-{framing}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.{container}"
    path = cache_directory().parent / "corpus" / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{os.getpid()}-{name}")
        _encode(partial, codec, framing)
        partial.replace(path)
    return path


def video_packets(out: Any, container: str, framing: str, seconds: float) -> Iterator[Timed]:
    """The loop over and over for `seconds`; the stream is declared in `out` when the first item is taken."""
    with av.open(str(loop(container, framing))) as clip:
        source = clip.streams.video[0]
        stream = out.add_stream_from_template(source)
        yield 0.0, []
        packets = [(bytes(packet), packet.is_keyframe) for packet in clip.demux(source) if packet.size]
    tick = Fraction(1, FPS) / (base := Fraction(1, 90_000))
    for index in range(round(seconds * FPS)):
        content, is_key = packets[index % len(packets)]
        packet = av.Packet(content)
        packet.stream, packet.time_base, packet.is_keyframe = stream, base, is_key
        packet.pts = packet.dts = int(index * tick)
        packet.duration = int(tick)
        yield index / FPS, [packet]


def _encode(path: Path, codec: Codec, framing: str) -> None:
    frames = [_framed(frame, _SHARE[framing]) for frame in talking_head()]
    there_and_back = [*frames, *frames[-2:0:-1]]
    noise = np.random.default_rng(1).normal(0, _NOISE, (_TILES, _HEIGHT, _WIDTH, 1)).astype(np.int8)
    with av.open(str(path), "w", format=codec.container) as out:
        stream: Any = out.add_stream(
            codec.name, rate=FPS, options={**dict(codec.options), "g": str(len(there_and_back))}
        )
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = _WIDTH, _HEIGHT, "yuv420p", _BIT_RATE
        stream.codec_context.thread_count = 1
        for index, frame in enumerate(there_and_back):
            grainy = np.clip(frame.astype(np.int16) + noise[index % _TILES], 0, 255).astype(np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(grainy, format="rgb24")))
        out.mux(stream.encode(None))


def _framed(picture: Rgb, share: float) -> Rgb:
    """The picture at `share` of the height, sitting on the lower edge before itself, blurred, as the room."""
    clip = Image.fromarray(picture)
    height = round(clip.width * 9 / 16)  # the head is in the upper part of the clip
    room = clip.crop((0, 0, clip.width, height)).resize((_WIDTH, _HEIGHT), Image.Resampling.BICUBIC)
    if share < 1:
        room = room.filter(ImageFilter.GaussianBlur(24))
        size = round(_HEIGHT * share * clip.width / clip.height), round(_HEIGHT * share)
        room.paste(clip.resize(size, Image.Resampling.BICUBIC), ((_WIDTH - size[0]) // 2, _HEIGHT - size[1]))
    return np.asarray(room)
