"""A deterministic stand-in for the sentence encoder at its Protocol's edge: sentences that share words are alike.

Unlike a recorded array it works for any text, and unlike the real encoder it knows no synonyms.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from serving.domain.competency import Language
from serving.domain.transcript import Transcript
from serving.signals.text.references import References, make_references, reference_sentences
from serving.signals.text.sentences import split_sentences

_TOKEN = re.compile(r"[㐀-鿿]|[a-z]+|\d+")


@cache
def _vector(token: str) -> NDArray[np.float64]:
    seed = int.from_bytes(hashlib.sha256(token.encode()).digest()[:8], "little")
    return np.random.default_rng(seed).standard_normal(512)


def embed(sentences: Sequence[str]) -> NDArray[np.float32]:
    """float32 [n, 512], L2-normalised."""
    rows = np.zeros((len(sentences), 512), dtype=np.float32)
    for at, sentence in enumerate(sentences):
        tokens = _TOKEN.findall(sentence.lower()) or [""]
        pairs = [a + " " + b for a, b in itertools.pairwise(tokens)]
        total = np.sum([_vector(token) for token in (*tokens, *pairs)], axis=0)
        rows[at] = total / np.linalg.norm(total)
    return rows


@cache
def references(language: Language) -> References:
    return make_references(language, embed(reference_sentences(language)))


def text_transcript(text: str, language: Language) -> Transcript:
    return Transcript(text, language, 1.0, split_sentences(text, language))
