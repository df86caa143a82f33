"""When to try again: jittered exponential backoff within one overall deadline. No clock or sleep of its own."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from viva_client.errors import VivaError


@dataclass(frozen=True)
class RetryPolicy:
    """Waits between attempts grow from `initial_s` by `multiplier` up to `max_s`; each is cut by up to half at random
    so that callers that failed together do not come back together. The default gives a restarting server about
    twelve seconds on average before the call fails.

    Attributes:
        max_attempts: calls made at most, the first one included; 1 switches retries off.
        initial_s: first wait, seconds.
        multiplier: growth of the wait.
        max_s: longest wait, seconds, unless the server asks for more.
    """

    max_attempts: int = 8
    initial_s: float = 0.25
    multiplier: float = 2.0
    max_s: float = 5.0

    def __post_init__(self) -> None:
        if self.max_attempts < 1 or self.initial_s <= 0 or self.multiplier < 1 or self.max_s < self.initial_s:
            raise ValueError(f"not a retry policy: {self}")

    def wait_s(self, failures: int) -> float:
        """Longest wait after the given number of failed attempts, before jitter."""
        # The exponent is bounded so that a policy of very many attempts cannot overflow a float.
        return min(self.max_s, self.initial_s * self.multiplier ** min(failures - 1, 64))


class Attempts:
    """The attempts of one call.

    Args:
        timeout_s: time for all attempts and the waits between them together.
    """

    def __init__(
        self,
        policy: RetryPolicy,
        timeout_s: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._policy = policy
        self._clock = clock
        self._chance = chance
        self._deadline = clock() + timeout_s
        self._failures = 0

    def remaining_s(self) -> float:
        """Time left, seconds; never negative."""
        return max(0.0, self._deadline - self._clock())

    def progressed(self) -> None:
        """Count failures from zero again: the last attempt brought the work forward."""
        self._failures = 0

    def pause_after(self, error: VivaError, *, retryable: bool | None = None) -> float:
        """Seconds to wait before the next attempt.

        Args:
            retryable: whether another attempt makes sense; by default what the error says.

        Raises:
            VivaError: `error` itself, when another attempt makes no sense or no time is left for one.
        """
        if not (error.retryable if retryable is None else retryable):
            raise error
        self._failures += 1
        if self._failures >= self._policy.max_attempts:
            raise error
        wait_s = self._policy.wait_s(self._failures) * (1 - self._chance() / 2)
        if error.retry_after_s is not None:
            wait_s += error.retry_after_s
        if wait_s >= self.remaining_s():
            raise error
        return wait_s
