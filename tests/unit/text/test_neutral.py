"""What the models may not see is not there: two texts that differ in it only have one neutral form."""

from __future__ import annotations

import re

import pytest

from serving.domain.competency import Language
from serving.signals.text.neutral import neutral
from serving.signals.text.resources import load_data


@pytest.mark.parametrize(
    ("a", "b", "language"),
    [
        ("My colleague Emma Watson and I sorted the files.", "My colleague Kwame Mensah and I sorted the files.", "en"),
        ("She told me that her brother was ill.", "He told me that his sister was ill.", "en"),
        (
            "I organised the colour chart in the theatre centre.",
            "I organized the color chart in the theater center.",
            "en",
        ),
        ("Um, I, uh, called the client.", "I called the client.", "en"),
        ("I called the client.", "i called the client", "en"),
        ("I called the customer and asked what she needed.", "I Called The Customer And Asked What She Needed.", "en"),
        ("I found a copy in the folder.", "I FOUND A COPY IN THE FOLDER.", "en"),
        ("We sold 3500 tickets.", "We sold 3,500 tickets.", "en"),
        ("I grew up in Hong Kong and moved to Los Angeles.", "I grew up in London and moved to Paris.", "en"),
        ("I was twenty-two years old when I led it.", "I was 45 years old when I led it.", "en"),
        ("我同事张伟和我整理了档案。", "我同事李娜和我整理了档案。", "zh"),
        ("她说她姐姐生病了。", "他说他哥哥生病了。", "zh"),
        ("我負責整理檔案。", "我负责整理档案。", "zh"),
        ("嗯，我，那个，给客户打了电话。", "我给客户打了电话。", "zh"),
        ("我在清华大学读书的时候组织了比赛。", "我在湖南大学读书的时候组织了比赛。", "zh"),
    ],
)
def test_irrelevant_differences_vanish(a: str, b: str, language: Language) -> None:
    assert neutral(a, language) == neutral(b, language)


@pytest.mark.parametrize(
    ("a", "b", "language"),
    [
        ("I told her the truth.", "I did not tell her the truth.", "en"),
        ("I called the client.", "We called the client.", "en"),
        ("i met him in the park", "i met him in the bank", "en"),
        ("It rose by 3.5 percent.", "It rose by 35 percent.", "en"),
        ("那天我给客户打了电话。", "天我给客户打了电话。", "zh"),
        ("我告诉了她真相。", "我没有告诉她真相。", "zh"),
    ],
)
def test_what_was_done_stays(a: str, b: str, language: Language) -> None:
    assert neutral(a, language) != neutral(b, language)


@pytest.mark.parametrize(("text", "language"), [("Emma.", "en"), ("嗯。", "zh"), ("42", "en")])
def test_nothing_becomes_empty(text: str, language: Language) -> None:
    assert neutral(text, language)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_replacements_are_written_in_the_lower_case_that_they_meet(language: Language) -> None:
    patterns = [re.sub(r"\\.", "", pattern) for pattern, _ in load_data("neutral")[language]["replace"]]
    assert [pattern for pattern in patterns if pattern != pattern.lower()] == []
