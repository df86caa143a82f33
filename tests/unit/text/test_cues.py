"""Cues of an answer and of parts of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from serving.domain.judgement import AnswerState
from serving.signals.scoring.likeness import PLACES
from serving.signals.text import cues
from serving.signals.text.cues import COLUMNS, cue_features, find_wording
from tests.unit.text.word_hash_encoder import embed

SENTENCES = ("We had 40 customers waiting.", "I called all 40 customers.", "In the end 38 of them stayed.")


def state(sentences: tuple[str, ...] = SENTENCES) -> AnswerState:
    fit = np.zeros((len(sentences), PLACES, 3), np.float32)
    wording = find_wording(sentences, "en")
    return AnswerState("en", "Why?", sentences, wording, embed(sentences), embed(["Why?"])[0], fit)


def test_a_part_has_the_cues_of_an_answer_that_never_held_more() -> None:
    assert np.array_equal(cue_features(state().without(0)), cue_features(state(SENTENCES[1:])))


def test_a_figure_counts_where_it_is_named_first() -> None:
    number = COLUMNS.index("number")
    whole, rest = cue_features(state())[:, number], cue_features(state().without(0))[:, number]
    assert (whole > 0).tolist() == [True, False, True]
    assert (rest > 0).tolist() == [True, True]


def test_parts_are_not_searched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = state()
    monkeypatch.setattr(cues, "_patterns", None)
    assert cue_features(whole.only([2, 1])).shape == (2, len(COLUMNS))


def test_nothing_has_no_cues() -> None:
    assert cue_features(replace(state(), sentences=(), wording=())).shape == (0, len(COLUMNS))
