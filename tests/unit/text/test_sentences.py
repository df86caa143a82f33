from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.domain.competency import Language
from serving.domain.errors import InvalidRequest, Reason
from serving.signals.text.boundaries import MAX_CHARACTERS, MAX_WORDS
from serving.signals.text.sentences import given_sentences, split_sentences
from serving.signals.text.units import units


def texts(text: str, language: Language) -> list[str]:
    return [sentence.text for sentence in split_sentences(text, language)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I met Dr. Smith. He agreed!", ["I met Dr. Smith.", "He agreed!"]),
        ("We cut it by 3.5 percent, e.g. at night. Good.", ["We cut it by 3.5 percent, e.g. at night.", "Good."]),
        ('I said "No way!" and left. Then?', ['I said "No way!" and left.', "Then?"]),
        ("Visit example.com now. Then... well, it worked.", ["Visit example.com now.", "Then... well, it worked."]),
        ("1. I called.\n2. I wrote.", ["1. I called.", "2. I wrote."]),
        ("A line that\ngoes on. Next\n\nblock", ["A line that\ngoes on.", "Next", "block"]),
        ("It was J. K. Rowling. She wrote.", ["It was J. K. Rowling.", "She wrote."]),
    ],
)
def test_english_ends_at_marks_that_end_a_sentence(text: str, expected: list[str]) -> None:
    assert texts(text, "en") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("老师说：“你来吧。”我答应了！结果呢？", ["老师说：“你来吧。”", "我答应了！", "结果呢？"]),
        ("增长了3.5倍；我很高兴……后来结束了", ["增长了3.5倍；", "我很高兴……", "后来结束了"]),
        ("我做了方案.然后汇报", ["我做了方案.", "然后汇报"]),
    ],
)
def test_chinese_ends_at_chinese_marks(text: str, expected: list[str]) -> None:
    assert texts(text, "zh") == expected


def test_nothing_said_has_no_sentence() -> None:
    assert split_sentences("", "en") == ()
    assert split_sentences("... 🙂 !!", "zh") == ()


def test_speech_without_punctuation_is_cut_at_length() -> None:
    english = "so then i looked at the logs and found the disk was full " * 12
    chinese = "然后我看了日志发现硬盘满了所以我删掉了旧文件" * 12
    for text, language, limit in ((english, "en", MAX_WORDS), (chinese, "zh", MAX_CHARACTERS)):
        sentences = split_sentences(text, language)  # type: ignore[arg-type]
        assert len(sentences) > 2
        assert all(len(units(s.text)) <= limit for s in sentences)
        assert "".join(s.text for s in sentences).replace(" ", "") == text.replace(" ", "")


@given(st.text(max_size=400), st.sampled_from(["en", "zh"]))
def test_sentences_are_verbatim_in_order_and_lose_no_word(text: str, language: Language) -> None:
    sentences = split_sentences(text, language)
    cursor = 0
    for sentence in sentences:
        assert text[sentence.start : sentence.end] == sentence.text
        assert sentence.start >= cursor
        cursor = sentence.end
    kept = sum(len(units(s.text)) for s in sentences)
    assert kept >= len(units(text))


def test_the_callers_split_is_located_and_white_space_may_differ() -> None:
    text = "I  called\nher. She was happy. She was happy."
    found = given_sentences(text, ["I called her.", "She was happy.", "She was  happy."])
    assert [text[s.start : s.end] for s in found] == ["I  called\nher.", "She was happy.", "She was happy."]
    assert found[1].start < found[2].start


@pytest.mark.parametrize("sentences", [["one.", "three."], ["two.", "one."], ["one.", " "]])
def test_a_split_that_is_not_in_the_text_names_its_field(sentences: list[str]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        given_sentences("one. two.", sentences)
    assert caught.value.reason is Reason.FIELD_INVALID
    assert caught.value.field == "config.sentences[1]"
