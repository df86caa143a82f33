"""Scores of one answer: ask the judge, weigh its features, leave sentences out to see which ones carried the points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from serving.domain.assessment import CompetencyScore, OverallScore, ScoreStatus
from serving.domain.competency import COMPETENCIES, CompetencyDefinition, Language
from serving.domain.judgement import AnswerState, Grade, Judgement, Question, Statement
from serving.pipeline.concurrency import computed
from serving.pipeline.ports import CompetencyScorer, Judge
from serving.signals.scoring.attribution import candidates
from serving.signals.scoring.facts import AnswerFacts, ScoringResult
from serving.signals.scoring.features import (
    AGAINST,
    EMPTY,
    ETHICS,
    FEATURES,
    LEVEL,
    OWN,
    RELEVANT,
    SHOWS,
    Material,
    features_of,
)
from serving.signals.scoring.likeness import CUSTOM
from serving.signals.scoring.rubric import load_rubrics
from serving.signals.scoring.scorer import competency_score, overall
from serving.signals.scoring.sufficiency import reason_not_to_score
from serving.signals.scoring.suggestions import say_more, suggest
from serving.signals.text.anchors import Comparison
from serving.signals.text.cues import cue_features
from serving.signals.text.star import role_question


class Scoring:
    """Turns facts and judgements into scores."""

    def __init__(self, judge: Judge, scorer: CompetencyScorer) -> None:
        self._judge = judge
        self._scorer = scorer

    async def run(
        self,
        facts: AnswerFacts,
        state: AnswerState,
        compared: Comparison,
        names: Sequence[str],
        definitions: Sequence[CompetencyDefinition],
        told: Judgement,
    ) -> ScoringResult:
        """Score each asked competency, in the order asked.

        Args:
            state: of all sentences of the transcript, in the neutral form.
            compared: the same sentences with the references.
            definitions: of the asked competencies that are none of the eight.
            told: what the judge said to `questions_about` all sentences of `state`.

        Raises:
            ModelUnavailable, ModelFailed, Overloaded, DeadlineExceeded: see `ports`.
        """
        if reason := reason_not_to_score(facts):
            unscored = tuple(CompetencyScore(n, ScoreStatus.INSUFFICIENT_EVIDENCE, reason=reason) for n in names)
            return ScoringResult(OverallScore(), unscored, (say_more(facts.transcript.language),))
        whole = state.only(facts.kept)
        questions = questions_about(names, definitions, state.language)
        judgement = told
        if len(facts.kept) < len(state.sentences):
            (judgement,) = await self._judge.judge([whole], questions)
        left_out = candidates(judgement, names, len(facts.kept))
        variants = [whole.without(at) for at in left_out]
        judgements = (judgement, *await self._judge.judge(variants, questions))
        count = len(facts.kept)
        rows = await computed(count, _feature_rows, facts, [whole, *variants], judgements, left_out, names)
        places = [COMPETENCIES.index(name) if name in COMPETENCIES else CUSTOM for name in names] * len(judgements)
        points = (await self._scorer.score_points(rows, places)).astype(np.float64)
        points = points.reshape(len(judgements), len(names), -1)
        likeness = await computed(count, _likeness, compared.only(facts.kept), names)
        scores = tuple(
            competency_score(
                name,
                load_rubrics()[name].dimensions if name in COMPETENCIES else (),
                facts,
                judgement,
                points[0, column],
                _effects(points[:, column, 1:], left_out),
                likeness.get(name, {}),
                known=name in COMPETENCIES,
            )
            for column, name in enumerate(names)
        )
        best = int(points[0].sum(axis=1).argmax())
        shown = dict(zip(FEATURES, (float(value) for value in rows[best]), strict=True))
        return ScoringResult(overall(scores), scores, suggest(facts, shown))


def _effects(points: NDArray[np.float64], left_out: Sequence[int]) -> dict[int, NDArray[np.float64]]:
    """What each sentence is worth, by its place; the only sentence of an answer is worth all of it.

    Args:
        points: of the whole answer, then of it without each of `left_out`, float64 [1 + left_out, features].
    """
    if not left_out:
        return {0: points[0]}
    return {at: points[0] - points[1 + row] for row, at in enumerate(left_out)}


def questions_about(
    names: Sequence[str], definitions: Sequence[CompetencyDefinition] = (), language: Language = "en"
) -> tuple[Question, ...]:
    """What a judge is asked to score these competencies: statements with examples, and grades with anchors.

    Args:
        language: of the answer; the rubrics of the eight are asked in it, a caller's in the language it was written in.
    """
    own = {definition.name: definition for definition in definitions}
    questions: list[Question] = [role_question(), Statement(EMPTY), Statement(OWN), Statement(RELEVANT, whole=True)]
    for name in dict.fromkeys((*names, ETHICS)):
        questions += _own_questions(own[name]) if name in own else _known_questions(name, language)
    return tuple(questions)


@cache
def _known_questions(name: str, language: Language) -> tuple[Question, ...]:
    rubric = load_rubrics()[name]
    indicators = tuple(text for side in rubric.dimensions for text in side.indicators[language])
    against = (*rubric.contrary[language], *rubric.red_flags[language])
    anchors = tuple(f"{anchor.text[language]} {anchor.example[language]}" for anchor in rubric.anchors)
    return (
        Statement(SHOWS.format(rubric.name), (rubric.definition[language], *indicators), language),
        Statement(AGAINST.format(rubric.name), against, language),
        Grade(LEVEL.format(rubric.name), anchors, language),
    )


def _own_questions(rubric: CompetencyDefinition) -> list[Question]:
    """What the upper levels sound like shows the competency too, and what the lowest sounds like the contrary."""
    anchors = tuple(anchor.example for anchor in rubric.anchors)
    return [
        Statement(SHOWS.format(rubric.name), (rubric.definition, *rubric.indicators, *anchors[-2:]), rubric.language),
        Statement(AGAINST.format(rubric.name), (*rubric.contrary, *anchors[:1]), rubric.language),
        Grade(LEVEL.format(rubric.name), anchors, rubric.language),
    ]


def _feature_rows(
    facts: AnswerFacts,
    states: Sequence[AnswerState],
    judgements: Sequence[Judgement],
    left_out: Sequence[int],
    names: Sequence[str],
) -> NDArray[np.float32]:
    """Features of each competency of the whole answer, then of it without each sentence of `left_out`."""
    units = np.array(facts.units, dtype=np.float64)
    kept = units[list(facts.kept)]
    dropped = float(units.sum() - kept.sum())
    shares = [kept, *(np.delete(kept, at) for at in left_out)]
    found: list[NDArray[np.float32]] = []
    for state, judgement, said in zip(states, judgements, shares, strict=True):
        cues = cue_features(state)
        material = Material(judgement, cues, said, dropped, asked=bool(facts.question))
        found.append(features_of(material, names))
    return np.concatenate(found)


def _likeness(compared: Comparison, names: Sequence[str]) -> Mapping[str, Mapping[str, NDArray[np.float64]]]:
    """Cosine of each sentence with the indicators of each dimension, by competency and dimension."""
    rubrics = load_rubrics()
    return {
        name: {side.name: compared.likeness(f"{name}/{side.name}") for side in rubrics[name].dimensions}
        for name in names
        if name in rubrics
    }
