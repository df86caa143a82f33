"""Durable work: what is to be done, in which lane, and how soon."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum


class JobKind(Enum):
    """What is to be done with the subject."""

    SCORE = "score"  # an answer
    DELIVER = "deliver"  # an event to an endpoint
    ERASE = "erase"  # a candidate


class Lane(Enum):
    """Which slots of a worker a job takes."""

    TEXT = "text"
    MEDIA = "media"
    ERRAND = "errand"  # waits for the network or the database more than it computes


class JobOutcome(Enum):
    """What became of an attempt."""

    DONE = "done"
    FAILED = "failed"  # an end that trying again would not change: the caller's to mend
    DEAD = "dead"  # given up after the last attempt
    RETRIED = "retried"  # given back, for another attempt later
    DROPPED = "dropped"  # there was nothing left to do, or it was another worker's by then
    BROKEN = "broken"  # it could not even be given back: begun again when its lease has ended
    STOPPED = "stopped"  # by us: the process ends, or the lease was lost


class Rank(IntEnum):
    """All of a lower number go before any of a higher one."""

    LIVE = 0
    INTERACTIVE = 1
    BULK = 2


@dataclass(frozen=True, slots=True)
class Job:
    """Something to be done.

    Attributes:
        subject: name of the resource, or `{endpoint}#{event id}` for a delivery.
        delay_s: it is not begun before so many seconds have passed.
    """

    kind: JobKind
    lane: Lane
    rank: Rank
    subject: str
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class LeasedJob:
    """A job that this worker has until its lease ends; `lease` fences its end off from another worker's.

    Attributes:
        attempt: 1 for the first.
        waited_s: from when it was to be begun until now.
        trace: `traceparent` of what made it; empty where nothing did that is traced.
    """

    job_id: int
    tenant: str
    kind: JobKind
    lane: Lane
    subject: str
    lease: str
    attempt: int
    waited_s: float
    trace: str = ""
