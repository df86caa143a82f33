"""Which part of a STAR answer (Situation, Task, Action, Result, Other) each sentence plays.

A sentence's evidence for a role is its likeness to the role's anchors, the cue words in it, and where it stands; a
short memory (a hidden Markov chain over the five roles, read out by forward-backward) lets neighbours speak, because
answers mostly run S, T, A, R. All constants are set by hand, on answers written for the purpose, not fitted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from serving.domain.assessment import Star
from serving.domain.competency import Language, StarRole
from serving.domain.transcript import Sentence, StarSentence
from serving.signals.text.anchors import References, compare
from serving.signals.text.resources import load_data

ROLES: tuple[StarRole, ...] = tuple(StarRole)

_LIKENESS_GAIN = 9.0  # a cosine 0.1 higher makes a role 2.5 times as likely
_CUE_GAIN = 1.1  # one cue makes a role three times as likely; the second adds half of that
_POSITION_GAIN = 1.0
# Where in the answer (0 first sentence, 1 last) a role is at home; Other has no home.
_HOME = {StarRole.SITUATION: 0.05, StarRole.TASK: 0.25, StarRole.ACTION: 0.55, StarRole.RESULT: 0.95}
_HOME_WIDTH = 0.35
# Row: role before, column: role after, in the order S T A R O. Forward is likelier than back.
_TRANSITION = np.array(
    [
        [0.36, 0.28, 0.24, 0.05, 0.07],
        [0.08, 0.24, 0.52, 0.08, 0.08],
        [0.03, 0.05, 0.58, 0.27, 0.07],
        [0.04, 0.03, 0.14, 0.65, 0.14],
        [0.22, 0.14, 0.22, 0.12, 0.30],
    ]
)
_START = np.array([0.48, 0.14, 0.14, 0.06, 0.18])


@cache
def _cues(language: Language) -> dict[StarRole, tuple[re.Pattern[str], ...]]:
    data = load_data("cues")[language]
    return {role: tuple(re.compile(cue, re.IGNORECASE) for cue in data[role.value]) for role in ROLES}


def tag_star(
    sentences: Sequence[Sentence], embeddings: NDArray[np.float32], references: References
) -> tuple[StarSentence, ...]:
    """Role of each sentence, with its probability among the five.

    Args:
        embeddings: float32 [sentences, 512], L2-normalised, row i of sentence i.

    Raises:
        ValueError: when there are not as many rows as sentences.
    """
    if len(sentences) != len(embeddings):
        raise ValueError(f"{len(sentences)} sentences but {len(embeddings)} embeddings")
    if not sentences:
        return ()
    emission = np.exp(_evidence(sentences, embeddings, references))
    posterior = _smooth(emission / emission.sum(axis=1, keepdims=True))
    tagged = []
    for sentence, row in zip(sentences, posterior, strict=True):
        best = int(np.argmax(row))
        times = sentence.start_offset_s, sentence.end_offset_s
        tagged.append(StarSentence(sentence.text, ROLES[best], float(row[best]), *times))
    return tuple(tagged)


def _evidence(
    sentences: Sequence[Sentence], embeddings: NDArray[np.float32], references: References
) -> NDArray[np.float64]:
    """Log evidence, float64 [sentences, 5]."""
    compared = compare(embeddings, references)
    columns = [_LIKENESS_GAIN * compared.likeness(f"star/{role.value}") for role in ROLES]
    evidence: NDArray[np.float64] = np.stack(columns, axis=1)
    cues = _cues(references.language)
    last = max(1, len(sentences) - 1)
    for at, sentence in enumerate(sentences):
        for column, role in enumerate(ROLES):
            hits = sum(cue.search(sentence.text) is not None for cue in cues[role])
            evidence[at, column] += _CUE_GAIN * (hits > 0) + 0.5 * _CUE_GAIN * (hits > 1)
            if role in _HOME and len(sentences) > 2:
                away = (at / last - _HOME[role]) / _HOME_WIDTH
                evidence[at, column] -= _POSITION_GAIN * min(1.0, 0.5 * away * away)
    evidence -= evidence.max(axis=1, keepdims=True)
    return evidence


def _smooth(emission: NDArray[np.float64]) -> NDArray[np.float64]:
    """Posterior of the chain, float64 [sentences, 5], rows sum to 1 (Rabiner 1989, scaled forward-backward)."""
    forward, backward = np.empty_like(emission), np.ones_like(emission)
    forward[0] = _START * emission[0]
    forward[0] /= forward[0].sum()
    for at in range(1, len(emission)):
        forward[at] = (forward[at - 1] @ _TRANSITION) * emission[at]
        forward[at] /= forward[at].sum()
    for at in range(len(emission) - 2, -1, -1):
        backward[at] = _TRANSITION @ (emission[at + 1] * backward[at + 1])
        backward[at] /= backward[at].sum()
    posterior = forward * backward
    normalised: NDArray[np.float64] = posterior / posterior.sum(axis=1, keepdims=True)
    return normalised


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
