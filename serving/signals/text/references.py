"""All reference sentences of a language, and their embeddings put back into groups.

STAR and general anchors are data of this package; the indicators of the competencies come from the rubrics, which is
why this module, alone in the package, imports scoring.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from serving.domain.competency import Language
from serving.signals.scoring.rubric import load_rubrics
from serving.signals.text.anchors import References
from serving.signals.text.resources import load_data

__all__ = ["References", "make_references", "reference_sentences"]


@cache
def _layout(language: Language) -> tuple[tuple[str, tuple[str, ...]], ...]:
    groups: list[tuple[str, tuple[str, ...]]] = [
        (name, tuple(sentences)) for name, sentences in load_data("anchors")[language].items()
    ]
    for rubric in load_rubrics().values():
        groups.extend(rubric.anchor_groups(language))
    return tuple(groups)


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
