"""Fits the model of sentence ends: logistic regression over the words around each gap, most of it zeros."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize

from serving.domain.competency import Language
from serving.signals.text.restoration import MARK, gap_features, pieces
from serving.signals.text.units import units

_MIN_SEEN: Final = 2  # a feature seen once says nothing
_SMALLEST: Final = 0.15  # weights under this are left out of the file
_PENALTY: Final = 0.6
_CLAUSE: Final = 0.35  # a comma is some of an end: one speaker's comma is another's full stop


def fit_sentence_ends(answers: Sequence[Sequence[str]], language: Language) -> dict[str, Any]:
    """`bias`, `weights` by feature and the usual `length` of a sentence, from answers that are cut into sentences."""
    rows: list[list[str]] = []
    labels: list[float] = []
    for sentences in answers:
        words, begins, clauses = _words(sentences, language)
        for at in range(1, len(words)):
            rows.append(gap_features(words, at))
            labels.append(1.0 if at in begins else _CLAUSE if at in clauses else 0.0)
    lengths = np.log([len(units(sentence)) for sentences in answers for sentence in sentences])
    seen = Counter(name for row in rows for name in row)
    names = sorted(name for name, count in seen.items() if count >= _MIN_SEEN)
    place = {name: at for at, name in enumerate(names)}
    entries = [(number, place[name]) for number, row in enumerate(rows) for name in row if name in place]
    row_of, column_of = zip(*entries, strict=True)
    design = sparse.csr_matrix((np.ones(len(entries)), (row_of, column_of)), shape=(len(rows), len(names)))
    truth = np.array(labels)

    def loss(values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights, bias = values[:-1], values[-1]
        logit = design @ weights + bias
        wrong = 1.0 / (1.0 + np.exp(-logit)) - truth
        total = float(np.logaddexp(0.0, logit).sum() - truth @ logit + 0.5 * _PENALTY * weights @ weights)
        return total, np.append(design.T @ wrong + _PENALTY * weights, wrong.sum())

    solved = minimize(loss, np.zeros(len(names) + 1), jac=True, method="L-BFGS-B", options={"maxiter": 300}).x
    kept = {name: round(float(value), 2) for name, value in zip(names, solved, strict=False) if abs(value) >= _SMALLEST}
    length = [round(float(lengths.mean()), 2), round(float(lengths.std()), 2)]
    return {"bias": round(float(solved[-1]), 2), "length": length, "weights": kept}


def _words(sentences: Sequence[str], language: Language) -> tuple[list[str], set[int], set[int]]:
    """The words of an answer as if it had no marks, and where sentences and clauses begin."""
    words: list[str] = []
    begins, clauses = set(), set()
    for sentence in sentences:
        begins.add(len(words))
        found = pieces(sentence, (0, len(sentence)), language)
        for before, piece in pairwise(found):
            if MARK.search(sentence, before.start + len(before.text), piece.start):
                clauses.add(len(words) + found.index(piece))
        words += [piece.text for piece in found]
    return words, begins, clauses
