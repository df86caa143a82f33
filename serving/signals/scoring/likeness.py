"""How sentences lie to a rubric: what is known of a competency without having been trained for it."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from serving.domain.competency import COMPETENCIES
from serving.signals.scoring.rubric import load_rubrics
from serving.signals.text.anchors import Comparison, cosines, nearest_mean

FIT_COLUMNS: Final = ("likeness", "margin", "contrary")
PLACES: Final = len(COMPETENCIES) + 1  # the last one is for a competency that a caller defined
CUSTOM: Final = len(COMPETENCIES)


def rubric_fit(compared: Comparison) -> NDArray[np.float32]:
    """Each sentence against the rubrics of the eight competencies, float32 [sentences, 9, 3]; the last place is zero.

    `likeness` is the cosine with the nearest dimension's indicators, `margin` how much that is above the mean of all
    competencies (a story about people at work is somewhat like all of them; what counts is how much nearer it is to
    one), `contrary` the cosine with contrary behaviours less the likeness.
    """
    likeness, contrary = [], []
    for name, rubric in load_rubrics().items():
        likeness.append(np.max([compared.likeness(f"{name}/{side.name}") for side in rubric.dimensions], axis=0))
        contrary.append(compared.likeness(f"{name}/contrary"))
    like = np.stack(likeness, axis=1)  # [sentences, 8]
    fit = np.zeros((len(like), PLACES, len(FIT_COLUMNS)), np.float32)
    fit[:, :CUSTOM, 0] = like
    fit[:, :CUSTOM, 1] = like - like.mean(axis=1, keepdims=True)
    fit[:, :CUSTOM, 2] = np.stack(contrary, axis=1) - like
    return fit


def with_custom(
    fit: NDArray[np.float32],
    embeddings: NDArray[np.float32],
    indicators: NDArray[np.float32],
    contrary: NDArray[np.float32] | None,
) -> NDArray[np.float32]:
    """The same with a caller's competency in the last place.

    Args:
        embeddings: float32 [sentences, 512]. indicators, contrary: float32 [n, 512], all L2-normalised.
    """
    like = nearest_mean(cosines(embeddings, indicators))
    found = fit.copy()
    found[:, CUSTOM, 0] = like
    found[:, CUSTOM, 1] = like - fit[:, :CUSTOM, 0].mean(axis=1)
    if contrary is not None and len(contrary):
        found[:, CUSTOM, 2] = nearest_mean(cosines(embeddings, contrary)) - like
    else:
        found[:, CUSTOM, 2] = fit[:, :CUSTOM, 2].mean(axis=1)
    return found
