"""The judge of today: trained heads over sentence embeddings.

Each head of a competency is in part learned for it and in part the same function, for all, of how the sentences lie to
the competency's rubric. The second part answers for competencies that a caller defined, from their rubric alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from serving.domain.competency import COMPETENCIES
from serving.domain.judgement import AnswerState, Choice, Grade, Judgement, Question, Statement
from serving.pipeline.ports import HeadModels, HeadOutputs, LanguageModels, SentenceBatch
from serving.signals.scoring.features import AGAINST, EMPTY, LEVEL, OWN, RELEVANT, SHOWS
from serving.signals.scoring.likeness import CUSTOM, with_custom
from serving.signals.text.cues import cue_features
from serving.signals.text.language import detect_language
from serving.signals.text.neutral import neutral
from serving.signals.text.star import ROLE_QUESTION

_CACHED_EXAMPLES: Final = (
    256  # sets of examples whose embeddings are kept: a tenant's rubrics are asked again and again
)


# Statements about sentences that speak to the scorer instead of telling something.
ADDRESSES, RECITES = "addresses_scorer", "recites"


class JudgingModels(LanguageModels, HeadModels, Protocol):
    """What the judge needs of the model server."""


class HeadJudge:
    """Implements `Judge`. Questions about a competency that no head was trained for need `examples`."""

    def __init__(self, models: JudgingModels) -> None:
        self._models = models
        self._examples: dict[tuple[str, ...], NDArray[np.float32]] = {}

    async def judge(self, states: Sequence[AnswerState], questions: Sequence[Question]) -> tuple[Judgement, ...]:
        """See `Judge`."""
        if not states:
            return ()
        cues = [_cues(state) for state in states]
        batch = sentence_batch(states, cues)
        roles, heads = await asyncio.gather(self._models.tag_star(batch), self._models.judge_heads(batch))
        others = {}
        for name, indicators, contrary in _unknown(questions):
            shown = await self._embedded(indicators)
            against = await self._embedded(contrary) if contrary else None
            fitted = [replace(s, fit=with_custom(s.fit, s.embeddings, shown, against)) for s in states]
            others[name] = await self._models.judge_heads(sentence_batch(fitted, cues))
        return tuple(_judgement(state, at, questions, roles, heads, others) for at, state in enumerate(states))

    async def _embedded(self, examples: tuple[str, ...]) -> NDArray[np.float32]:
        if examples not in self._examples:
            # Examples may be in another language than the answer; what a text is in shows in its letters.
            rows = await self._models.embed([neutral(text, detect_language(text)[0]) for text in examples])
            if len(self._examples) >= _CACHED_EXAMPLES:
                self._examples.pop(next(iter(self._examples)))
            self._examples[examples] = rows
        return self._examples[examples]


def _unknown(questions: Sequence[Question]) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Name, indicators and contrary examples of the competencies that have no head of their own."""
    examples = {question.name: question.examples for question in questions if isinstance(question, Statement)}
    prefix = SHOWS.format("")
    names = [name.removeprefix(prefix) for name, shown in examples.items() if name.startswith(prefix) and shown]
    return [(name, examples[SHOWS.format(name)], examples.get(AGAINST.format(name), ())) for name in names]


def _cues(state: AnswerState) -> NDArray[np.float32]:
    return cue_features(state.sentences, state.language, state.embeddings, state.question_embedding)


def sentence_batch(states: Sequence[AnswerState], cues: Sequence[NDArray[np.float32]]) -> SentenceBatch:
    """States and their cues as padded arrays, the longest answer deciding the length."""
    longest = max(len(state.sentences) for state in states)
    embeddings = np.zeros((len(states), longest, states[0].embeddings.shape[1]), np.float32)
    columns = np.zeros((len(states), longest, cues[0].shape[1]), np.float32)
    mask = np.zeros((len(states), longest), np.int32)
    for at, state in enumerate(states):
        count = len(state.sentences)
        embeddings[at, :count], columns[at, :count], mask[at, :count] = state.embeddings, cues[at], 1
    fit = np.zeros((len(states), longest, *states[0].fit.shape[1:]), np.float32)
    for at, state in enumerate(states):
        fit[at, : len(state.sentences)] = state.fit
    questions = np.stack([state.question_embedding for state in states])
    return SentenceBatch(embeddings, columns, mask, questions, fit)


def _judgement(
    state: AnswerState,
    at: int,
    questions: Sequence[Question],
    roles: NDArray[np.float32],
    heads: HeadOutputs,
    others: Mapping[str, HeadOutputs],
) -> Judgement:
    count = len(state.sentences)
    statements = {
        EMPTY: heads.empty[at, :count],
        OWN: heads.own[at, :count],
        ADDRESSES: heads.addresses[at, :count],
        RECITES: heads.recites[at, :count],
        RELEVANT: heads.relevant[at : at + 1],
    }
    grades = {}
    known = [(name, heads, place) for place, name in enumerate(COMPETENCIES)]
    for name, outputs, place in (*known, *((name, outputs, CUSTOM) for name, outputs in others.items())):
        statements[SHOWS.format(name)] = outputs.shows[at, :count, place]
        statements[AGAINST.format(name)] = outputs.against[at, :count, place]
        grades[LEVEL.format(name)] = outputs.grade[at, place]
    choices, answered, graded = {}, {}, {}
    for question in questions:
        if isinstance(question, Choice) and question.name == ROLE_QUESTION:
            choices[question.name] = roles[at, :count].astype(np.float64)
        elif isinstance(question, Statement) and question.name in statements:
            answered[question.name] = statements[question.name].astype(np.float64)
        elif isinstance(question, Grade) and question.name in grades:
            graded[question.name] = grades[question.name].astype(np.float64)
        else:
            raise ValueError(f"{question.name}: no head answers this question and it has no examples")
    return Judgement(choices, answered, graded)
