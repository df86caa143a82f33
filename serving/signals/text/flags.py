"""What a reader should know of: text that addresses the scorer, markup, repetition, the question read back.

An answer is text, never instructions: nothing here is obeyed. A flagged sentence is shown and earns nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from serving.domain.assessment import Flag
from serving.domain.transcript import Sentence, Transcript
from serving.signals.text.resources import load_data
from serving.signals.text.units import units

INSTRUCTION, MARKUP, REPEATED, QUESTION = "instruction_to_scorer", "markup", "repeated_sentence", "question_restated"

_MIN_UNITS = 5  # a shorter sentence ("I agree.") may well be said twice, or share its words with the question
_SHINGLE = 3
_RESTATED_SHARE = 0.8


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    data = load_data("flags")
    return tuple((kind, re.compile("|".join(data[kind]), re.IGNORECASE)) for kind in (INSTRUCTION, MARKUP))


def find_flags(transcript: Transcript, question: str) -> tuple[Flag, ...]:
    """Flags in order of the text; each quotes one sentence verbatim, and a sentence gets its first reason only."""
    return tuple(
        Flag(kind, sentence.text, sentence.start_offset_s, sentence.end_offset_s)
        for sentence, kind in zip(transcript.sentences, _kinds(transcript.sentences, question), strict=True)
        if kind
    )


def flagged_sentences(sentences: Sequence[Sentence], flags: Sequence[Flag]) -> frozenset[int]:
    """Indexes of the sentences that the flags are about.

    A repeated sentence's quote is also the text of its first telling, which stays: each flag is matched to the next
    sentence of its text in order, and for repetition never to the first of that text.
    """
    hit: set[int] = set()
    seen: set[tuple[str, ...]] = set()
    repeated = {flag.quote for flag in flags if flag.kind == REPEATED}
    other = {flag.quote for flag in flags if flag.kind != REPEATED}
    for at, sentence in enumerate(sentences):
        said = _folded(sentence.text)
        if sentence.text in other or (sentence.text in repeated and said in seen):
            hit.add(at)
        seen.add(said)
    return frozenset(hit)


def _kinds(sentences: Sequence[Sentence], question: str) -> list[str]:
    asked = _shingles(_folded(question))
    seen: set[tuple[str, ...]] = set()
    kinds = []
    for sentence in sentences:
        said = _folded(sentence.text)
        kind = next((name for name, pattern in _patterns() if pattern.search(sentence.text)), "")
        if not kind and len(said) >= _MIN_UNITS:
            own = _shingles(said)
            if said in seen:
                kind = REPEATED
            elif own and len(own & asked) >= _RESTATED_SHARE * len(own):
                kind = QUESTION
        seen.add(said)
        kinds.append(kind)
    return kinds


def _folded(text: str) -> tuple[str, ...]:
    """In lower case and without punctuation: what "verbatim" compares."""
    return tuple(units(text.lower()))


def _shingles(said: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    return frozenset(said[at : at + _SHINGLE] for at in range(len(said) - _SHINGLE + 1))
