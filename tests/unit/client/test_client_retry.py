"""When the client tries again, and how long it waits, without a clock."""

from __future__ import annotations

import grpc
import pytest

from viva_client import RetryPolicy, VivaError
from viva_client.retry import Attempts


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def error(code: grpc.StatusCode, reason: str = "", retry_after_s: float | None = None) -> VivaError:
    return VivaError(code, reason, "no", retry_after_s=retry_after_s)


AWAY = error(grpc.StatusCode.UNAVAILABLE)


def attempts(timeout_s: float = 1000, chance: float = 0.0, **policy: float) -> Attempts:
    return Attempts(RetryPolicy(**policy), timeout_s, clock=Clock(), chance=lambda: chance)  # type: ignore[arg-type]


def test_waits_double_up_to_the_longest() -> None:
    tries = attempts(max_attempts=7, initial_s=0.25, max_s=2.0)
    assert [tries.pause_after(AWAY) for _ in range(6)] == [0.25, 0.5, 1.0, 2.0, 2.0, 2.0]


def test_chance_cuts_a_wait_by_half_at_most() -> None:
    assert attempts(chance=1.0, initial_s=1.0).pause_after(AWAY) == 0.5


def test_what_the_server_asks_for_is_waited_in_full() -> None:
    busy = error(grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL", retry_after_s=3.0)
    assert attempts(chance=1.0, initial_s=1.0).pause_after(busy) == 3.5


def test_the_last_attempt_raises_its_own_error() -> None:
    tries = attempts(max_attempts=2)
    tries.pause_after(AWAY)
    last = error(grpc.StatusCode.UNAVAILABLE, "MODEL_UNAVAILABLE")
    with pytest.raises(VivaError) as caught:
        tries.pause_after(last)
    assert caught.value is last


def test_a_wait_that_the_deadline_would_cut_is_not_begun() -> None:
    with pytest.raises(VivaError):
        attempts(timeout_s=0.2, initial_s=0.25).pause_after(AWAY)


def test_time_left_never_goes_below_zero() -> None:
    clock = Clock()
    tries = Attempts(RetryPolicy(), 5.0, clock=clock)
    clock.now += 2
    assert tries.remaining_s() == 3.0
    clock.now += 10
    assert tries.remaining_s() == 0.0


def test_a_policy_of_very_many_attempts_does_not_overflow() -> None:
    assert RetryPolicy(max_attempts=100_000).wait_s(99_999) == 5.0


@pytest.mark.parametrize(
    "policy", [{"max_attempts": 0}, {"initial_s": 0}, {"multiplier": 0.5}, {"initial_s": 9.0, "max_s": 1.0}]
)
def test_a_policy_that_makes_no_sense_is_refused(policy: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="not a retry policy"):
        RetryPolicy(**policy)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("failure", "retryable"),
    [
        (error(grpc.StatusCode.UNAVAILABLE, "WORKER_LOST"), True),
        (error(grpc.StatusCode.RESOURCE_EXHAUSTED), True),
        (error(grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL", 1.0), True),
        (error(grpc.StatusCode.RESOURCE_EXHAUSTED, "QUOTA"), False),
        (error(grpc.StatusCode.CANCELLED), True),
        (error(grpc.StatusCode.CANCELLED, "SAID_SO"), False),
        (error(grpc.StatusCode.UNKNOWN), True),
        (error(grpc.StatusCode.UNKNOWN, "SAID_SO"), False),
        (error(grpc.StatusCode.INVALID_ARGUMENT, "TEXT_EMPTY"), False),
        (error(grpc.StatusCode.DEADLINE_EXCEEDED), False),
        (error(grpc.StatusCode.INTERNAL, "INTERNAL"), False),
        (error(grpc.StatusCode.ABORTED, "UPLOAD_NOT_COMMITTED"), False),
    ],
)
def test_only_what_may_pass_is_retryable(failure: VivaError, retryable: bool) -> None:
    assert failure.retryable is retryable
