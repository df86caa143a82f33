"""Silence at the ends of words, and segments that are silent altogether."""

import numpy as np
import pytest
from viva_speech.tokens import Word
from viva_speech.transcript import SAMPLE_RATE_HZ, is_silent
from viva_speech.trimming import trim_words


def _bursts(*spans_s: tuple[float, float], total_s: float = 4.0) -> np.ndarray:
    """Loud noise in the given spans over a quiet background."""
    rng = np.random.default_rng(5)
    audio = 1e-4 * rng.standard_normal(round(total_s * SAMPLE_RATE_HZ))
    for start_s, end_s in spans_s:
        span = slice(round(start_s * SAMPLE_RATE_HZ), round(end_s * SAMPLE_RATE_HZ))
        audio[span] = 0.1 * rng.standard_normal(span.stop - span.start)
    return audio.astype(np.float32)


def test_a_word_ends_where_its_sound_ends() -> None:
    audio = _bursts((0.5, 1.0), (2.5, 3.0))
    first, second = trim_words([Word("one", 0.2, 1.9, 1.0), Word("two", 1.9, 4.0, 1.0)], audio)
    assert (first.start_s, first.end_s) == pytest.approx((0.5, 1.0), abs=0.011)
    assert (second.start_s, second.end_s) == pytest.approx((2.5, 3.0), abs=0.011)


def test_a_word_aligned_over_a_pause_is_its_longer_side() -> None:
    audio = _bursts((0.5, 0.55), (2.5, 2.9))
    (word,) = trim_words([Word("no", 0.4, 2.8, 1.0)], audio)
    assert (word.start_s, word.end_s) == pytest.approx((2.5, 2.8), abs=0.011)


def test_a_stop_inside_a_word_is_not_a_pause() -> None:
    (word,) = trim_words([Word("upkeep", 0.5, 1.3, 1.0)], _bursts((0.5, 0.8), (1.0, 1.3)))
    assert (word.start_s, word.end_s) == pytest.approx((0.5, 1.3), abs=0.011)


def test_a_word_is_never_made_longer() -> None:
    (word,) = trim_words([Word("one", 0.623, 0.787, 1.0)], _bursts((0.5, 1.0)))
    assert (word.start_s, word.end_s) == (0.623, 0.787)


def test_a_word_that_is_quiet_throughout_keeps_its_time() -> None:
    (word,) = trim_words([Word("hm", 1.2, 1.6, 1.0)], _bursts((0.5, 1.0)))
    assert (word.start_s, word.end_s) == (1.2, 1.6)


def test_audio_shorter_than_a_frame_is_left_alone() -> None:
    (word,) = trim_words([Word("a", 0.0, 0.005, 1.0)], np.ones(80, np.float32))
    assert (word.start_s, word.end_s) == (0.0, 0.005)


@pytest.mark.parametrize(("peak", "silent"), [(0.0, True), (4 / 32768, True), (0.01, False)])
def test_a_segment_with_nothing_loud_in_it_is_silent(peak: float, silent: bool) -> None:
    audio = np.zeros(1000, np.float32)
    audio[500] = -peak
    assert is_silent(audio) is silent


def test_an_empty_segment_is_silent() -> None:
    assert is_silent(np.zeros(0, np.float32))
