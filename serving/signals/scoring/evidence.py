"""Verbatim quotes that the points of a score rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from serving.domain.assessment import Contribution, Evidence
from serving.signals.scoring.facts import AnswerFacts
from serving.signals.scoring.features import SentenceFeatures

MIN_POINTS = 0.1  # a contribution smaller than this needs no quote
MIN_STRENGTH = 0.2
MAX_QUOTES = 8


def collect_evidence(
    facts: AnswerFacts,
    contributions: Sequence[Contribution],
    shown: Mapping[str, NDArray[np.float64]],
    measured: SentenceFeatures,
) -> list[Evidence]:
    """The strongest sentence behind each contribution that a sentence can carry, weightiest contribution first.

    Args:
        shown: strength of the competency's dimensions, and of contrary behaviour, per sentence.
    """
    carried = {
        "action": measured.action,
        "result": measured.result,
        "specificity": measured.specificity / 3.0,
        "reasoning": measured.reasoning / 2.0,
        "reflection": measured.reflection,
        "vagueness": measured.vagueness,
        "relevance": measured.relevance,
        **shown,
    }
    quotes = []
    for part in sorted(contributions, key=lambda part: -abs(part.points)):
        strength = carried.get(part.name)
        if strength is None or abs(part.points) < MIN_POINTS:
            continue
        at = int(np.argmax(strength))
        if strength[at] < MIN_STRENGTH or not measured.live[at]:
            continue
        sentence = facts.transcript.sentences[at]
        quotes.append(Evidence(sentence.text, part.name, sentence.start_offset_s, sentence.end_offset_s))
    return quotes[:MAX_QUOTES]
