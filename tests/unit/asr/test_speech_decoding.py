"""Greedy decoding and its guards."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from viva_speech.decoding import GivenUp, Hypothesis, Rules, Stop, greedy, likeliest, repeated_tail
from viva_speech.engine import Step

_END, _VOCABULARY = 0, 50


@dataclass
class _Scripted:
    """A decoder of rows that want a given token next each, whatever they are fed; each look is numbered."""

    wanted: Sequence[Callable[[int], int]]
    fed: int = 0
    widths: list[int] = field(default_factory=list)

    def feed(self, ids: Sequence[Sequence[int]]) -> Step:
        assert len(ids) == len(self.wanted)
        self.widths.append(len(ids))
        logits = np.zeros((len(ids), _VOCABULARY), np.float32)
        for row, wanted in enumerate(self.wanted):
            logits[row, wanted(self.fed)] = 5.0
        self.fed += 1
        return Step(logits, np.full((len(ids), 2, 3), self.fed, np.float32))

    def keep(self, rows: Sequence[int]) -> None:
        self.wanted = [self.wanted[row] for row in rows]


def _script(tokens: list[int]) -> Callable[[int], int]:
    return lambda step: tokens[min(step, len(tokens) - 1)]


def one(wanted: Callable[[int], int], rules: Rules, prompt: Sequence[int] = (1,)) -> Hypothesis:
    (hypothesis,) = greedy(_Scripted([wanted]), [prompt], [rules])
    return hypothesis


def test_decoding_ends_where_the_model_says_so() -> None:
    hypothesis = one(_script([7, 8, 9, _END]), Rules(_END, max_tokens=20), (1, 2))
    assert hypothesis.ids == (7, 8, 9)
    assert hypothesis.stop is Stop.END_OF_TEXT
    assert hypothesis.attention.shape == (2, 4, 3)
    assert hypothesis.attention[0, :, 0].tolist() == [1, 2, 3, 4]


def test_an_empty_text_is_a_text() -> None:
    hypothesis = one(_script([_END]), Rules(_END, max_tokens=20))
    assert hypothesis.ids == ()
    assert hypothesis.attention.shape == (2, 1, 3)


def test_the_cap_stops_a_model_that_never_ends() -> None:
    hypothesis = one(lambda step: 1 + step, Rules(_END, max_tokens=5))
    assert hypothesis.ids == (1, 2, 3, 4, 5)
    assert hypothesis.stop is Stop.TOKEN_LIMIT
    assert hypothesis.attention.shape[1] == 5


def test_a_loop_is_cut_to_its_first_copy() -> None:
    hypothesis = one(lambda step: [4, 5][step] if step < 2 else 10 + step % 4, Rules(_END, 400))
    assert hypothesis.stop is Stop.REPETITION
    assert hypothesis.ids == (4, 5, 12, 13, 10, 11)
    assert len(hypothesis.probabilities) == 6
    assert hypothesis.attention.shape[1] == 7


@pytest.mark.parametrize(
    ("ids", "excess"),
    [
        ([3] * 16, 15),
        ([9, 1, 2] + [1, 2] * 7, 14),
        (list(range(10)) * 4, 30),
        ([3] * 15, 0),  # "no no no ..." is something that people say
        ([1, 2, 3] * 5, 0),
        (list(range(10)) * 3, 0),
        (list(range(40)), 0),
        ([], 0),
    ],
)
def test_only_long_repetition_counts_as_a_loop(ids: list[int], excess: int) -> None:
    assert repeated_tail(ids) == excess


def test_barred_tokens_are_never_chosen_and_get_no_share_of_the_probability() -> None:
    logits = np.array([1.0, 9.0, 1.0], np.float32)
    token, log_probability = likeliest(logits, [1])
    assert token in (0, 2)
    assert log_probability == pytest.approx(np.log(0.5))
    assert logits[1] == 9.0


def test_tokens_barred_at_the_start_may_come_later() -> None:
    hypothesis = one(_script([7, 7, _END]), Rules(_END, 10, suppress_at_start=[_END, 7]))
    assert hypothesis.ids[0] not in (_END, 7)
    assert hypothesis.ids[1:] == (7,)


def test_confidence_is_the_mean_log_probability_of_what_was_decided() -> None:
    hypothesis = one(_script([7, 8, _END]), Rules(_END, 10))
    share = np.exp(5.0) / (np.exp(5.0) + _VOCABULARY - 1)
    assert hypothesis.probabilities == pytest.approx([share, share])
    assert hypothesis.mean_log_probability == pytest.approx(np.log(share))


def test_decoding_ends_soon_after_nobody_waits() -> None:
    script = _Scripted([lambda step: 7 + step % 30])
    with pytest.raises(GivenUp):
        greedy(script, [(1,)], [Rules(_END, max_tokens=400)], lambda: script.fed > 20)
    assert script.fed < 30


def test_rows_end_each_where_it_would_end_alone_and_leave_the_decoder_when_half_of_them_have() -> None:
    texts = [[7, _END], [7, 8, 9, 10, 11, _END], [7, 8, _END], [12, 13, 14, _END]]
    script = _Scripted([_script(text) for text in texts])
    together = greedy(script, [(1,)] * 4, [Rules(_END, max_tokens=4)] * 4)
    alone = [one(_script(text), Rules(_END, max_tokens=4)) for text in texts]
    assert [row.ids for row in together] == [(7,), (7, 8, 9, 10), (7, 8), (12, 13, 14)]
    for row, expected in zip(together, alone, strict=True):
        assert (row.ids, row.stop, row.probabilities) == (expected.ids, expected.stop, expected.probabilities)
        assert row.attention.tolist() == expected.attention.tolist()
    assert script.widths == [4, 4, 4, 2]
