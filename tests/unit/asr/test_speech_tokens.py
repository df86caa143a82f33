"""From tokens to text and timed words."""

import pytest
from viva_speech.tokens import Token, Word, decode_vocabulary, text_of, words_of


def _tokens(*pieces: str | bytes, step_s: float = 1.0) -> list[Token]:
    """Tokens of one step each, with probabilities 0.9, 0.8, ..."""
    return [
        Token(
            piece.encode() if isinstance(piece, str) else piece, index * step_s, (index + 1) * step_s, 0.9 - index / 10
        )
        for index, piece in enumerate(pieces)
    ]


def _texts(words: list[Word]) -> list[str]:
    return [word.text for word in words]


def test_english_words_are_what_stands_between_spaces() -> None:
    tokens = _tokens(" It", "'s", " well", "-", "known", ",", " (", "really", ")", " so", ".")
    assert text_of(tokens) == "It's well-known, (really) so."
    assert _texts(words_of(tokens)) == ["It's", "well-known,", "(really)", "so."]


def test_a_word_lasts_from_its_first_to_its_last_letter() -> None:
    (times, it) = words_of(_tokens(" tim", "es", ",", " it"))
    assert (times.text, times.start_s, times.end_s) == ("times,", 0.0, 2.0)  # the comma sits on the pause
    assert (it.start_s, it.end_s) == (3.0, 4.0)


def test_a_words_probability_is_the_mean_of_its_spoken_tokens() -> None:
    (word,) = words_of(_tokens(" tim", "es", ","))
    assert word.probability == pytest.approx((0.9 + 0.8) / 2)


def test_a_chinese_character_is_a_word_with_its_share_of_the_tokens_time() -> None:
    words = words_of(_tokens("你好", "，", "世", "界。"))
    assert _texts(words) == ["你", "好，", "世", "界。"]
    assert [(word.start_s, word.end_s) for word in words][:2] == [(0.0, 0.5), (0.5, 1.0)]


def test_a_character_spread_over_tokens_lasts_from_the_first_to_the_last_of_them() -> None:
    lin = "林".encode()
    words = words_of(_tokens(lin[:1], lin[1:], "木"))
    assert _texts(words) == ["林", "木"]
    assert (words[0].start_s, words[0].end_s) == (0.0, 2.0)
    assert words[0].probability == pytest.approx(0.85)


def test_latin_words_inside_chinese_stay_whole() -> None:
    assert _texts(words_of(_tokens("我用", "Py", "thon", "写《", "诗》", "！"))) == [
        "我",
        "用",
        "Python",
        "写",
        "《诗》！",
    ]


def test_spaces_between_chinese_phrases_make_no_words() -> None:
    assert _texts(words_of(_tokens("天地", " ", "洪荒"))) == ["天", "地", "洪", "荒"]


def test_bytes_that_form_no_character_are_left_out() -> None:
    tokens = _tokens(" so", "林".encode()[:2])
    assert text_of(tokens) == "so"
    assert _texts(words_of(tokens)) == ["so"]


def test_a_mark_that_stands_alone_is_a_word_of_its_own_time() -> None:
    (first, dash, second) = words_of(_tokens(" one", " -", " two"))
    assert (dash.text, dash.start_s, dash.end_s) == ("-", 1.0, 2.0)
    assert (first.text, second.text) == ("one", "two")


def test_no_tokens_make_no_words() -> None:
    assert (text_of([]), words_of([])) == ("", [])


def test_a_vocabulary_may_hold_bytes_that_are_not_text() -> None:
    assert decode_vocabulary(["/w==", "", "IGE="]) == [b"\xff", b"", b" a"]
