from __future__ import annotations

import numpy as np
import pytest

from serving.signals.text.coherence import coherence


def unit(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    row = np.zeros(512, np.float32)
    row[: len(values)] = values
    return row / np.linalg.norm(row)


def test_an_answer_on_the_question_is_more_coherent_than_one_beside_it() -> None:
    question = unit(1, 0, 0)
    near = coherence(question, np.stack([unit(1, 1, 0), unit(1, 0.5, 0)]))
    far = coherence(question, np.stack([unit(0, 1, 0), unit(0, 0, 1)]))
    assert near.question is not None and far.question is not None
    assert near.question > 0.7 > 0.1 > far.question
    assert far.sentences == pytest.approx(0.0)


def test_values_are_known_cosines() -> None:
    result = coherence(unit(1, 0), np.stack([unit(1, 0), unit(0.6, 0.8)]))
    assert result.question == pytest.approx(1.0)  # the nearer half is the first sentence
    assert result.sentences == pytest.approx(0.6, abs=1e-6)
    assert result.overall == pytest.approx(0.8, abs=1e-6)


def test_what_cannot_be_compared_is_none() -> None:
    empty = np.zeros((0, 512), np.float32)
    assert coherence(None, empty).overall is None
    assert coherence(unit(1), empty).question is None
    assert coherence(None, np.stack([unit(1)])).sentences is None


def test_opposite_directions_clip_to_zero() -> None:
    assert coherence(unit(1), np.stack([unit(-1), unit(1)])).sentences == 0.0
