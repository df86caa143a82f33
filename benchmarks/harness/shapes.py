"""Shapes of arrivals, as scenario files say them. Their times are `arrivals`'s."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import Field

_LONGEST_S: Final = 7 * 86400

Rate = Annotated[float, Field(gt=0, le=100_000)]
Duration = Annotated[float, Field(gt=0, le=_LONGEST_S)]


@dataclass(frozen=True, slots=True)
class Offline:
    """All at once: `count` answers at second 0."""

    shape: Literal["offline"]
    count: Annotated[int, Field(ge=1, le=1_000_000)]


@dataclass(frozen=True, slots=True)
class Server:
    """A search for the highest Poisson rate that holds the SLOs.

    Attributes:
        count: answers of a probe on average, those of the warm-up not included.
        offline_count: answers of the offline run that the search starts from.
        tolerance: the search ends when held and missed rates differ by this share at most.
    """

    shape: Literal["server"]
    count: Annotated[int, Field(ge=1, le=1_000_000)]
    offline_count: Annotated[int, Field(ge=1, le=1_000_000)]
    tolerance: Annotated[float, Field(ge=0.001, le=0.5)] = 0.05


@dataclass(frozen=True, slots=True)
class Poisson:
    """Independent arrivals at one rate. With a duration of many minutes: a soak."""

    shape: Literal["poisson"]
    rate_per_s: Rate
    duration_s: Duration


@dataclass(frozen=True, slots=True)
class Ramp:
    """Poisson at a rate that changes linearly."""

    shape: Literal["ramp"]
    from_per_s: Annotated[float, Field(ge=0, le=100_000)]
    to_per_s: Annotated[float, Field(ge=0, le=100_000)]
    duration_s: Duration


@dataclass(frozen=True, slots=True)
class Spike:
    """Poisson at one rate, and at another from `at_s` for `spike_s`."""

    shape: Literal["spike"]
    rate_per_s: Rate
    spike_per_s: Rate
    at_s: Annotated[float, Field(ge=0)]
    spike_s: Duration
    duration_s: Duration


@dataclass(frozen=True, slots=True)
class CampusDay:
    """A day of `arrivals.CAMPUS_HOURS` with a deadline at midnight, compressed into `duration_s`.

    Attributes:
        count: answers of the day, on average.
        deadline_share: of them in its last hour.
    """

    shape: Literal["campus_day"]
    count: Annotated[int, Field(ge=1, le=10_000_000)]
    duration_s: Duration
    deadline_share: Annotated[float, Field(ge=0, lt=1)] = 0.2


@dataclass(frozen=True, slots=True)
class Replay:
    """The times of a trace: a CSV with a column `time_s`, or JSON lines with that key; the first becomes second 0.

    Attributes:
        path: relative to the working directory.
        stretch: times are multiplied by it; 0.1 is ten times the load.
    """

    shape: Literal["replay"]
    path: Annotated[str, Field(min_length=1)]
    stretch: Annotated[float, Field(gt=0, le=1000)] = 1.0


Arrivals = Offline | Server | Poisson | Ramp | Spike | CampusDay | Replay
