"""Times of tokens from where the decoder looked, by dynamic time warping.

The method is Whisper's (https://github.com/openai/whisper/blob/main/whisper/timing.py): some cross-attention heads
follow the audio; their weights, made comparable and smoothed, form a map of tokens against frames, and the
cheapest monotone path through it says when each token was spoken.
"""

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float32]

MEDIAN_WIDTH = 7  # frames, as in Whisper


def token_starts(attention: Float, frames: int) -> npt.NDArray[np.int64]:
    """The frame in which each row's token begins.

    attention [heads, rows, time]: cross-attention weights of the alignment heads, one row a token; `frames` is
    how many of the time steps hold audio (the rest is padding). Returns [rows], never falling.
    """
    weights = attention[:, :, :frames]
    spread = weights.std(axis=1, keepdims=True)
    normalised = (weights - weights.mean(axis=1, keepdims=True)) / np.maximum(spread, 1e-9)
    return first_frames(-median_filter(normalised.mean(axis=0), MEDIAN_WIDTH))


def median_filter(x: Float, width: int) -> Float:
    """Running median along the last axis, reflected at the ends; `width` is odd."""
    pad = width // 2
    if x.shape[-1] <= pad:
        return x
    padded = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(pad, pad)], mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, width, axis=-1)
    return np.asarray(np.median(windows, axis=-1), np.float32)


def first_frames(cost: Float) -> npt.NDArray[np.int64]:
    """The column in which the cheapest monotone path through `cost` [rows, columns] enters each row.

    The path goes from the first cell to the last by steps of one row, one column or both. The table is filled
    along its anti-diagonals, whose cells do not depend on each other.
    """
    rows, columns = cost.shape
    total = np.full((rows + 1, columns + 1), np.inf)
    total[0, 0] = 0.0
    for diagonal in range(2, rows + columns + 1):
        row = np.arange(max(1, diagonal - columns), min(rows, diagonal - 1) + 1)
        column = diagonal - row
        before = np.minimum(total[row - 1, column - 1], total[row - 1, column])
        total[row, column] = cost[row - 1, column - 1] + np.minimum(before, total[row, column - 1])
    return _entered(total)


def _entered(total: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Walk back from the last cell of the accumulated costs and note the leftmost column of each row."""
    row, column = total.shape[0] - 1, total.shape[1] - 1
    entered = np.zeros(row, np.int64)
    while row > 0 and column > 0:
        entered[row - 1] = column - 1
        steps = ((row - 1, column - 1), (row - 1, column), (row, column - 1))
        row, column = min(steps, key=lambda cell: float(total[cell]))
    return entered
