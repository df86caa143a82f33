"""Sentences that say again what was said: word for word, in other words, or put together from earlier ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from serving.domain.competency import Language
from serving.signals.text.chinese import segment
from serving.signals.text.resources import load_words
from serving.signals.text.units import units

NEAR_DUPLICATE: Final = 0.93  # cosine over which a sentence repeats an earlier one (seen: paraphrases stay under 0.9)
# A sentence whose content words were nearly all said before, and which lies near an earlier one, adds nothing. Seen in
# 5 of 4,900 sentences of honest answers.
_COVERED, _NEAR = 0.6, 0.6
# Who repeats once is read more strictly: a padded answer says one thing in ever other words.
_COVERED_AGAIN, _NEAR_AGAIN, _NEAR_DUPLICATE_AGAIN = 0.4, 0.45, 0.8
_MIN_CONTENT: Final = 2
_BEFORE: Final = 40  # sentences looked back at, so that cost stays linear
_ENDING: Final = re.compile(r"(?:ing|ed|es|s|'s)$")


def said_again(sentences: Sequence[str], embeddings: NDArray[np.float32], language: Language) -> frozenset[int]:
    """Sentences that the 40 before already said.

    Args:
        sentences: in the neutral form.
        embeddings: float32 [sentences, 512], L2-normalised.
    """
    rows = embeddings.astype(np.float64)
    words = [_content(sentence, language) for sentence in sentences]
    strict = _repeats(words, rows, _COVERED, _NEAR, NEAR_DUPLICATE)
    return _repeats(words, rows, _COVERED_AGAIN, _NEAR_AGAIN, _NEAR_DUPLICATE_AGAIN) if strict else strict


def _repeats(
    words: Sequence[frozenset[str]], rows: NDArray[np.float64], least_covered: float, near: float, duplicate: float
) -> frozenset[int]:
    said: dict[str, int] = {}  # content word: the sentence that said it last
    repeats = set()
    for at, own in enumerate(words):
        first = max(0, at - _BEFORE)
        nearest = max((float(row @ rows[at]) for row in rows[first:at]), default=0.0)
        covered = sum(said.get(word, -1) >= first for word in own)
        adds_nothing = len(own) >= _MIN_CONTENT and covered >= least_covered * len(own) and nearest >= near
        if nearest > duplicate or adds_nothing:
            repeats.add(at)
        said.update(dict.fromkeys(own, at))
    return frozenset(repeats)


def _content(sentence: str, language: Language) -> frozenset[str]:
    """Content words, roughly stemmed in English."""
    common = load_words("stop_words", language)
    if language == "en":
        words = [unit for unit in units(sentence.lower()) if unit not in common]
        return frozenset(_ENDING.sub("", word) if len(word) > 4 else word for word in words)
    pieces = (token.word for token in segment(sentence))
    parts = (part for piece in pieces for part in ([piece] if len(piece) > 1 else piece))
    return frozenset(part for part in parts if units(part) and part not in common)
