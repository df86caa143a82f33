"""Regions of speech and segments for the recognisers."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from serving.domain.facts import Interval
from serving.signals.audio.segmentation import FRAME_S, is_silent, recognition_segments, speech_regions


def track(*pieces: tuple[float, float]) -> NDArray[np.float32]:
    """Probabilities of (seconds, probability) pieces."""
    return np.concatenate([np.full(round(seconds / FRAME_S), value, np.float32) for seconds, value in pieces])


def regions_of(probability: NDArray[np.float32]) -> tuple[Interval, ...]:
    return speech_regions(probability, len(probability) * FRAME_S)


def segments_of(probability: NDArray[np.float32]) -> tuple[Interval, ...]:
    return recognition_segments(regions_of(probability), probability, len(probability) * FRAME_S)


def test_speech_between_silences_is_one_padded_region() -> None:
    (region,) = regions_of(track((1.6, 0.0), (3.2, 0.9), (1.6, 0.0)))
    assert region.start_offset_s == pytest.approx(1.6 - FRAME_S)
    assert region.end_offset_s == pytest.approx(4.8 + FRAME_S)


def test_a_dip_above_the_lower_threshold_does_not_end_speech() -> None:
    assert len(regions_of(track((1.6, 0.9), (1.6, 0.4), (1.6, 0.9)))) == 1
    assert len(regions_of(track((1.6, 0.9), (1.6, 0.3), (1.6, 0.9)))) == 2


def test_what_never_passes_the_upper_threshold_is_no_speech() -> None:
    assert regions_of(track((5.0, 0.49))) == ()


def test_a_silence_of_a_stop_consonant_is_bridged_and_a_pause_is_not() -> None:
    assert len(regions_of(track((1.6, 0.9), (7 * FRAME_S, 0.0), (1.6, 0.9)))) == 1
    assert len(regions_of(track((1.6, 0.9), (8 * FRAME_S, 0.0), (1.6, 0.9)))) == 2


def test_a_click_is_dropped() -> None:
    assert regions_of(track((1.6, 0.0), (7 * FRAME_S, 1.0), (1.6, 0.0))) == ()


def test_regions_stay_within_the_track() -> None:
    (region,) = speech_regions(track((1.6, 0.9)), duration_s=1.59)
    assert (region.start_offset_s, region.end_offset_s) == (0.0, 1.59)


def test_nothing_has_no_regions_and_no_segments() -> None:
    nothing = np.zeros(0, np.float32)
    assert speech_regions(nothing, 0.0) == ()
    assert recognition_segments((), nothing, 0.0) == ()


def test_a_short_answer_is_one_segment() -> None:
    (segment,) = segments_of(track((1.0, 0.0), (5.0, 0.9), (1.0, 0.0), (5.0, 0.9), (1.0, 0.0)))
    assert segment.start_offset_s == pytest.approx(1.0 - FRAME_S - 0.1, abs=3 * FRAME_S)
    assert segment.end_offset_s == pytest.approx(12.0 + FRAME_S + 0.1, abs=3 * FRAME_S)


def test_the_cut_falls_into_the_longest_silence_of_the_window() -> None:
    # Silences begin at 10, 21, 24 and 30 s; the one at 24 is the longest of those in 20..28.
    pieces = [
        (10.0, 0.9),
        (2.0, 0.0),
        (9.0, 0.9),
        (0.4, 0.0),
        (2.6, 0.9),
        (1.0, 0.0),
        (5.0, 0.9),
        (3.0, 0.0),
        (9.0, 0.9),
    ]
    segments = segments_of(track(*pieces))
    assert len(segments) == 2
    assert segments[0].end_offset_s == pytest.approx(24.1, abs=0.2)
    assert segments[1].start_offset_s == pytest.approx(24.9, abs=0.2)


def test_speech_without_a_silence_is_cut_at_its_least_voiced_frame() -> None:
    probability = np.full(round(40 / FRAME_S), 0.95, np.float32)
    dip = round(23.7 / FRAME_S)
    probability[dip] = 0.6
    first, second = segments_of(probability)
    assert first.end_offset_s == second.start_offset_s == pytest.approx((dip + 0.5) * FRAME_S)


def test_an_earlier_silence_is_better_than_a_cut_through_a_word() -> None:
    segments = segments_of(track((15.0, 0.9), (1.0, 0.0), (25.0, 0.9)))
    assert [round(segment.duration_s) for segment in segments] == [15, 25]


def test_a_long_silence_is_not_sent_to_the_recogniser() -> None:
    segments = segments_of(track((3.0, 0.9), (10.0, 0.0), (3.0, 0.9)))
    assert len(segments) == 2
    assert sum(segment.duration_s for segment in segments) < 7.0


@pytest.mark.parametrize("seed", range(30))
def test_segments_cover_all_speech_once_and_never_pass_the_maximum(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pieces = [(rng.exponential(6.0), 0.9) if index % 2 else (rng.exponential(0.8), 0.05) for index in range(60)]
    probability = np.clip(track(*pieces) + rng.normal(0, 0.02, 1).astype(np.float32), 0, 1)
    regions, segments = regions_of(probability), segments_of(probability)
    assert all(0 < segment.duration_s <= 28.0 for segment in segments)
    ends = [edge for segment in segments for edge in (segment.start_offset_s, segment.end_offset_s)]
    assert ends == sorted(ends)
    grid = np.arange(len(probability)) * FRAME_S + FRAME_S / 2

    def covered(intervals: tuple[Interval, ...]) -> NDArray[np.bool_]:
        inside = np.zeros(len(grid), bool)
        for interval in intervals:
            inside |= (grid >= interval.start_offset_s) & (grid < interval.end_offset_s)
        return inside

    assert not (covered(regions) & ~covered(segments)).any()


def test_silence_is_told_by_its_peak() -> None:
    quiet = np.zeros(16_000, np.int16)
    assert is_silent(quiet[:0])
    assert is_silent(quiet)
    quiet[5] = -30
    assert is_silent(quiet)
    quiet[5] = -40
    assert not is_silent(quiet)
    quiet[5] = -32768
    assert not is_silent(quiet)
