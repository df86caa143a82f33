from __future__ import annotations

import pytest

from serving.domain.competency import Language
from serving.domain.transcript import SegmentTranscript, Word
from serving.signals.text.fillers import find_fillers
from serving.signals.text.sentences import assemble_transcript
from tests.unit.text.word_hash_encoder import text_transcript


def fillers(text: str, language: Language) -> list[str]:
    return [filler.text for filler in find_fillers(text_transcript(text, language))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("So, um, I called, like, everyone.", ["So", "um", "like"]),
        ("I mean, it was, you know, hard.", ["I mean", "you know"]),
        ("It was like like a dream, uhh.", ["like", "uhh"]),
        ("I like coffee so that I work well. It is kind of you, and the right thing.", []),
        ("Well I think the umbrella and the erratic hummus are fine.", []),
    ],
)
def test_english_fillers_only_where_nothing_else_explains_the_word(text: str, expected: list[str]) -> None:
    assert fillers(text, "en") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("嗯，那个，我负责项目。", ["嗯", "那个"]),
        ("我那个那个不太清楚，就是就是很难。", ["那个", "就是", "就是"]),
        ("那个项目就是我做的，然后我汇报了，金额很大，额外加班。", []),
        ("呃我想想，怎么说呢，很难。", ["呃", "怎么说呢"]),
    ],
)
def test_chinese_fillers_only_where_nothing_else_explains_the_word(text: str, expected: list[str]) -> None:
    assert fillers(text, "zh") == expected


def test_in_unpunctuated_speech_pauses_set_a_filler_off_and_give_its_time() -> None:
    words = (Word("it", 0.0, 0.2, 1), Word("was", 0.2, 0.4, 1), Word("like", 0.8, 1.0, 1), Word("hard", 1.4, 1.8, 1))
    paused = assemble_transcript([(5.0, SegmentTranscript("it was like hard", "en", 1.0, words))], "en")
    (filler,) = find_fillers(paused)
    assert (filler.text, filler.start_offset_s, filler.end_offset_s) == ("like", pytest.approx(5.8), pytest.approx(6.0))
    fluent = tuple(Word(w.text, i * 0.2, i * 0.2 + 0.2, 1) for i, w in enumerate(words))
    assert (
        find_fillers(assemble_transcript([(0.0, SegmentTranscript("it was like hard", "en", 1.0, fluent))], "en")) == ()
    )
