from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.domain.competency import Language
from serving.domain.transcript import SegmentTranscript, Word
from serving.signals.text.sentences import assemble_transcript


def segment(
    words: list[str], language: Language, joiner: str, gaps: dict[int, float] | None = None
) -> SegmentTranscript:
    """Words of 0.3 s each; `gaps` adds silence before a word."""
    clock, timed = 0.0, []
    for at, word in enumerate(words):
        clock += (gaps or {}).get(at, 0.0)
        timed.append(Word(word, clock, clock + 0.3, 0.9))
        clock += 0.3
    return SegmentTranscript(joiner.join(words), language, 0.9, tuple(timed))


def test_segments_join_on_the_answers_clock() -> None:
    first = segment(["I", "called", "her."], "en", " ")
    second = segment(["She", "was", "happy."], "en", " ")
    transcript = assemble_transcript([(1.0, first), (20.0, second)], "en", 0.9)
    assert transcript.text == "I called her. She was happy."
    assert [s.text for s in transcript.sentences] == ["I called her.", "She was happy."]
    assert transcript.sentences[0].start_offset_s == pytest.approx(1.0)
    assert transcript.sentences[1].end_offset_s == pytest.approx(20.9)
    assert transcript.words[3].start_offset_s == pytest.approx(20.0)
    assert transcript.language_probability == pytest.approx(0.9)


def test_chinese_joins_without_spaces_and_comes_out_simplified() -> None:
    words = [*"我們用", " Spark", " SQL", *"處理數據。"]
    transcript = assemble_transcript([(0.0, segment(words, "zh", ""))], "zh")
    assert transcript.text == "我们用Spark SQL处理数据。"
    assert "".join(word.text for word in transcript.words) == "我们用SparkSQL处理数据。"


def test_letters_of_one_latin_word_stay_together() -> None:
    heard = SegmentTranscript(
        "用AI做", "zh", 0.9, tuple(Word(c, i * 0.2, i * 0.2 + 0.2, 0.9) for i, c in enumerate("用AI做"))
    )
    assert assemble_transcript([(0.0, heard)], "zh").text == "用AI做"


def test_pauses_end_sentences_where_punctuation_is_missing() -> None:
    words = ("last year we had a problem with the server and nobody knew why it was so slow every day " * 4).split()
    heard = segment(words, "en", " ", {19: 0.7, 38: 0.7, 50: 0.3})
    sentences = assemble_transcript([(0.0, heard)], "en").sentences
    assert [len(s.text.split()) for s in sentences][:2] == [19, 19]


def test_a_pause_within_punctuated_speech_is_a_hesitation() -> None:
    heard = segment(
        ["I", "called", "her", "on", "Monday", "because", "she", "was", "angry.", "She", "was", "happy."],
        "en",
        " ",
        {5: 1.5},
    )
    assert len(assemble_transcript([(0.0, heard)], "en").sentences) == 2


def test_silence_gives_an_empty_transcript() -> None:
    transcript = assemble_transcript([], "zh", 0.0)
    assert (transcript.text, transcript.sentences, transcript.language_probability) == ("", (), 0.0)


def test_a_segment_without_words_keeps_its_text_untimed() -> None:
    transcript = assemble_transcript([(0.0, SegmentTranscript("後來好了。", "zh", 0.8, ()))], "zh")
    assert transcript.text == "后来好了。"
    assert transcript.sentences[0].start_offset_s is None


@given(st.lists(st.lists(st.text(min_size=1, max_size=6), max_size=12), max_size=4), st.sampled_from(["en", "zh"]))
def test_every_word_is_found_in_the_text_in_order(parts: list[list[str]], language: Language) -> None:
    joiner = " " if language == "en" else ""
    heard = [(10.0 * at, segment(words, language, joiner)) for at, words in enumerate(parts)]
    transcript = assemble_transcript(heard, language)
    cursor = 0
    for word in transcript.words:
        cursor = transcript.text.index(word.text, cursor) + len(word.text)
    for sentence in transcript.sentences:
        assert transcript.text[sentence.start : sentence.end] == sentence.text
        assert sentence.start_offset_s is not None
