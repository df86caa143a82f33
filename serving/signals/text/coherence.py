"""How well an answer hangs together, and on its question."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from serving.domain.facts import Coherence


def coherence(question_embedding: NDArray[np.float32] | None, sentence_embeddings: NDArray[np.float32]) -> Coherence:
    """Cosines clipped to 0..1, from L2-normalised embeddings.

    The question's part is the mean over the half of the sentences nearest to it (at least one): an answer needs
    sentences that say what is asked, not every sentence to repeat it. The sentences' part is the mean cosine of
    neighbours. What cannot be compared (no question, fewer than two sentences) is None.

    Args:
        question_embedding: float32 [512], None without a question.
        sentence_embeddings: float32 [sentences, 512].
    """
    rows = [row.astype(np.float64) for row in sentence_embeddings]
    question = None
    if question_embedding is not None and rows:
        asked = question_embedding.astype(np.float64)
        nearest = sorted((float(row @ asked) for row in rows), reverse=True)[: (len(rows) + 1) // 2]
        question = _clip(sum(nearest) / len(nearest))
    neighbours = None
    if len(rows) > 1:
        cosines = [float(before @ after) for before, after in itertools.pairwise(rows)]
        neighbours = _clip(sum(cosines) / len(cosines))
    known = [value for value in (question, neighbours) if value is not None]
    return Coherence(sum(known) / len(known) if known else None, question, neighbours)


def _clip(value: float) -> float:
    return min(1.0, max(0.0, value))
