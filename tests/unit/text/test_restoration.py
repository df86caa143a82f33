from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.domain.competency import Language
from serving.signals.text.restoration import MIN_UNITS, restored_spans, whole_sentences
from serving.signals.text.units import units

ENGLISH = [
    "last summer i worked in a bakery near the station",
    "my task was to get the orders out before seven in the morning",
    "so i wrote a list of everything that could be done the evening before",
    "then i asked my colleague to pack the boxes while i was baking",
    "in the end we were never late again and the boss kept the list",
]
CHINESE = [
    "去年暑假我在一家面包店打工",
    "我的任务是早上七点之前把订单都送出去",
    "我先列了一张清单把能提前做的都写下来",
    "然后我请同事在我烤面包的时候负责装盒",
    "最后我们再也没有迟到过老板一直用着那张清单",
]


def parts(text: str, language: Language, pauses_s: dict[int, float] | None = None) -> list[str]:
    return [text[start:end] for start, end in restored_spans(text, (0, len(text)), language, pauses_s)]


@pytest.mark.parametrize(("sentences", "joiner", "language"), [(ENGLISH, " ", "en"), (CHINESE, "", "zh")])
def test_most_ends_come_back_where_they_were(sentences: list[str], joiner: str, language: Language) -> None:
    found = parts(joiner.join(sentences), language)
    ends = set(itertools.accumulate(len(s) + len(joiner) for s in sentences[:-1]))
    again = set(itertools.accumulate(len(s) + len(joiner) for s in found[:-1]))
    assert len(ends & again) >= 3
    assert len(found) <= 7


@pytest.mark.parametrize(("text", "language"), [(" ".join(ENGLISH), "en"), ("".join(CHINESE), "zh")])
def test_a_pause_is_an_end_and_its_absence_is_none(text: str, language: Language) -> None:
    cut = text.index("while i" if language == "en" else "负责装盒")
    assert any(part.startswith(text[cut : cut + 4]) for part in parts(text, language, {cut: 1.2}))
    assert len(parts(text, language, {})) < len(parts(text, language, {cut: 1.2})) + 3


def test_what_has_marks_is_left_as_it_was_written() -> None:
    written = "I came in early, opened the shop, counted the till, baked forty rolls, " * 3
    assert whole_sentences(written, (0, len(written)), "en") == [(0, len(written))]
    short = "and then i went home"
    assert whole_sentences(short, (0, len(short)), "en") == [(0, len(short))]


@given(
    st.lists(st.sampled_from([*ENGLISH, *CHINESE, "哈", "a b c", "42 %", "…"]), max_size=8),
    st.sampled_from(["en", "zh"]),
)
def test_no_word_is_lost_and_no_part_is_too_short(pieces: list[str], language: Language) -> None:
    text = " ".join(pieces)
    found = restored_spans(text, (0, len(text)), language)
    assert "".join(text[start:end] for start, end in found).replace(" ", "") == text.replace(" ", "")
    if len(found) > 1:
        assert all(len(units(text[start:end])) >= MIN_UNITS[language] for start, end in found)


def test_a_list_is_one_sentence() -> None:
    told = (
        "我们准备了话筒、矿泉水、签到表、节目单、荧光棒、横幅、相机、对讲机、雨衣、工作证、胶带、剪刀、红包、海报和电脑"
    )
    found = restored_spans(told, (0, len(told)), "zh")
    assert all(told[end] != "、" and told[end - 1] != "、" for _, end in found[:-1])


def test_a_long_run_on_is_cut_throughout() -> None:
    words = (" ".join(ENGLISH) + " ") * 60
    assert len(restored_spans(words, (0, len(words)), "en")) > 200
