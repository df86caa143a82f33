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

from serving.domain.competency import COMPETENCIES, Language
from serving.domain.judgement import AnswerState, Choice, Grade, Judgement, Question, Statement
from serving.pipeline.concurrency import computed
from serving.pipeline.ports import HeadModels, HeadOutputs, LanguageModels, SentenceBatch
from serving.signals.scoring.features import AGAINST, EMPTY, LEVEL, OWN, RELEVANT, SHOWS
from serving.signals.scoring.likeness import CUSTOM, with_custom
from serving.signals.text.cues import cue_features
from serving.signals.text.neutral import neutral
from serving.signals.text.star import ROLE_QUESTION

# Sets of examples whose embeddings are kept: a tenant's rubrics are asked again and again.
_CACHED_EXAMPLES: Final = 256
# Statements about sentences that speak to the scorer instead of telling something.
ADDRESSES, RECITES = "addresses_scorer", "recites"


class JudgingModels(LanguageModels, HeadModels, Protocol):
    """What the judge needs of the model server."""


class HeadJudge:
    """Implements `Judge`. Questions about a competency that no head was trained for need `examples`."""

    def __init__(self, models: JudgingModels) -> None:
        self._models = models
        self._examples: dict[tuple[Language, tuple[str, ...]], NDArray[np.float32]] = {}

    async def judge(self, states: Sequence[AnswerState], questions: Sequence[Question]) -> tuple[Judgement, ...]:
        """See `Judge`."""
        if not states:
            return ()
        longest = max(len(state.sentences) for state in states)
        cues, batch = await computed(longest, _batch, states)
        roles, heads = await asyncio.gather(self._models.tag_star(batch), self._models.judge_heads(batch))
        others = {}
        for name, shown, contrary in _unknown(questions):
            examples = await self._embedded(shown)
            against = await self._embedded(contrary) if contrary.examples else None
            fitted = await computed(longest, _fitted, states, cues, examples, against)
            others[name] = await self._models.judge_heads(fitted)
        return tuple(_judgement(state, at, questions, roles, heads, others) for at, state in enumerate(states))

    async def _embedded(self, asked: Statement) -> NDArray[np.float32]:
        key = asked.language, asked.examples
        if key not in self._examples:
            rows = await self._models.embed([neutral(text, asked.language) for text in asked.examples])
            if len(self._examples) >= _CACHED_EXAMPLES:
                self._examples.pop(next(iter(self._examples)))
            self._examples[key] = rows
        return self._examples[key]


def _unknown(questions: Sequence[Question]) -> list[tuple[str, Statement, Statement]]:
    """Name, and what shows and what contradicts it, of the competencies that have no head of their own."""
    asked = {question.name: question for question in questions if isinstance(question, Statement)}
    prefix = SHOWS.format("")
    names = [name.removeprefix(prefix) for name, shown in asked.items() if name.startswith(prefix) and shown.examples]
    return [
        (name, asked[SHOWS.format(name)], asked.get(AGAINST.format(name), Statement("")))
        for name in names
        if name not in COMPETENCIES
    ]


def _batch(states: Sequence[AnswerState]) -> tuple[list[NDArray[np.float32]], SentenceBatch]:
    """Cues of each state, and all of them as one batch."""
    cues = [cue_features(state) for state in states]
    return cues, sentence_batch(states, cues)


def _fitted(
    states: Sequence[AnswerState],
    cues: Sequence[NDArray[np.float32]],
    examples: NDArray[np.float32],
    against: NDArray[np.float32] | None,
) -> SentenceBatch:
    """The states with a caller's competency in the last place."""
    return sentence_batch([replace(s, fit=with_custom(s.fit, s.embeddings, examples, against)) for s in states], cues)


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
