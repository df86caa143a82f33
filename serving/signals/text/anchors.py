"""Reference sentences as embeddings: what a sentence of an answer is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from serving.domain.competency import Language


@dataclass(frozen=True, slots=True)
class References:
    """Embedded reference sentences of one language, in named groups (`star/A`, `teamwork/cooperation` ...).

    Attributes:
        embeddings: float32 [n, 512], L2-normalised.
        groups: rows of each group, as (first, after last).
    """

    language: Language
    embeddings: NDArray[np.float32]
    groups: Mapping[str, tuple[int, int]]

    def __post_init__(self) -> None:
        rows = max((end for _, end in self.groups.values()), default=0)
        if self.embeddings.ndim != 2 or len(self.embeddings) != rows:
            raise ValueError(f"references need {rows} embeddings, got an array of shape {self.embeddings.shape}")

    def group(self, name: str) -> NDArray[np.float32]:
        """float32 [rows of the group, 512]. Raises `KeyError` for an unknown group."""
        start, end = self.groups[name]
        return self.embeddings[start:end]


def likeness(sentences: NDArray[np.float32], anchors: NDArray[np.float32], nearest: int = 2) -> NDArray[np.float64]:
    """How like a group each sentence is: mean cosine with its `nearest` anchors, float64 [sentences].

    Sentence by sentence on purpose: one large product may round a row differently for other row counts, and an
    answer's bits must not depend on how long it is.
    """
    wide = anchors.astype(np.float64)
    nearest = min(nearest, len(wide))
    values = [np.sort(wide @ row)[-nearest:].mean() for row in sentences.astype(np.float64)]
    return np.array(values, dtype=np.float64)
