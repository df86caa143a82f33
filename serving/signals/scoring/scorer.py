"""Scores as sums: base, the competency's own dimensions, what any good answer has, and what spoils one.

    score = base + sum(weight x feature) + bound        (points out of 10; `bound` where 0..10 cuts)

Features that any story has (action, result, numbers ...) count in the measure in which the answer bears on the
competency at all, so a good story about something else does not lift every score alike. Nothing of voice or face has
a weight. The weights are set by hand; they order answers sensibly and are not fitted to human ratings.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from serving.domain.assessment import CompetencyScore, Contribution, Dimension, OverallScore, ScoreStatus
from serving.signals.scoring.evidence import collect_evidence
from serving.signals.scoring.facts import AnswerFacts, ScoringResult
from serving.signals.scoring.features import SentenceFeatures, answer_features, ramp, sentence_features
from serving.signals.scoring.rubric import Rubric, load_rubrics
from serving.signals.scoring.sufficiency import reason_not_to_score
from serving.signals.scoring.suggestions import say_more, suggest
from serving.signals.text.anchors import Comparison, compare

BASE_POINTS = 2.5
# A sentence shows a dimension by its cosine with the indicators: over the background, and in itself. Each pair is
# where showing begins and where it is full (seen).
FIT_MARGIN, FIT_LIKENESS = (-0.01, 0.17), (0.12, 0.32)
CONTRARY_MARGIN, CONTRARY_LIKENESS = (0.04, 0.2), (0.3, 0.5)
# Share of a general feature that counts even where nothing bears on the competency.
UNGATED = 0.45
GATED = ("action", "result", "specificity", "structure", "reasoning", "reflection", "detail")
# Half-width of the range, in points: the part that stays, and the part that shrinks as more is said.
RANGE_FLOOR, RANGE_SHORT = 0.8, 2.4
RANGE_UNITS = {"en": 45.0, "zh": 75.0}
_DECIMALS = 3  # points are rounded so that the printed parts sum to the printed score


@dataclass(frozen=True, slots=True)
class _Fit:
    """How a competency shows: per dimension 0..1, and the sentences that show it, float64 [sentences]."""

    dimensions: Mapping[str, float]
    sentences: Mapping[str, NDArray[np.float64]]
    contrary: NDArray[np.float64]
    best: float


def score_answer(facts: AnswerFacts, competencies: Sequence[str]) -> ScoringResult:
    """Score each asked competency, in the order asked.

    Args:
        competencies: names of `COMPETENCIES`; the edge refuses others.

    Raises:
        ValueError: when embeddings or STAR roles are not one a sentence.
    """
    count = len(facts.transcript.sentences)
    if len(facts.embeddings) != count or len(facts.star.sentences) != count:
        raise ValueError(f"{count} sentences, {len(facts.embeddings)} embeddings, {len(facts.star.sentences)} roles")
    rubrics = load_rubrics()
    if reason := reason_not_to_score(facts):
        unscored = tuple(CompetencyScore(n, ScoreStatus.INSUFFICIENT_EVIDENCE, reason=reason) for n in competencies)
        return ScoringResult(OverallScore(), unscored, (say_more(facts.transcript.language),))
    compared = compare(facts.embeddings, facts.references)
    measured = sentence_features(facts, compared)
    features = answer_features(facts, measured)
    background = _background(compared, rubrics)
    scored = tuple(
        _score(rubrics[name], facts, measured, features, _fit(rubrics[name], compared, measured, background))
        for name in competencies
    )
    return ScoringResult(_overall(scored), scored, suggest(facts, features))


def _score(
    rubric: Rubric, facts: AnswerFacts, measured: SentenceFeatures, features: Mapping[str, float], fit: _Fit
) -> CompetencyScore:
    gate = UNGATED + (1.0 - UNGATED) * fit.best
    # Without a question relevance is not judged: neither earned nor lost, so half of it goes into the base.
    judged = facts.question_embedding is not None
    base = BASE_POINTS + (0.0 if judged else 0.5 * rubric.weights["relevance"])
    general = {name: rubric.weights[name] * features[name] * gate for name in GATED}
    if judged:
        general["relevance"] = rubric.weights["relevance"] * features["relevance"]
        general["off_topic"] = rubric.weights["off_topic"] * features["far"] * (1.0 - fit.best) ** 2
    general["vagueness"] = rubric.weights["vagueness"] * features["vagueness"]
    general["repetition"] = rubric.weights["repetition"] * features["repetition"]
    general["contrary"] = rubric.weights["contrary"] * float(fit.contrary.max(initial=0.0))
    # One dimension shown well is half of the way: an answer tells one story, not all sides of a competency.
    worth = rubric.weights["fit"]
    top = max(fit.dimensions, key=lambda name: fit.dimensions[name])
    shown = {
        side.name: worth * fit.dimensions[side.name] * (0.5 * side.weight + 0.5 * (side.name == top))
        for side in rubric.dimensions
    }

    points = [Contribution("base", round(base, _DECIMALS))]
    points += [Contribution(name, round(value, _DECIMALS)) for name, value in (shown | general).items()]
    points = [part for part in points if part.points != 0.0]
    free = round(math.fsum(part.points for part in points), _DECIMALS)
    score = min(10.0, max(0.0, free))
    if score != free:
        points.append(Contribution("bound", round(score - free, _DECIMALS)))
    rest = base + math.fsum(general.values())
    dimensions = tuple(
        Dimension(s.name, round(_clip(rest + worth * fit.dimensions[s.name]), _DECIMALS)) for s in rubric.dimensions
    )
    half = _half_width(facts, measured)
    evidence = collect_evidence(facts, points, {**fit.sentences, "contrary": fit.contrary}, measured)
    return CompetencyScore(
        rubric.name,
        ScoreStatus.SCORED,
        score,
        round(_clip(score - half), _DECIMALS),
        round(_clip(score + half), _DECIMALS),
        tuple(points),
        dimensions,
        tuple(evidence),
    )


def _background(compared: Comparison, rubrics: Mapping[str, Rubric]) -> NDArray[np.float64]:
    """How like a sentence is to competencies in general, float64 [sentences]: the mean over all of its best match.

    What counts for one competency is how much nearer a sentence is to it than to that: any story about people at work
    is somewhat like all of them (seen: own against other competency, AUC .95 en and .83 zh, against .80 and .73 for
    plain likeness).
    """
    nearest = [_nearest(compared, rubric) for rubric in rubrics.values()]
    total: NDArray[np.float64] = np.sum(nearest, axis=0)
    return total / len(nearest)


def _nearest(compared: Comparison, rubric: Rubric) -> NDArray[np.float64]:
    sides = [compared.likeness(f"{rubric.name}/{side.name}") for side in rubric.dimensions]
    best: NDArray[np.float64] = np.max(sides, axis=0)
    return best


def _fit(rubric: Rubric, compared: Comparison, measured: SentenceFeatures, background: NDArray[np.float64]) -> _Fit:
    nearest = _nearest(compared, rubric)
    against = compared.likeness(f"{rubric.name}/contrary")
    contrary = measured.live * [
        ramp(float(bad - good), *CONTRARY_MARGIN) * ramp(float(bad), *CONTRARY_LIKENESS)
        for bad, good in zip(against, nearest, strict=True)
    ]
    # A claim shows less than a deed, and the opposite of a behaviour shows none of it.
    concrete = measured.live * (1.0 - 0.85 * measured.claim) * (1.0 - contrary)
    dimensions: dict[str, float] = {}
    sentences: dict[str, NDArray[np.float64]] = {}
    for side in rubric.dimensions:
        like = compared.likeness(f"{rubric.name}/{side.name}")
        strength = concrete * [
            ramp(float(near - usual), *FIT_MARGIN) * ramp(float(near), *FIT_LIKENESS)
            for near, usual in zip(like, background, strict=True)
        ]
        first, second, *_ = [*sorted(strength.tolist(), reverse=True), 0.0, 0.0]
        dimensions[side.name] = 0.65 * first + 0.35 * second
        sentences[side.name] = strength
    return _Fit(dimensions, sentences, contrary, max(dimensions.values()))


def _half_width(facts: AnswerFacts, measured: SentenceFeatures) -> float:
    """Half of the range: wide for little said, for no question, and for words the recogniser was unsure of."""
    said = float((measured.units * measured.live).sum())
    width = RANGE_FLOOR + RANGE_SHORT * math.exp(-said / RANGE_UNITS[facts.transcript.language])
    if facts.question_embedding is None:
        width += 0.3
    if facts.delivery.word_probability is not None:
        width += 1.5 * (1.0 - min(1.0, max(0.0, facts.delivery.word_probability)))
    return width + 1.0 * (1.0 - facts.transcript.language_probability)


def _overall(scored: Sequence[CompetencyScore]) -> OverallScore:
    if not scored:
        return OverallScore()

    def mean(values: Sequence[float | None]) -> float:
        return round(math.fsum(value for value in values if value is not None) / len(scored), _DECIMALS)

    return OverallScore(mean([c.score for c in scored]), mean([c.low for c in scored]), mean([c.high for c in scored]))


def _clip(value: float) -> float:
    return min(10.0, max(0.0, value))
