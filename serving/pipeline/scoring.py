"""Scores of one answer: ask the judge, weigh its features, leave sentences out to see which ones carried the points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from serving.domain.assessment import CompetencyScore, OverallScore, ScoreStatus
from serving.domain.competency import COMPETENCIES, CompetencyDefinition
from serving.domain.judgement import AnswerState, Grade, Judgement, Question, Statement
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
    feature_row,
)
from serving.signals.scoring.rubric import load_rubrics
from serving.signals.scoring.scorer import competency_score, overall
from serving.signals.scoring.sufficiency import reason_not_to_score
from serving.signals.scoring.suggestions import say_more, suggest
from serving.signals.text.anchors import compare
from serving.signals.text.cues import cue_features
from serving.signals.text.fillers import units_said
from serving.signals.text.references import References
from serving.signals.text.star import role_question

CUSTOM: Final = len(COMPETENCIES)  # the scorer's row for competencies that a caller defined


class Scoring:
    """Turns facts and judgements into scores."""

    def __init__(self, judge: Judge, scorer: CompetencyScorer) -> None:
        self._judge = judge
        self._scorer = scorer

    async def run(
        self,
        facts: AnswerFacts,
        state: AnswerState,
        references: References,
        names: Sequence[str],
        definitions: Sequence[CompetencyDefinition] = (),
    ) -> ScoringResult:
        """Score each asked competency, in the order asked.

        Args:
            state: of all sentences of the transcript, in the neutral form.
            definitions: of the asked competencies that are none of the eight.

        Raises:
            ModelUnavailable, ModelFailed, Overloaded, DeadlineExceeded: see `ports`.
        """
        if reason := reason_not_to_score(facts):
            unscored = tuple(CompetencyScore(n, ScoreStatus.INSUFFICIENT_EVIDENCE, reason=reason) for n in names)
            return ScoringResult(OverallScore(), unscored, (say_more(facts.transcript.language),))
        whole = state.only(facts.kept)
        questions = questions_about(names, definitions)
        (judgement,) = await self._judge.judge([whole], questions)
        left_out = candidates(judgement, names, len(facts.kept))
        variants = [whole.without(at) for at in left_out]
        judgements = (judgement, *await self._judge.judge(variants, questions))
        made_of = materials(facts, [whole, *variants], judgements, left_out)
        rows = np.stack([feature_row(material, name) for material in made_of for name in names])
        places = [COMPETENCIES.index(name) if name in COMPETENCIES else CUSTOM for name in names] * len(made_of)
        points = (await self._scorer.score_points(rows, places)).astype(np.float64)
        points = points.reshape(len(made_of), len(names), -1)
        likeness = _likeness(whole, references)
        scores = tuple(
            competency_score(
                name,
                load_rubrics()[name].dimensions if name in COMPETENCIES else (),
                facts,
                judgement,
                points[0, column],
                {at: points[0, column, 1:] - points[1 + i, column, 1:] for i, at in enumerate(left_out)},
                likeness.get(name, {}),
                known=name in COMPETENCIES,
            )
            for column, name in enumerate(names)
        )
        best = int(points[0].sum(axis=1).argmax())
        shown = dict(zip(FEATURES, (float(value) for value in rows[best]), strict=True))
        return ScoringResult(overall(scores), scores, suggest(facts, shown))


def questions_about(names: Sequence[str], definitions: Sequence[CompetencyDefinition] = ()) -> tuple[Question, ...]:
    """What a judge is asked to score these competencies.

    A competency of the caller's own is told by examples: its indicators and what its upper levels sound like, its
    contrary and what the lowest sounds like.
    """
    rubrics = {definition.name: definition for definition in definitions}
    questions: list[Question] = [role_question(), Statement(EMPTY), Statement(OWN), Statement(RELEVANT, whole=True)]
    for name in dict.fromkeys((*names, ETHICS)):
        shown: tuple[str, ...] = ()
        against: tuple[str, ...] = ()
        levels: tuple[str, ...] = ()
        if rubric := rubrics.get(name):
            levels = tuple(anchor.example for anchor in rubric.anchors)
            shown, against = (*rubric.indicators, *levels[-2:]), (*rubric.contrary, *levels[:1])
        questions += [
            Statement(SHOWS.format(name), shown),
            Statement(AGAINST.format(name), against),
            Grade(LEVEL.format(name), levels),
        ]
    return tuple(questions)


def materials(
    facts: AnswerFacts, states: Sequence[AnswerState], judgements: Sequence[Judgement], left_out: Sequence[int]
) -> list[Material]:
    """What the features of the whole answer, and of it without each sentence of `left_out`, are made of."""
    units = np.array(units_said(facts.transcript), dtype=np.float64)
    kept = units[list(facts.kept)]
    dropped = float(units.sum() - kept.sum())
    shares = [kept, *(np.delete(kept, at) for at in left_out)]
    found = []
    for state, judgement, said in zip(states, judgements, shares, strict=True):
        cues = cue_features(state.sentences, state.language, state.embeddings, state.question_embedding)
        found.append(Material(judgement, cues, said, dropped, asked=bool(facts.question)))
    return found


def _likeness(state: AnswerState, references: References) -> Mapping[str, Mapping[str, NDArray[np.float64]]]:
    """Cosine of each sentence with the indicators of each dimension, by competency and dimension."""
    compared = compare(state.embeddings, references)
    return {
        name: {side.name: compared.likeness(f"{name}/{side.name}") for side in rubric.dimensions}
        for name, rubric in load_rubrics().items()
    }
