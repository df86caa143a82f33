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
from serving.domain.errors import InvalidAnswer, Reason
from serving.signals.scoring.evidence import collect_evidence
from serving.signals.scoring.facts import AnswerFacts, ScoringResult
from serving.signals.scoring.features import SentenceFeatures, answer_features, ramp, sentence_features
from serving.signals.scoring.rubric import Rubric, load_rubrics
from serving.signals.scoring.sufficiency import reason_not_to_score
from serving.signals.scoring.suggestions import say_more, suggest
from serving.signals.text.anchors import likeness

BASE_POINTS = 2.5
# Cosine with a dimension's indicators at which a sentence begins to show it, and at which it shows it fully (seen).
FIT_LOW, FIT_HIGH = 0.22, 0.55
# Share of a general feature that counts even where nothing bears on the competency.
UNGATED = 0.35
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
    overall: float


def score_answer(facts: AnswerFacts, competencies: Sequence[str]) -> ScoringResult:
    """Score each asked competency, in the order asked.

    Raises:
        InvalidAnswer: `UNKNOWN_COMPETENCY` for a name without a rubric.
    """
    rubrics = load_rubrics()
    for at, name in enumerate(competencies):
        if name not in rubrics:
            raise InvalidAnswer(
                f"config.competencies[{at}] is not one of {', '.join(rubrics)}.",
                reason=Reason.UNKNOWN_COMPETENCY,
                field=f"config.competencies[{at}]",
            )
    if reason := reason_not_to_score(facts):
        unscored = tuple(CompetencyScore(n, ScoreStatus.INSUFFICIENT_EVIDENCE, reason=reason) for n in competencies)
        return ScoringResult(OverallScore(), unscored, (say_more(facts.transcript.language),))
    measured = sentence_features(facts)
    features = answer_features(facts, measured)
    scored = tuple(_score(rubrics[name], facts, measured, features) for name in competencies)
    return ScoringResult(_overall(scored), scored, suggest(facts, features))


def _score(
    rubric: Rubric, facts: AnswerFacts, measured: SentenceFeatures, features: Mapping[str, float]
) -> CompetencyScore:
    fit = _fit(rubric, facts, measured)
    gate = UNGATED + (1.0 - UNGATED) * fit.overall
    # Without a question relevance is not judged: neither earned nor lost, so half of it goes into the base.
    judged = facts.question_embedding is not None
    base = BASE_POINTS + (0.0 if judged else 0.5 * rubric.weights["relevance"])
    general = {name: rubric.weights[name] * features[name] * gate for name in GATED}
    if judged:
        general["relevance"] = rubric.weights["relevance"] * features["relevance"]
        general["off_topic"] = rubric.weights["off_topic"] * features["far"] * (1.0 - fit.overall)
    general["vagueness"] = rubric.weights["vagueness"] * features["vagueness"]
    general["repetition"] = rubric.weights["repetition"] * features["repetition"]
    general["contrary"] = rubric.weights["contrary"] * float(fit.contrary.max(initial=0.0))
    shown = {s.name: rubric.weights["fit"] * s.weight * fit.dimensions[s.name] for s in rubric.dimensions}

    points = [Contribution("base", round(base, _DECIMALS))]
    points += [Contribution(name, round(value, _DECIMALS)) for name, value in (shown | general).items()]
    points = [part for part in points if part.points != 0.0]
    free = round(math.fsum(part.points for part in points), _DECIMALS)
    score = min(10.0, max(0.0, free))
    if score != free:
        points.append(Contribution("bound", round(score - free, _DECIMALS)))
    rest = base + math.fsum(general.values())
    dimensions = tuple(
        Dimension(s.name, round(_clip(rest + rubric.weights["fit"] * fit.dimensions[s.name]), _DECIMALS))
        for s in rubric.dimensions
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


def _fit(rubric: Rubric, facts: AnswerFacts, measured: SentenceFeatures) -> _Fit:
    vectors, group = facts.embeddings, facts.references.group
    concrete = measured.live * (1.0 - 0.6 * measured.vagueness)  # a claim shows less than a deed
    dimensions: dict[str, float] = {}
    sentences: dict[str, NDArray[np.float64]] = {}
    best: NDArray[np.float64] = np.zeros(len(vectors))
    for side in rubric.dimensions:
        like = likeness(vectors, group(f"{rubric.name}/{side.name}"))
        best = np.maximum(best, like)
        strength = np.array([ramp(float(value), FIT_LOW, FIT_HIGH) for value in like], dtype=np.float64) * concrete
        first, second, *_ = [*sorted(strength.tolist(), reverse=True), 0.0, 0.0]
        dimensions[side.name] = 0.7 * first + 0.3 * second
        sentences[side.name] = strength
    against = likeness(vectors, group(f"{rubric.name}/contrary"))
    contrary = np.array(
        [ramp(float(a - b), 0.04, 0.2) * ramp(float(a), 0.3, 0.5) for a, b in zip(against, best, strict=True)],
        dtype=np.float64,
    )
    overall = sum(side.weight * dimensions[side.name] for side in rubric.dimensions)
    # The gate asks whether the answer bears on the competency at all: one dimension shown well is enough.
    overall = 0.5 * overall + 0.5 * max(dimensions.values())
    return _Fit(dimensions, sentences, contrary * measured.live, overall)


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
