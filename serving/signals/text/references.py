"""The sentences of all rubrics in a language, and their embeddings put back into groups.

They come from the rubrics, which is why this module, alone in the package, imports scoring.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from serving.domain.competency import Language
from serving.signals.scoring.rubric import load_rubrics
from serving.signals.text.anchors import References

__all__ = ["PROSE", "References", "make_references", "reference_sentences"]

PROSE = "prose"  # the group of what is written for raters: definitions and levels


@cache
def _layout(language: Language) -> tuple[tuple[str, tuple[str, ...]], ...]:
    rubrics = load_rubrics().values()
    prose = tuple(text for rubric in rubrics for text in (rubric.definition[language], *rubric.levels(language)))
    return (*(group for rubric in rubrics for group in rubric.anchor_groups(language)), (PROSE, prose))


def reference_sentences(language: Language) -> tuple[str, ...]:
    """The sentences to embed once, at start; their order is fixed for a version of the package."""
    return tuple(sentence for _, sentences in _layout(language) for sentence in sentences)


def make_references(language: Language, embeddings: NDArray[np.float32]) -> References:
    """Wrap the embeddings of `reference_sentences(language)`, float32 [n, 512], in that order.

    Raises:
        ValueError: when the number of rows differs.
    """
    groups, row = {}, 0
    for name, sentences in _layout(language):
        groups[name] = (row, row + len(sentences))
        row += len(sentences)
    return References(language, embeddings, groups)
