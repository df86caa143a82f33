"""Hints in the wording and place of a sentence, which the sentence models take beside its embedding.

A model is trained on exactly these columns: a change of their number, order or meaning needs `make train`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from serving.domain.competency import Language
from serving.domain.judgement import AnswerState, Wording
from serving.signals.text.resources import load_data

ROLE_CUES: Final = ("S", "T", "A", "R", "O")
FACT_CUES: Final = ("own", "shared", "habit", "event", "cause", "number", "occasion", "reflect", "result")
_NAMED_ONCE: Final = ("number", "occasion")
PLACES: Final = ("position", "first", "last", "count", "likeness_to_question")
COLUMNS: Final = (*PLACES, *ROLE_CUES, *FACT_CUES, "length")
CUE_COUNT: Final = len(COLUMNS)

_LONG_ANSWER = 4  # sentences; beyond it, length says nothing about quality
_LONG_SENTENCE: Final = {"en": 120, "zh": 40}  # characters


def find_wording(sentences: Sequence[str], language: Language) -> tuple[Wording, ...]:
    """Search each sentence, in the neutral form, for cues: the slow part, done once and not for every part left out."""
    patterns = _patterns(language)
    return tuple(
        Wording(
            tuple(sum(cue.search(sentence) is not None for cue in patterns[name]) for name in ROLE_CUES),
            tuple(
                tuple(match.group() for cue in patterns[name] for match in cue.finditer(sentence)) for name in FACT_CUES
            ),
        )
        for sentence in sentences
    )


def cue_features(state: AnswerState) -> NDArray[np.float32]:
    """The columns of `COLUMNS` for each sentence, 0..2, mostly 0..1; float32 [sentences, 20]."""
    count = len(state.sentences)
    found = np.zeros((count, CUE_COUNT), np.float32)
    if not count:
        return found
    found[:, 0] = np.arange(count) / max(1, count - 1)
    found[0, 1] = found[-1, 2] = 1.0
    found[:, 3] = min(count, _LONG_ANSWER) / _LONG_ANSWER
    # Row by row: a matrix product may round a row by the number of its neighbours.
    found[:, 4] = [float(np.dot(row, state.question_embedding)) for row in state.embeddings]
    known: set[str] = set()
    for at, (sentence, wording) in enumerate(zip(state.sentences, state.wording, strict=True)):
        found[at, len(PLACES) : -1] = _strengths(wording, known)
        found[at, -1] = min(2.0, len(sentence) / _LONG_SENTENCE[state.language])
    return found


def _strengths(wording: Wording, known: set[str]) -> list[float]:
    """Strength of each of `ROLE_CUES` and `FACT_CUES`: none, some (0.5) or several (1) hits.

    A role's strength counts different cues, a fact's every hit: two figures are more of a number than one. A figure or
    a time that was named before is none; `known` holds those named so far, and is added to.
    """
    hits = list(wording.roles)
    for name, matches in zip(FACT_CUES, wording.facts, strict=True):
        if name in _NAMED_ONCE:
            new = [match for match in dict.fromkeys(matches) if match not in known]
            known.update(new)
            hits.append(len(new))
        else:
            hits.append(len(matches))
    return [min(2, count) / 2 for count in hits]


@cache
def _patterns(language: Language) -> dict[str, tuple[re.Pattern[str], ...]]:
    data = load_data("cues")[language]
    return {name: tuple(re.compile(cue, re.IGNORECASE) for cue in data[name]) for name in (*ROLE_CUES, *FACT_CUES)}
