"""Pauses, rates and the delivery facts."""

from __future__ import annotations

import pytest

from serving.domain.facts import Filler, Interval
from serving.domain.transcript import Transcript, Word
from serving.signals.audio.prosody import Prosody
from serving.signals.audio.timing import delivery_of_speech, delivery_of_text, pause_ratio, pauses

REGIONS = (Interval(1.0, 4.0), Interval(4.4, 6.0), Interval(8.0, 10.0))


def test_silences_from_half_a_second_are_pauses() -> None:
    assert pauses(REGIONS) == (Interval(6.0, 8.0),)
    assert pauses(REGIONS, min_pause_s=0.3) == (Interval(4.0, 4.4), Interval(6.0, 8.0))
    assert pauses(REGIONS[:1]) == pauses(()) == ()


def test_the_pause_ratio_counts_from_first_to_last_speech() -> None:
    assert pause_ratio(REGIONS) == pytest.approx(2.4 / 9.0)
    assert pause_ratio(REGIONS[:1]) == 0.0
    assert pause_ratio(()) is None


def test_a_spoken_answer_has_a_rate_over_its_articulated_time() -> None:
    words = tuple(Word(text, 1.0, 2.0, probability) for text, probability in (("we", 0.5), ("shipped", 1.0)))
    transcript = Transcript("we shipped it um today", "en", 1.0, (), words)
    filler = Filler("um", 3.0, 3.2)
    delivery = delivery_of_speech(transcript, [filler], REGIONS, 12.0, Prosody(116.0, 3.0, 7.0))
    assert delivery.word_count == 5
    assert delivery.speech_rate == pytest.approx(5 * 60 / 6.6)
    assert delivery.speech_rate_unit == "words_per_minute"
    assert delivery.duration_s == 12.0
    assert delivery.articulated_s == pytest.approx(6.6)
    assert (delivery.pause_count, delivery.longest_pause_s) == (1, 2.0)
    assert delivery.pause_ratio == pytest.approx(2.4 / 9.0)
    assert delivery.fillers == (filler,) and delivery.filler_count == 1
    assert (delivery.pitch_median_hz, delivery.pitch_variation_semitones, delivery.energy_variation_db) == (116, 3, 7)
    assert delivery.word_probability == pytest.approx(0.75)


def test_chinese_is_rated_in_characters() -> None:
    delivery = delivery_of_speech(Transcript("我负责这个项目", "zh", 1.0, ()), [], [Interval(0, 2)], 2.0, None)
    assert delivery.speech_rate == pytest.approx(7 * 30)
    assert delivery.speech_rate_unit == "characters_per_minute"
    assert delivery.pitch_median_hz is None


def test_silence_has_no_rate_and_no_pauses() -> None:
    delivery = delivery_of_speech(Transcript("", "en", 0.0, ()), [], [], 5.0, None)
    assert delivery.speech_rate is None and delivery.pause_ratio is None and delivery.longest_pause_s is None
    assert delivery.word_probability is None
    assert (delivery.duration_s, delivery.articulated_s, delivery.pause_count) == (5.0, 0.0, 0)


def test_a_written_answer_has_words_and_fillers_only() -> None:
    delivery = delivery_of_text(Transcript("Well, um, I led it.", "en", 1.0, ()), [Filler("um")])
    assert (delivery.word_count, delivery.filler_count) == (5, 1)
    assert delivery.speech_rate is None and delivery.duration_s is None and delivery.pauses == ()
