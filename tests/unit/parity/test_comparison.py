"""What is told of two outputs, and of two sets of scores."""

import numpy as np
import pytest

from deployments.parity.comparison import OutputError, ScoreDrift, drift_of, error_of
from deployments.parity.golden import Golden
from serving.api import requests
from viva.v1.scoring_pb2 import AnswerConfig


def answers(*names: str) -> list[Golden]:
    answer = requests.text_answer(AnswerConfig(language="en"), "We did it.")
    return [Golden(name, answer) for name in names]


def rows(*values: float) -> np.ndarray:
    return np.array(values, np.float32)[:, np.newaxis]


def test_the_largest_error_of_all_calls_counts_and_rows_that_are_the_same_do_not():
    found = error_of("vad", "probability", [(rows(0.5, -2.0), rows(0.5, -1.5)), (rows(1.0), rows(0.75))])
    assert found == OutputError("vad", "probability", rows=3, differing=2, largest=0.5, scale=2.0)


def test_text_and_rows_of_another_length_are_the_same_or_not():
    before, after = np.array([[b"one"], [b"two"]], np.object_), np.array([[b"one"], [b"too"]], np.object_)
    assert error_of("asr_en", "text", [(before, after)]) == OutputError("asr_en", "text", 2, 1, None, 0.0)
    longer = error_of("asr_en", "word_start_s", [(np.zeros((1, 3)), np.zeros((1, 4)))])
    assert longer == OutputError("asr_en", "word_start_s", 1, 1, None, 0.0)


def test_an_output_of_no_rows_is_no_error():
    assert error_of("vad", "probability", [(np.empty((0, 4)), np.empty((0, 4)))]).largest == 0.0


def test_scores_that_one_alone_has_are_lost_and_the_worst_has_a_name():
    before = {(0, "teamwork"): 5.0, (0, "leadership"): None, (1, "teamwork"): 3.0, (1, "integrity"): 4.0}
    after = {(0, "teamwork"): 5.25, (0, "leadership"): 2.0, (1, "teamwork"): 2.0, (1, "integrity"): None}
    found = drift_of(answers("a", "b"), before, after)
    assert found == ScoreDrift(scores=2, lost=2, largest=1.0, mean=0.625, worst="b: teamwork")


def test_a_number_that_is_none_is_lost_and_an_output_with_one_has_no_error_that_is_small():
    nan = float("nan")
    found = drift_of(answers("a"), {(0, "teamwork"): 5.0, (0, "integrity"): 1.0}, {(0, "teamwork"): nan, (0, "x"): 1.0})
    assert (found.scores, found.lost) == (0, 3)
    assert np.isnan(error_of("vad", "probability", [(rows(1.0, 2.0), rows(1.0, nan))]).largest)


def test_equal_scores_have_no_worst():
    same = {(0, "teamwork"): 5.0}
    assert drift_of(answers("a"), same, same) == ScoreDrift(1, 0, 0.0, 0.0, "a: teamwork")
    assert drift_of(answers("a"), {}, {}) == ScoreDrift(0, 0, 0.0, 0.0, "")


@pytest.mark.parametrize("texts", [1, 3])
def test_texts_come_from_both_languages(tmp_path, texts):
    from deployments.parity.golden import golden_answers

    made = golden_answers(tmp_path, texts, media=False)
    assert [one.name[:2] for one in made] == ["en"] * texts + ["zh"] * texts
