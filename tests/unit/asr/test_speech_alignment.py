"""Times of tokens from attention, by dynamic time warping."""

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
from viva_speech.alignment import first_frames, median_filter, token_starts


def _best_by_enumeration(cost: np.ndarray) -> list[int]:
    """The columns in which the cheapest of all monotone paths enters each row."""
    rows, columns = cost.shape

    def paths(row: int, column: int) -> Iterator[tuple[float, list[int]]]:
        """Every path from a cell on: its cost, and its entry to each later row."""
        here = float(cost[row, column])
        if (row, column) == (rows - 1, columns - 1):
            yield here, []
        for down, right in ((1, 1), (1, 0), (0, 1)):
            if row + down < rows and column + right < columns:
                for total, entries in paths(row + down, column + right):
                    yield here + total, [column + right, *entries] if down else entries

    return [0, *min(paths(0, 0))[1]]


def test_attention_along_a_diagonal_gives_the_frame_where_each_token_begins() -> None:
    bounds = [0, 12, 20, 47, 60]
    attention = np.full((2, 4, 80), 0.01, np.float32)
    for row, (first, last) in enumerate(itertools.pairwise(bounds)):
        attention[:, row, first:last] = 1.0
    assert token_starts(attention, 60).tolist() == [0, 12, 20, 47]


def test_frames_after_the_audio_are_not_looked_at() -> None:
    rng = np.random.default_rng(0)
    attention = rng.random((3, 5, 100), np.float32)
    other = attention.copy()
    other[:, :, 70:] = rng.random((3, 5, 30), np.float32)
    assert np.array_equal(token_starts(attention, 70), token_starts(other, 70))


@pytest.mark.parametrize("seed", range(8))
def test_the_path_found_is_the_cheapest_of_all_paths(seed: int) -> None:
    cost = np.random.default_rng(seed).random((4, 6)).astype(np.float32)
    assert first_frames(cost).tolist() == _best_by_enumeration(cost)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (9, 3)])
def test_any_number_of_tokens_fits_any_number_of_frames(shape: tuple[int, int]) -> None:
    starts = first_frames(np.zeros(shape, np.float32))
    assert len(starts) == shape[0]
    assert starts.min() >= 0
    assert starts.max() < shape[1]


def test_the_median_filter_drops_a_spike_and_keeps_a_step() -> None:
    x = np.array([[0, 0, 0, 9, 0, 0, 0, 5, 5, 5, 5, 5]], np.float32)
    assert median_filter(x, 3).tolist() == [[0, 0, 0, 0, 0, 0, 0, 5, 5, 5, 5, 5]]


def test_the_median_filter_leaves_alone_what_is_shorter_than_half_its_width() -> None:
    x = np.array([[1, 2, 3]], np.float32)
    assert median_filter(x, 7) is x
