"""Sentences that say again what was said."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

NEAR_DUPLICATE: Final = 0.93  # cosine over which a sentence repeats an earlier one (seen: paraphrases stay under 0.9)
_BEFORE: Final = 40  # sentences looked back at, so that cost stays linear


def said_again(embeddings: NDArray[np.float32]) -> frozenset[int]:
    """Sentences that one of the 40 before already said. `embeddings`: float32 [sentences, 512]."""
    rows = embeddings.astype(np.float64)
    repeats = set()
    for at in range(1, len(rows)):
        if any(float(row @ rows[at]) > NEAR_DUPLICATE for row in rows[max(0, at - _BEFORE) : at]):
            repeats.add(at)
    return frozenset(repeats)
