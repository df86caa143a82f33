from __future__ import annotations

import pytest

from serving.signals.text.language import detect_language, to_simplified


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I called the customer and she was happy with the answer.", "en"),
        ("我给客户打了电话，她很满意。", "zh"),
        ("我用 Python 和 Docker 搭了一个服务", "zh"),
        ("The word 你好 means hello and I learned it in my first week.", "en"),
    ],
)
def test_the_script_decides_the_language(text: str, language: str) -> None:
    detected, probability = detect_language(text)
    assert detected == language
    assert probability > 0.6


def test_a_text_without_letters_says_nothing_about_its_language() -> None:
    assert detect_language("12 % ... 🙂") == ("en", 0.5)


@pytest.mark.parametrize(
    "text",
    ["Je suis étudiant à Paris et je travaille beaucoup avec mon équipe.", "これは日本語のテキストです", "Это ответ"],
)
def test_another_language_gets_a_low_probability(text: str) -> None:
    assert detect_language(text)[1] <= 0.6


def test_more_words_make_the_language_surer() -> None:
    assert detect_language("我很满意") < detect_language("我很满意这次的结果")


def test_traditional_characters_become_simplified_and_the_rest_stays() -> None:
    assert to_simplified("這個專案裡，頭髮與 API 後來") == "这个专案里，头发与 API 后来"
    assert to_simplified("plain text") == "plain text"
