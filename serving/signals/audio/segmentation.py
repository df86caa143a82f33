"""Where speech is, and how it is cut for the recognisers."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from serving.domain.facts import Interval
from serving.domain.media import SAMPLE_RATE_HZ

FRAME_S: Final = 512 / SAMPLE_RATE_HZ  # 32 ms: the voice activity model gives one probability for 512 samples

# Hysteresis of Silero's own `get_speech_timestamps`: speech begins at 0.5 and holds until it falls below 0.35.
_BEGIN_PROBABILITY: Final = 0.5
_END_PROBABILITY: Final = 0.35
# Silences below 250 ms are articulation (stop consonants, breath groups), above it pauses: Goldman-Eisler, 1968.
_MIN_SILENCE_FRAMES: Final = math.ceil(0.250 / FRAME_S)  # 8
_MIN_SPEECH_FRAMES: Final = math.ceil(0.250 / FRAME_S)  # 8; Silero's default: shorter is a click or a breath
_PAD_FRAMES: Final = 1  # 32 ms; Silero pads 30 ms, for soft onsets and releases

_SILENCE_PEAK: Final = 32768 * 10 ** (-60 / 20)  # 33 of 32768

_SEGMENT_PAD_S: Final = 0.1
"""Recognisers lose a first or last consonant without a little silence around the words."""
_BRIDGED_SILENCE_S: Final = 4.0
"""A longer silence ends a segment: inside one it costs compute and invites invented words."""


def is_silent(pcm: NDArray[np.int16]) -> bool:
    """Whether int16 [samples] stays below -60 dBFS (peak): a muted microphone, dither or line noise."""
    return len(pcm) == 0 or max(int(pcm.max()), -int(pcm.min())) < _SILENCE_PEAK


def speech_regions(probability: NDArray[np.float32], duration_s: float) -> tuple[Interval, ...]:
    """Stretches of speech, in order and apart from each other.

    Args:
        probability: float32 [frames] of speech, one for each 32 ms.
        duration_s: length of the track; no region passes it.
    """
    regions: list[Interval] = []
    for first, last in _runs(probability):
        start_s = max(0, first - _PAD_FRAMES) * FRAME_S
        end_s = min((last + _PAD_FRAMES) * FRAME_S, duration_s)
        if end_s > start_s:
            regions.append(Interval(start_s, end_s))
    return tuple(regions)


def _runs(probability: NDArray[np.float32]) -> list[tuple[int, int]]:
    """Half-open frame ranges: begun and ended with hysteresis, joined over short silences, the short ones dropped."""
    # Only these frames change the state; between them it holds.
    above = probability >= _BEGIN_PROBABILITY
    moves = np.flatnonzero(above | (probability < _END_PROBABILITY))
    state = above[moves]
    turns = np.flatnonzero(np.diff(state.astype(np.int8), prepend=0, append=0))
    frames = np.append(moves, len(probability))[turns]
    joined: list[tuple[int, int]] = []
    for first, last in frames.reshape(-1, 2).tolist():
        if joined and first - joined[-1][1] < _MIN_SILENCE_FRAMES:
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return [(first, last) for first, last in joined if last - first >= _MIN_SPEECH_FRAMES]


def recognition_segments(
    regions: tuple[Interval, ...],
    probability: NDArray[np.float32],
    duration_s: float,
    min_s: float = 20.0,
    max_s: float = 28.0,
) -> tuple[Interval, ...]:
    """Merge regions into segments of `min_s` to `max_s` seconds, the length at which the recognisers err least.

    A segment ends at the longest silence in that window; where speech runs through the window, at the longest
    silence since half of `min_s`; where there is none either, at the least voiced frame of the window. The last
    segment, and one before a silence of 4 s, may be shorter. All speech is in exactly one segment.

    Args:
        regions: of `speech_regions`.
        probability: float32 [frames], as given to it.
        duration_s: length of the track.
    """
    if not 0 < min_s < max_s - 2 * _SEGMENT_PAD_S:
        raise ValueError(f"no segment fits between {min_s} and {max_s} s")
    room_s = max_s - 2 * _SEGMENT_PAD_S
    spans: list[Interval] = []
    for group in _groups(regions):
        spans += _cut_group(group, probability, min_s, room_s)
    return _padded(spans, duration_s)


def _groups(regions: tuple[Interval, ...]) -> list[list[Interval]]:
    groups: list[list[Interval]] = []
    for region in regions:
        if groups and region.start_offset_s - groups[-1][-1].end_offset_s < _BRIDGED_SILENCE_S:
            groups[-1].append(region)
        else:
            groups.append([region])
    return groups


def _cut_group(group: list[Interval], probability: NDArray[np.float32], min_s: float, room_s: float) -> list[Interval]:
    spans = []
    rest = list(group)
    while rest[-1].end_offset_s - rest[0].start_offset_s > room_s:
        start_s = rest[0].start_offset_s
        after = _best_silence(rest, start_s + min_s, start_s + room_s) or _best_silence(
            rest, start_s + min_s / 2, start_s + room_s
        )
        if after:
            spans.append(Interval(start_s, rest[after - 1].end_offset_s))
            rest = rest[after:]
            continue
        cut_s = _least_voiced_s(probability, start_s + min_s, start_s + room_s)
        spans.append(Interval(start_s, cut_s))
        rest = [
            Interval(max(region.start_offset_s, cut_s), region.end_offset_s)
            for region in rest
            if region.end_offset_s > cut_s
        ]
    spans.append(Interval(rest[0].start_offset_s, rest[-1].end_offset_s))
    return spans


def _best_silence(regions: list[Interval], from_s: float, until_s: float) -> int:
    """Index of the region after the longest silence that begins in [from_s, until_s], 0 when there is none."""
    candidates = [
        (regions[index].start_offset_s - regions[index - 1].end_offset_s, index)
        for index in range(1, len(regions))
        if from_s <= regions[index - 1].end_offset_s <= until_s
    ]
    return max(candidates, default=(0.0, 0))[1]  # of equals the last: fewer segments


def _least_voiced_s(probability: NDArray[np.float32], from_s: float, until_s: float) -> float:
    """Middle of the least voiced frame that lies wholly in the stretch."""
    first, last = math.ceil(from_s / FRAME_S), math.floor(until_s / FRAME_S)
    window = probability[first:last]
    if len(window) == 0:
        return until_s
    return (first + int(np.argmin(window)) + 0.5) * FRAME_S


def _padded(spans: list[Interval], duration_s: float) -> tuple[Interval, ...]:
    padded = []
    for index, span in enumerate(spans):
        before_s = spans[index - 1].end_offset_s if index else 0.0
        after_s = spans[index + 1].start_offset_s if index + 1 < len(spans) else duration_s
        # Neighbours share the silence between them; the outer ones have all of theirs.
        share_before, share_after = (0.5 if index else 1.0), (0.5 if index + 1 < len(spans) else 1.0)
        start_s = span.start_offset_s - min(_SEGMENT_PAD_S, share_before * (span.start_offset_s - before_s))
        end_s = span.end_offset_s + min(_SEGMENT_PAD_S, share_after * max(0.0, after_s - span.end_offset_s))
        padded.append(Interval(start_s, end_s))
    return tuple(padded)
