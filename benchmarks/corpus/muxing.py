"""Writing media with PyAV: sound is encoded as it goes, packets of two streams are interleaved."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

import av

from benchmarks.corpus.material import RATE_HZ, Pcm

Timed = tuple[float, list[Any]]
"""Packets, and the time in seconds up to which their stream is then complete."""

_CHUNK: Final = 960  # 20 ms: a frame that every audio encoder takes or buffers


def audio_packets(
    out: Any, pcm: Pcm, codec: str, rate_hz: int = RATE_HZ, layout: str = "mono", start_s: float = 0.0
) -> Iterator[Timed]:
    """Packets of 48 kHz mono sound; the stream is declared in `out` when the first item, an empty one, is taken.

    Args:
        rate_hz, layout: of the encoded sound (stereo repeats the channel).
    """
    stream = out.add_stream(codec, rate=rate_hz, layout=layout)
    context = stream.codec_context
    if codec == "vorbis":
        context.options = {"strict": "experimental"}
    yield start_s, []
    resampler = av.AudioResampler(format=context.format, layout=layout, rate=rate_hz)
    for start in range(0, len(pcm), _CHUNK):
        chunk = av.AudioFrame.from_ndarray(pcm[None, start : start + _CHUNK], format="s16", layout="mono")
        chunk.sample_rate, chunk.time_base = RATE_HZ, Fraction(1, RATE_HZ)
        chunk.pts = start + round(start_s * RATE_HZ)
        for frame in resampler.resample(chunk):
            yield start_s + start / RATE_HZ, stream.encode(frame)
    for frame in resampler.resample(None):
        yield start_s + len(pcm) / RATE_HZ, stream.encode(frame)
    yield start_s + len(pcm) / RATE_HZ, stream.encode(None)


def interleave(out: Any, *streams: Iterator[Timed]) -> None:
    """Mux the packets of all streams in the order of their times.

    All streams are declared before the first packet is written.
    """
    done: Timed = (float("inf"), [])
    heads = [next(stream, done) for stream in streams]
    while min(time_s for time_s, _ in heads) < float("inf"):
        earliest = min(range(len(heads)), key=lambda index: heads[index][0])
        out.mux(heads[earliest][1])
        heads[earliest] = next(streams[earliest], done)
