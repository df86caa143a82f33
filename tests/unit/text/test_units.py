from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.domain.competency import Language
from serving.signals.audio.timing import delivery_of_text
from serving.signals.text.fillers import units_said
from serving.signals.text.units import has_unit, unit_starts, units
from tests.unit.text.word_hash_encoder import text_transcript


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I didn't re-use it, 3.5 times.", ["I", "didn't", "re-use", "it", "3.5", "times"]),
        ("  ...  ", []),
        ("", []),
        ("我负责项目。", ["我", "负", "责", "项", "目"]),
        ("我用Python写了3个", ["我", "用", "Python", "写", "了", "3", "个"]),
        ("They said 你好 to me", ["They", "said", "你", "好", "to", "me"]),
    ],
)
def test_words_and_characters_are_counted_as_they_are_said(text: str, expected: list[str]) -> None:
    assert units(text) == expected


@given(st.text(max_size=200))
def test_every_way_of_counting_agrees(text: str) -> None:
    assert len(unit_starts(text, 0, len(text))) == len(units(text))
    assert has_unit(text, 0, len(text)) == bool(units(text))


@pytest.mark.parametrize(
    ("text", "language"),
    [("I wrote it in 用Python写了 twice. It took 3.5 days.", "en"), ("我用Python写了3个工具。她很满意。", "zh")],
)
def test_what_is_scored_is_as_long_as_what_is_reported(text: str, language: Language) -> None:
    transcript = text_transcript(text, language)
    assert sum(units_said(transcript)) == delivery_of_text(transcript, ()).word_count


def test_fillers_are_left_out_of_what_is_said() -> None:
    transcript = text_transcript("Well, um, I led it. Uh. Um-hm, you know, it went well.", "en")
    assert units_said(transcript) == (3, 0, 3)
