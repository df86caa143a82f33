"""How wide a score's range is.

The half-width is a spread times a factor that makes 90% of labelled answers fall inside (split conformal prediction,
Lei et al. 2018; the factor is in `data/ranges.yaml`, written by `viva models train`). The spread is the judge's own
uncertainty of the anchor level, more where the answer is beside the question or short. What the labelled answers do not
tell about widens it further: words that a recogniser was unsure of, a language that may be another, no question.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from serving.domain.competency import Language
from serving.signals.scoring.facts import AnswerFacts
from serving.signals.text.resources import load_yaml

POINTS_PER_LEVEL = 2.0  # level 1..5 stands for 1, 3, 5, 7, 9 points
_NO_QUESTION, _UNSURE_WORDS, _UNSURE_LANGUAGE = 0.3, 3.0, 1.5  # points
_OFF_TOPIC, _SHORT = 1.0, 1.0  # points of spread
_ENOUGH: Final[Mapping[Language, float]] = {"en": 45.0, "zh": 75.0}  # units that are enough to judge by


@dataclass(frozen=True, slots=True)
class RangeConfig:
    """Attributes:
    factor: half-width over spread that covers the stated share of labelled answers; `custom` for competencies that
        were never seen in training: half as much again, which no label has confirmed.
    floor: points of spread that every score has.
    """

    factor: float
    custom: float
    floor: float


@cache
def range_config() -> RangeConfig:
    """The calibrated constants."""
    return RangeConfig(**load_yaml("serving.signals.scoring", "data/ranges.yaml"))


def spread(grade: NDArray[np.float64], relevant: float, said: float, floor: float) -> float:
    """Points by which a score may be off as the judge sees it.

    Args:
        grade: float64 [5], probability of each anchor level.
        relevant: probability that the answer answers the question.
        said: how much was said as a share of enough, 0..1, see `said_share`.
    """
    levels = np.arange(1.0, 6.0)
    mean = float(grade @ levels)
    variance = float(grade @ (levels - mean) ** 2)
    return math.hypot(
        POINTS_PER_LEVEL * math.sqrt(variance), floor, _OFF_TOPIC * (1.0 - relevant), _SHORT * (1.0 - said)
    )


def said_share(units: float, language: Language) -> float:
    """Units said as a share of what is enough to judge by."""
    return min(1.0, units / _ENOUGH[language])


def half_width(facts: AnswerFacts, grade: NDArray[np.float64], relevant: float, *, known: bool = True) -> float:
    """Half of a score's range in points."""
    config = range_config()
    share = said_share(sum(facts.units[at] for at in facts.kept), facts.transcript.language)
    asked = relevant if facts.question else 1.0
    width = (config.factor if known else config.custom) * spread(grade, asked, share, config.floor)
    if not facts.question:
        width += _NO_QUESTION
    if facts.delivery.word_probability is not None:
        width += _UNSURE_WORDS * (1.0 - min(1.0, max(0.0, facts.delivery.word_probability)))
    return width + _UNSURE_LANGUAGE * (1.0 - facts.transcript.language_probability)
