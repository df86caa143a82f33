"""Which language a text is in, by its script, and one script for Chinese."""

from __future__ import annotations

import re
from functools import lru_cache

import opencc

from serving.domain.competency import Language
from serving.signals.text.resources import load_words

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_HAN = re.compile(f"[{HAN}]")
# Not `units`: evidence of a script, so figures and letters of other scripts are none.
_LATIN_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]+(?:['\u2019][A-Za-z]+)*")
# Letters of scripts that neither language uses: kana, hangul, Cyrillic, Greek, Arabic, Hebrew, Thai, Devanagari.
_OTHER = re.compile("[\u0370-\u03ff\u0400-\u04ff\u0590-\u06ff\u0900-\u097f\u0e00-\u0e7f\u3040-\u30ff\uac00-\ud7af]")

# Running English consists of function words to about 45%; French, German or Spanish text shares under 10% of them.
_FUNCTION_WORD_SHARE = 0.25
_FUNCTION_WORD_MIN_WORDS = 5
_MARKED_WORD = 3  # words of another Latin language for each one with a letter of its own


@lru_cache(maxsize=1)
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def to_simplified(text: str) -> str:
    """Traditional Chinese characters as simplified ones (OpenCC `t2s`); everything else is untouched."""
    return str(_converter().convert(text)) if _HAN.search(text) else text


def detect_language(text: str) -> tuple[Language, float]:
    """English or Chinese, and the probability that it really is.

    The script decides: a Han character weighs as much as a Latin word. Letters of other scripts, and Latin text
    that holds few English function words, lower the probability; so does a text of few words. Without a letter the
    answer is ("en", 0.5), which says nothing.
    """
    han = len(_HAN.findall(text))
    words = _LATIN_WORD.findall(text)
    other = len(_OTHER.findall(text))
    if not han and not words:
        return "en", 0.5
    chinese = han >= len(words)
    own = han if chinese else len(words)
    probability = (own + 0.5) / (han + len(words) + other + 1.0)
    if not chinese and len(words) >= _FUNCTION_WORD_MIN_WORDS:
        probability *= 0.5 + 0.5 * min(1.0, function_word_share(text) / _FUNCTION_WORD_SHARE)
    return ("zh" if chinese else "en"), probability


def function_word_share(text: str) -> float:
    """Share of English function words among the Latin words of a text, 0..1; 0 of none."""
    words = _LATIN_WORD.findall(text)
    common = load_words("stop_words", "en")
    return sum(word.lower().replace("\u2019", "'") in common for word in words) / len(words) if words else 0.0


def foreign_share(text: str, language: Language) -> float:
    """Share of what is not of the language by its letters, 0..1.

    English: Han characters, letters of other scripts, and words with letters that English does not have. Chinese: all
    Latin words and letters of other scripts.
    """
    words = _LATIN_WORD.findall(text)
    han, other = len(_HAN.findall(text)), len(_OTHER.findall(text))
    foreign = sum(not word.isascii() for word in words) * _MARKED_WORD if language == "en" else len(words)
    everything = han + len(words) + other
    outside = min(everything, foreign + other + (han if language == "en" else 0))
    return outside / everything if everything else 0.0
