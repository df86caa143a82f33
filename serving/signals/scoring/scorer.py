"""Points become scores: a sum of named contributions, a range that says how sure it is, evidence, dimensions.

    score = base + sum(points of each feature) + bound        (points out of 10; `bound` where 0..10 cuts)

The points come from `competency_scorer`, a monotone additive model: each feature has a curve of its own that never
turns against the feature's sensible direction. Voice and face have no points unless the caller gave them some.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from serving.domain.assessment import CompetencyScore, Contribution, Dimension, OverallScore, ScoreStatus
from serving.domain.judgement import Judgement
from serving.signals.scoring.attribution import quotes
from serving.signals.scoring.facts import AnswerFacts
from serving.signals.scoring.features import FEATURES, LEVEL, RELEVANT, SHOWS
from serving.signals.scoring.ranges import half_width
from serving.signals.scoring.rubric import RubricDimension

_DECIMALS: Final = 3  # points are rounded so that the printed parts sum to the printed score
# A side of the competency that nothing shows is so many points below one that shows as well as the competency does.
_DIMENSION_POINTS: Final = 2.0
_SHARPNESS: Final = 12.0  # of the choice between dimensions by cosine
TOP: Final = 10.0


def competency_score(
    name: str,
    dimensions: Sequence[RubricDimension],
    facts: AnswerFacts,
    judgement: Judgement,
    points: NDArray[np.float32],
    effects: Mapping[int, NDArray[np.float64]],
    likeness: Mapping[str, NDArray[np.float64]],
    *,
    known: bool = True,
) -> CompetencyScore:
    """Put one competency's score together.

    Args:
        judgement: about the sentences that count, in the order of `facts.kept`.
        points: float32 [15], the base and the points of each of `FEATURES`.
        effects: points of each feature that a sentence is worth, float64 [14], by its place in `facts.kept`.
        dimensions: sides of the competency, none for one that the caller defined.
        likeness: per dimension, float64 [kept]: cosine with the dimension's indicators.
        known: whether the competency is one of the eight, and not one that the caller defined.
    """
    named = zip(("base", *FEATURES), points, strict=True)
    parts = [Contribution(part, round(float(value), _DECIMALS)) for part, value in named]
    parts += [Contribution(part.name, round(part.points, _DECIMALS)) for part in facts.extra.get(name, ())]
    parts = [part for part in parts if part.points != 0.0 or part.name == "base"]
    free = round(math.fsum(part.points for part in parts), _DECIMALS)
    score = _clip(free)
    if score != free:
        parts.append(Contribution("bound", round(score - free, _DECIMALS)))
    relevant = float(judgement.statements[RELEVANT][0])
    half = half_width(facts, judgement.grades[LEVEL.format(name)], relevant, known=known)
    sentences = [facts.transcript.sentences[at] for at in facts.kept]
    return CompetencyScore(
        name,
        ScoreStatus.SCORED,
        score,
        round(_clip(score - half), _DECIMALS),
        round(_clip(score + half), _DECIMALS),
        contributions=tuple(parts),
        dimensions=_dimensions(dimensions, score, judgement.statements[SHOWS.format(name)], likeness),
        evidence=quotes(sentences, effects, 1),
        concerns=quotes(sentences, effects, -1),
    )


def _dimensions(
    dimensions: Sequence[RubricDimension],
    score: float,
    shown: NDArray[np.float64],
    likeness: Mapping[str, NDArray[np.float64]],
) -> tuple[Dimension, ...]:
    """A side that is shown as well as the competency has its score; one that is not shown lies below.

    What a sentence shows of the competency is shared out to its sides by their weight and its likeness to their
    indicators.
    """
    if not dimensions:
        return ()
    cosines = np.stack([likeness[side.name] for side in dimensions])  # [dimensions, kept]
    weights = np.array([[side.weight] for side in dimensions])
    shares = weights * np.exp(_SHARPNESS * (cosines - cosines.max(axis=0, keepdims=True)))
    strength = (shown * shares / shares.sum(axis=0, keepdims=True)).max(axis=1)
    best = max(float(strength.max()), 1e-9)
    return tuple(
        Dimension(side.name, round(_clip(score - _DIMENSION_POINTS * (1.0 - float(value) / best)), _DECIMALS))
        for side, value in zip(dimensions, strength, strict=True)
    )


def overall(scores: Sequence[CompetencyScore]) -> OverallScore:
    """Mean of what was scored."""
    scored = [score for score in scores if score.status is ScoreStatus.SCORED]
    if not scored:
        return OverallScore()

    def mean(values: Sequence[float | None]) -> float:
        return round(math.fsum(value for value in values if value is not None) / len(scored), _DECIMALS)

    return OverallScore(mean([s.score for s in scored]), mean([s.low for s in scored]), mean([s.high for s in scored]))


def _clip(value: float) -> float:
    return min(TOP, max(0.0, value))
