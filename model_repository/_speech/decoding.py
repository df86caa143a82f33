"""Greedy decoding of rows side by side, with guards against running on: a cap on tokens, a stop at repetition."""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float32]

MIN_COPIES = 4
MIN_REPEATED_TOKENS = 16
MAX_PERIOD = 16
TOKENS_PER_LOOK = 8  # between two questions whether anybody still waits for the text


class GivenUp(Exception):
    """Nobody waits for the text any more."""


def never() -> bool:
    """The caller of a call that cannot be given up."""
    return False


class Stop(Enum):
    """Why decoding ended."""

    END_OF_TEXT = "end_of_text"
    """The model said so."""
    TOKEN_LIMIT = "token_limit"
    """More tokens than speech of that length can hold."""
    REPETITION = "repetition"
    """The model had fallen into a loop; the copies after the first were dropped."""


class Step(Protocol):
    """The decoder's answer to the tokens it was fed."""

    @property
    def logits(self) -> Float:
        """[rows, vocabulary]"""

    @property
    def attention(self) -> Float:
        """[rows, alignment heads, time]"""


class TokenSequences(Protocol):
    """A decoder that can be fed tokens, as many to each of its rows."""

    def feed(self, ids: Sequence[Sequence[int]]) -> Step:
        """Append tokens [rows, tokens] to the sequences and look at the audio once more."""

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these rows alone."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What may be decoded: the token that ends a text, the cap, and tokens that are never chosen."""

    end_of_text: int
    max_tokens: int
    suppress: Sequence[int] = ()
    suppress_at_start: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A decoded text."""

    ids: tuple[int, ...]
    probabilities: tuple[float, ...]
    """Of each token, among the tokens that were allowed."""
    attention: Float
    """[alignment heads, rows, time]; row i is the look at the audio that led to token i, and a last row the one
    that led to the end (missing when the token limit cut the text)."""
    stop: Stop
    mean_log_probability: float
    """Per decided token, the end of text included; 0 is certainty."""


class _Row:
    """A text as far as it is known."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._ids: list[int] = []
        self._log_probabilities: list[float] = []
        self._looks: list[Float] = []
        self._stop = Stop.TOKEN_LIMIT
        self.ended = False

    @property
    def last(self) -> int:
        return self._ids[-1] if self._ids else self._rules.end_of_text

    def take(self, logits: Float, attention: Float) -> None:
        """Choose the token that follows."""
        rules, ids = self._rules, self._ids
        barred = rules.suppress if ids else [*rules.suppress, *rules.suppress_at_start]
        token, log_probability = likeliest(logits, barred)
        self._looks.append(attention)
        self._log_probabilities.append(log_probability)
        if token == rules.end_of_text:
            self._stop, self.ended = Stop.END_OF_TEXT, True
            return
        ids.append(token)
        excess = repeated_tail(ids)
        if excess:
            del ids[-excess:]
            self._stop = Stop.REPETITION
        self.ended = excess > 0 or len(ids) == rules.max_tokens

    def hypothesis(self) -> Hypothesis:
        ids = self._ids
        return Hypothesis(
            ids=tuple(ids),
            probabilities=tuple(math.exp(value) for value in self._log_probabilities[: len(ids)]),
            attention=np.stack(self._looks[: len(ids) + 1], axis=1),
            stop=self._stop,
            mean_log_probability=float(np.mean(self._log_probabilities)),
        )


def greedy(
    sequences: TokenSequences,
    prompt: Sequence[Sequence[int]],
    rules: Sequence[Rules],
    given_up: Callable[[], bool] = never,
) -> list[Hypothesis]:
    """Feed the prompt [rows, tokens], then to each row its likeliest token again and again, until all have ended.

    Raises GivenUp soon after `given_up` says so.
    """
    rows = [_Row(one) for one in rules]
    live = rows
    step = sequences.feed(prompt)
    for looks in itertools.count():
        if looks % TOKENS_PER_LOOK == 0 and given_up():
            raise GivenUp
        for row, logits, attention in zip(live, step.logits, step.attention, strict=True):
            if not row.ended:
                row.take(logits, attention)
        going = [index for index, row in enumerate(live) if not row.ended]
        if not going:
            break
        # Not at every end: leaving a row out copies what the others keep.
        if len(going) <= len(live) // 2:
            sequences.keep(going)
            live = [live[index] for index in going]
        step = sequences.feed([[row.last] for row in live])
    return [row.hypothesis() for row in rows]


def likeliest(logits: Float, barred: Sequence[int]) -> tuple[int, float]:
    """The likeliest token that is not barred, and its log probability among those."""
    allowed = logits
    if barred:
        allowed = logits.copy()
        allowed[list(barred)] = -np.inf
    token = int(allowed.argmax())
    best = float(allowed[token])
    return token, -math.log(float(np.exp(allowed - best).sum()))


def repeated_tail(ids: Sequence[int]) -> int:
    """How many tokens at the end only repeat what stands before them; 0 when the text is not looping.

    A loop is a group of up to 16 tokens in at least 4 copies that fill at least 16 tokens: more than people
    who stutter or plead ("no, no, no") say, and soon reached by a model that will not stop by itself.
    """
    for period in range(1, MAX_PERIOD + 1):
        copies = max(MIN_COPIES, math.ceil(MIN_REPEATED_TOKENS / period))
        span = copies * period
        if len(ids) >= span and list(ids[-span:-period]) == list(ids[-span + period :]):
            return span - period
    return 0
