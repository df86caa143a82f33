"""Judgements made by hand, for tests of what is made of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from serving.domain.competency import COMPETENCIES, Language
from serving.domain.facts import Delivery
from serving.domain.judgement import Judgement
from serving.signals.scoring.facts import AnswerFacts
from serving.signals.scoring.features import AGAINST, EMPTY, LEVEL, OWN, RELEVANT, SHOWS, Material
from serving.signals.text.cues import CUE_COUNT
from serving.signals.text.fillers import units_said
from serving.signals.text.star import ROLE_QUESTION, star_summary
from tests.unit.text.word_hash_encoder import text_transcript


def judgement(
    roles: str,
    *,
    shows: Sequence[float] | None = None,
    against: Sequence[float] | None = None,
    empty: Sequence[float] | None = None,
    own: Sequence[float] | None = None,
    relevant: float = 1.0,
    level: int = 3,
    sure: float = 1.0,
    names: Sequence[str] = COMPETENCIES,
) -> Judgement:
    """A judgement of sentences whose roles are certain; equal for all competencies."""
    count = len(roles)
    rows = np.zeros((count, 5))
    rows[range(count), ["STARO".index(role) for role in roles]] = 1.0
    grade = np.full(5, (1.0 - sure) / 5)
    grade[level - 1] += sure
    statements = {
        EMPTY: np.array(empty if empty is not None else [0.0] * count),
        OWN: np.array(own if own is not None else [1.0] * count),
        RELEVANT: np.array([relevant]),
    }
    for name in names:
        statements[SHOWS.format(name)] = np.array(shows if shows is not None else [0.0] * count)
        statements[AGAINST.format(name)] = np.array(against if against is not None else [0.0] * count)
    return Judgement({ROLE_QUESTION: rows}, statements, {LEVEL.format(name): grade for name in names})


def material(judged: Judgement, *, units: float = 10.0, dropped: float = 0.0, asked: bool = True) -> Material:
    """Sentences of equal length without cues."""
    count = len(judged.choices[ROLE_QUESTION])
    return Material(judged, np.zeros((count, CUE_COUNT), np.float32), np.full(count, units), dropped, asked)


def facts(
    text: str,
    language: Language = "en",
    question: str = "Why?",
    word_probability: float | None = None,
    dropped: Sequence[int] = (),
) -> AnswerFacts:
    """Facts of a text answer of which all sentences count but `dropped`."""
    transcript = text_transcript(text, language)
    return AnswerFacts(
        transcript=transcript,
        question=question,
        star=star_summary(()),
        delivery=Delivery(len(text.split()), 0, word_probability=word_probability),
        units=units_said(transcript),
        kept=tuple(at for at in range(len(transcript.sentences)) if at not in dropped),
    )
