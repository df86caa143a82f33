"""What a reader should know of: text that addresses the scorer, markup, recitals, repetition, another language.

An answer is text, never instructions: nothing here is obeyed. A flagged sentence is shown and earns nothing. Form is
judged by rules (what is in the words), meaning by a judge's probabilities (`Suspicion`); a rule alone would be evaded
by other words, a probability alone would not see a tag.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from serving.domain.assessment import Flag
from serving.domain.competency import Language
from serving.domain.transcript import Sentence, Transcript
from serving.signals.text.language import foreign_share, function_word_share, to_simplified
from serving.signals.text.resources import load_data
from serving.signals.text.units import units

INSTRUCTION, MARKUP, FOREIGN = "instruction_to_scorer", "markup", "off_language"
REPEATED, QUESTION, RUBRIC, STUFFED = "repeated_sentence", "question_restated", "rubric_recited", "stuffed_keywords"

_MIN_UNITS: Final = 5  # a shorter sentence ("I agree.") may well be said twice, or share its words with the question
_SHINGLE: Final = 3
_RESTATED_SHARE: Final = 0.8
_RESTATED_COSINE: Final = 0.93
_ADDRESSES, _RECITES = 0.5, 0.8  # probabilities from which a judge's word is enough
_PERHAPS: Final = (
    0.15  # ... and under which the words of an instruction belong to a story ("my boss told me to ignore")
)
_RUBRIC_COSINE: Final = 0.8
# Share of a sentence. Chinese speakers use English terms; a sentence that is half of them is English all the same.
_FOREIGN_SHARE: Final[dict[Language, float]] = {"en": 0.5, "zh": 0.3}
_MIN_FOREIGN: Final = 6  # units, so that a sentence with two terms in it is none
_NO_SENTENCE: Final = (8, 0.08)  # so many words with a lower share of function words are a list or another language
# Zero-width and direction marks, soft hyphens and tag characters: they hide words from a pattern, not from a model.
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\U000e0000-\U000e007f]")

_FULL_WIDTH: Final = re.compile("[\uff10-\uff19\uff1c\uff1e\uff21-\uff3a\uff41-\uff5a]")  # letters, digits, < >


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What was seen in each sentence beyond its words.

    Attributes:
        addresses, recites: float64 [sentences], probability that it speaks to whoever scores, or strings keywords and
            phrases of a rubric together.
        question: float64 [sentences], cosine with the question; zeros without one.
        rubric: float64 [sentences], cosine with the nearest sentence of a rubric's definitions and scales.
        again: sentences that say what an earlier one said.
    """

    addresses: NDArray[np.float64]
    recites: NDArray[np.float64]
    question: NDArray[np.float64]
    rubric: NDArray[np.float64]
    again: frozenset[int] = frozenset()

    @classmethod
    def none(cls, sentences: int) -> Suspicion:
        """Nothing seen."""
        nothing = np.zeros(sentences)
        return cls(nothing, nothing, nothing, nothing)


def flag_kinds(transcript: Transcript, question: str, suspicion: Suspicion) -> tuple[str, ...]:
    """For each sentence the first kind of flag that holds, or ""."""
    asked = _folded(question)
    seen: set[tuple[str, ...]] = set()
    kinds = []
    for at, sentence in enumerate(transcript.sentences):
        said = _folded(sentence.text)
        kind = _form(sentence.text, transcript.language, suspicion.addresses[at])
        if not kind and len(said) >= _MIN_UNITS:
            if said in seen or at in suspicion.again:
                kind = REPEATED
            elif _restates(said, asked) or suspicion.question[at] >= _RESTATED_COSINE:
                kind = QUESTION
            elif suspicion.rubric[at] >= _RUBRIC_COSINE:
                kind = RUBRIC
        if not kind:
            kind = _meaning(suspicion, at)
        seen.add(said)
        kinds.append(kind)
    return tuple(kinds)


def flags_of(sentences: Sequence[Sentence], kinds: Sequence[str]) -> tuple[Flag, ...]:
    """Flags in order of the text; each quotes one sentence verbatim."""
    return tuple(
        Flag(kind, sentence.text, sentence.start_offset_s, sentence.end_offset_s)
        for sentence, kind in zip(sentences, kinds, strict=True)
        if kind
    )


def _form(text: str, language: Language, addresses: float) -> str:
    plain = _FULL_WIDTH.sub(lambda match: unicodedata.normalize("NFKC", match.group()), _INVISIBLE.sub("", text))
    plain = to_simplified(plain).replace("\u2019", "'")
    for name, pattern in _patterns():
        if pattern.search(plain) and (name != INSTRUCTION or addresses >= _PERHAPS):
            return name
    count = len(units(plain))
    foreign = foreign_share(plain, language)
    if foreign > _FOREIGN_SHARE[language] and foreign * count >= _MIN_FOREIGN - 1:
        return FOREIGN
    least, share = _NO_SENTENCE
    if language == "en" and count >= least and function_word_share(plain) < share:
        return STUFFED if "," in plain else FOREIGN
    return ""


def _meaning(suspicion: Suspicion, at: int) -> str:
    if suspicion.addresses[at] >= _ADDRESSES:
        return INSTRUCTION
    return STUFFED if suspicion.recites[at] >= _RECITES else ""


def _restates(said: tuple[str, ...], asked: tuple[str, ...]) -> bool:
    """The sentence is words of the question, or the question is in it whole."""
    own, theirs = _shingles(said), _shingles(asked)
    shared = len(own & theirs)
    return (
        bool(own)
        and bool(theirs)
        and (
            shared >= _RESTATED_SHARE * len(own)
            or (len(asked) >= _MIN_UNITS and shared >= _RESTATED_SHARE * len(theirs))
        )
    )


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    data = load_data("flags")
    return tuple((kind, re.compile("|".join(data[kind]), re.IGNORECASE)) for kind in (INSTRUCTION, MARKUP))


def _folded(text: str) -> tuple[str, ...]:
    """In lower case and without punctuation: what "verbatim" compares."""
    return tuple(units(text.lower()))


def _shingles(said: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    return frozenset(said[at : at + _SHINGLE] for at in range(len(said) - _SHINGLE + 1))
