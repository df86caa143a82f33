"""Whisper's rules around the decoder: windows, what may be written, what counts as an invention."""

import numpy as np
import pytest
from transcriber import Vocabulary, is_invented, window_samples
from viva_speech.decoding import Hypothesis, Stop

_SECOND = 16_000


@pytest.mark.parametrize(
    ("samples", "seconds"),
    [(1, 5), (4 * _SECOND, 5), (4 * _SECOND + 1, 6), (12 * _SECOND, 13), (29 * _SECOND + 1, 30), (30 * _SECOND, 30)],
)
def test_a_window_holds_the_segment_and_a_second_of_silence_in_whole_seconds(samples: int, seconds: int) -> None:
    assert window_samples(samples) == seconds * _SECOND


def _hypothesis(mean: float, stop: Stop = Stop.END_OF_TEXT) -> Hypothesis:
    return Hypothesis((1,), (0.5,), np.zeros((1, 2, 3), np.float32), stop, mean)


@pytest.mark.parametrize(
    ("no_speech", "hypothesis", "invented"),
    [
        (0.9, _hypothesis(-1.5), True),
        (0.9, _hypothesis(-0.2, Stop.REPETITION), True),
        (0.9, _hypothesis(-0.2), False),  # sure of its words
        (0.1, _hypothesis(-1.5), False),  # sure that somebody speaks
    ],
)
def test_a_text_is_invented_when_nobody_speaks_and_the_model_is_unsure(
    no_speech: float, hypothesis: Hypothesis, invented: bool
) -> None:
    assert is_invented(no_speech, hypothesis) is invented


def test_mandarin_is_written_without_digits_and_nothing_with_special_tokens() -> None:
    tokens = [b"1", b" 20", b"%", b" a", b"", b"", b""]
    vocabulary = Vocabulary(tokens, 4, 5, 5, 5, 6, {"en": 5, "zh": 6}, [2], [3])
    assert vocabulary.suppressed("en") == [2, 5, 6]
    assert vocabulary.suppressed("zh") == [0, 1, 2, 5, 6]
