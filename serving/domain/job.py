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
    """

    job_id: int
    tenant: str
    kind: JobKind
    lane: Lane
    subject: str
    lease: str
    attempt: int
    waited_s: float
