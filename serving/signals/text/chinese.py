"""Chinese words with their part of speech (rjieba: jieba's dictionary and HMM, in Rust)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import rjieba


@dataclass(frozen=True, slots=True)
class Token:
    """A segmented word: `text[start:end] == word`; `tag` is jieba's part of speech (n, v, r, m, x ...)."""

    word: str
    tag: str
    start: int
    end: int


@lru_cache(maxsize=8)  # keywords and scoring ask for the same answer in turn
def segment(text: str) -> tuple[Token, ...]:
    """Words of a text in order. Unknown words are found by the HMM; the result depends on the text alone."""
    tokens, cursor = [], 0
    for word, tag in rjieba.tag(text):
        start = text.find(word, cursor)
        cursor = start + len(word)
        tokens.append(Token(word, tag, start, cursor))
    return tuple(tokens)
