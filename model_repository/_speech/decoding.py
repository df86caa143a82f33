"""Greedy decoding with guards against running on: a cap on tokens and a stop at repetition."""

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
        """[vocabulary]"""

    @property
    def attention(self) -> Float:
        """[alignment heads, time]"""


class TokenSequence(Protocol):
    """A decoder that can be fed tokens."""

    def feed(self, *ids: int) -> Step:
        """Append tokens to the sequence and look at the audio once more."""


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


def greedy(
    sequence: TokenSequence, prompt: Sequence[int], rules: Rules, given_up: Callable[[], bool] = never
) -> Hypothesis:
    """Feed the prompt, then the likeliest token again and again. Raises GivenUp soon after `given_up` says so."""
    ids: list[int] = []
    log_probabilities: list[float] = []
    looks: list[Float] = []
    stop = Stop.TOKEN_LIMIT
    step = sequence.feed(*prompt)
    while True:
        if len(looks) % TOKENS_PER_LOOK == 0 and given_up():
            raise GivenUp
        looks.append(step.attention)
        barred = [*rules.suppress, *rules.suppress_at_start] if not ids else rules.suppress
        token, log_probability = likeliest(step.logits, barred)
        log_probabilities.append(log_probability)
        if token == rules.end_of_text:
            stop = Stop.END_OF_TEXT
            break
        ids.append(token)
        excess = repeated_tail(ids)
        if excess:
            del ids[-excess:]
            stop = Stop.REPETITION
            break
        if len(ids) == rules.max_tokens:
            break
        step = sequence.feed(token)
    return Hypothesis(
        ids=tuple(ids),
        probabilities=tuple(math.exp(value) for value in log_probabilities[: len(ids)]),
        attention=np.stack(looks[: len(ids) + 1], axis=1),
        stop=stop,
        mean_log_probability=float(np.mean(log_probabilities)),
    )


def likeliest(logits: Float, barred: Sequence[int]) -> tuple[int, float]:
    """The likeliest token that is not barred, and its log probability among those."""
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
