"""Which part of a STAR answer (Situation, Task, Action, Result, Other) each sentence plays, and what they make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from serving.domain.assessment import Star
from serving.domain.competency import StarRole
from serving.domain.judgement import Choice
from serving.domain.transcript import Sentence, StarSentence

ROLES: Final[tuple[StarRole, ...]] = tuple(StarRole)
ROLE_QUESTION: Final = "role"


def role_question() -> Choice:
    """What a judge is asked about each sentence."""
    return Choice(ROLE_QUESTION, tuple(role.value for role in ROLES))


def star_sentences(sentences: Sequence[Sentence], probability: NDArray[np.float64]) -> tuple[StarSentence, ...]:
    """The likeliest role of each sentence.

    Args:
        probability: float64 [sentences, 5] in the order of `ROLES`.

    Raises:
        ValueError: when there are not as many rows as sentences.
    """
    if probability.shape != (len(sentences), len(ROLES)):
        raise ValueError(f"{len(sentences)} sentences but probabilities of shape {probability.shape}")
    tagged = []
    for sentence, row in zip(sentences, probability, strict=True):
        best = int(np.argmax(row))
        times = sentence.start_offset_s, sentence.end_offset_s
        tagged.append(StarSentence(sentence.text, ROLES[best], float(row[best]), *times))
    return tuple(tagged)


def star_summary(sentences: Sequence[StarSentence]) -> Star:
    """Roles put together: complete means a situation or a task, an action and a result.

    `missing` names roles without a sentence, in the order S, T, A, R; Task is not missed where there is a Situation,
    nor the reverse, because speakers often tell both in one breath.
    """
    roles = {sentence.role for sentence in sentences}
    missing = []
    if not roles & {StarRole.SITUATION, StarRole.TASK}:
        missing += [StarRole.SITUATION.value, StarRole.TASK.value]
    missing += [role.value for role in (StarRole.ACTION, StarRole.RESULT) if role not in roles]
    return Star(tuple(sentences), complete=bool(roles) and not missing, missing=tuple(missing))
