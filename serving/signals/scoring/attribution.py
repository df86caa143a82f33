"""Which sentences a score rests on: those whose absence changes it most.

A sentence's effect is the score of the answer less that of the same answer without it. It is taken from the judge and
the scorer themselves, so what is quoted is what moved the points, and not what looks like it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from serving.domain.assessment import Evidence
from serving.domain.judgement import Judgement
from serving.domain.transcript import Sentence
from serving.signals.scoring.features import AGAINST, EMPTY, FEATURES, SHOWS
from serving.signals.text.star import ROLE_QUESTION

MAX_CANDIDATES: Final = 12  # sentences that are left out in turn: all of a usual answer, the likeliest of a long one
MAX_QUOTES: Final = 4
MIN_POINTS: Final = 0.1  # a smaller effect needs no quote
_QUOTED_SHARE: Final = 0.5  # of an answer's sentences at most: what quotes everything points at nothing
# An act or its outcome carries a score even where it shows no competency by itself.
_STORY_WEIGHT: Final = 0.3


def candidates(judgement: Judgement, competencies: Sequence[str], count: int) -> tuple[int, ...]:
    """Sentences worth leaving out, in order of the text; cost stays linear in the length of the answer."""
    if count <= 1:
        return ()
    if count <= MAX_CANDIDATES:
        return tuple(range(count))
    roles = judgement.choices[ROLE_QUESTION]
    story = _STORY_WEIGHT * (roles[:, 2] + roles[:, 3]) * (1.0 - judgement.statements[EMPTY])
    best = np.zeros(count)
    for name in competencies:
        both = judgement.statements[SHOWS.format(name)], judgement.statements[AGAINST.format(name)]
        best = np.maximum(best, np.maximum(*both))
    order = np.argsort(-(best + story), kind="stable")[:MAX_CANDIDATES]
    return tuple(sorted(int(at) for at in order))


def quotes(
    sentences: Sequence[Sentence], effects: Mapping[int, NDArray[np.float64]], sign: int
) -> tuple[Evidence, ...]:
    """The sentences that moved the score most in one direction, largest effect first.

    Each names the contribution that it moved most.

    Args:
        effects: points of each of `FEATURES` that a sentence is worth, float64 [14], by its place in `sentences`.
        sign: 1 for sentences that raise the score, -1 for those that lower it.
    """
    limit = min(MAX_QUOTES, max(1, int(_QUOTED_SHARE * len(sentences))))
    worth = {at: sign * math.fsum(effect.tolist()) for at, effect in effects.items()}
    chosen = sorted((at for at in worth if worth[at] >= MIN_POINTS), key=lambda at: (-worth[at], at))[:limit]
    found = []
    for at in chosen:
        name = FEATURES[int(np.argmax(sign * effects[at]))]
        found.append(Evidence(sentences[at].text, name, sentences[at].start_offset_s, sentences[at].end_offset_s))
    return tuple(found)
