"""Reference sentences as embeddings: what a sentence of an answer is compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from serving.domain.competency import Language


@dataclass(frozen=True, slots=True)
class References:
    """Embedded reference sentences of one language, in named groups (`teamwork/cooperation`, `prose` ...).

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


@dataclass(frozen=True, slots=True)
class Comparison:
    """Sentences against references.

    Attributes:
        cosines: float64 [sentences, references].
    """

    cosines: NDArray[np.float64]
    groups: Mapping[str, tuple[int, int]]

    def likeness(self, group: str, nearest: int = 2) -> NDArray[np.float64]:
        """How like a group each sentence is: mean cosine with its `nearest` members, float64 [sentences]."""
        start, end = self.groups[group]
        return nearest_mean(self.cosines[:, start:end], nearest)

    def only(self, kept: Sequence[int]) -> Comparison:
        """The same for these sentences only, in the order given."""
        return Comparison(self.cosines[list(kept)], self.groups)


def compare(embeddings: NDArray[np.float32], references: References) -> Comparison:
    """Compare each sentence, float32 [sentences, 512] and L2-normalised, with every reference."""
    return Comparison(cosines(embeddings, references.embeddings), references.groups)


def cosines(embeddings: NDArray[np.float32], examples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Of each sentence with each example, float64 [sentences, examples]; both are float32 [n, 512], L2-normalised.

    One product a sentence on purpose, and not BLAS's: a product of all at once may round a row differently for other
    row counts, and BLAS for other numbers of threads. A sentence's bits must depend on neither.
    """
    found = np.empty((len(embeddings), len(examples)), dtype=np.float64)
    for at, row in enumerate(embeddings):
        found[at] = np.einsum("ij,j->i", examples, row)
    return found


def nearest_mean(cosines: NDArray[np.float64], nearest: int = 2) -> NDArray[np.float64]:
    """Mean of each sentence's `nearest` largest cosines, float64 [sentences]; one alone may be an accident."""
    mean: NDArray[np.float64] = np.sort(cosines, axis=1)[:, -nearest:].mean(axis=1)
    return mean
