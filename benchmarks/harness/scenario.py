"""What a scenario file says. Reading and checking one is `scenario_file`'s."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field, StringConstraints

from benchmarks.harness.core import Modality, Priority
from benchmarks.harness.shapes import Arrivals, Offline, Server

# Of a file as a whole: it holds for every dataclass below the one that names it.
STRICT: Final = ConfigDict(extra="forbid", strict=True)

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(gt=0, le=7 * 86400)]
Kind = Literal["offline", "server", "open"]


@dataclass(frozen=True, slots=True)
class LatencySlo:
    """A percentile of latency under a limit. What has no assessment (refused, expired, failed) is over every limit.

    Attributes:
        percentile: above 0, below 100.
        limit_s: latency from the intended send.
        modality, priority: of which answers; None for all.
    """

    percentile: Annotated[float, Field(gt=0, lt=100)]
    limit_s: Seconds
    modality: Modality | None = None
    priority: Priority | None = None


@dataclass(frozen=True, slots=True)
class GoodputSlo:
    """A bound on goodput: assessments a second within the limit of the highest percentile asked of them.

    Attributes:
        at_least: answers a second; with `capacity_requests`, a multiple of the capacity.
    """

    at_least: Annotated[float, Field(gt=0)]


@dataclass(frozen=True, slots=True)
class ErrorSlo:
    """A bound on the share of answers that failed or expired. Refusals are none: they say when to come back.

    Attributes:
        at_most: share of the answers sent.
        modality, priority: of which answers; None for all.
    """

    at_most: Share
    modality: Modality | None = None
    priority: Priority | None = None


@dataclass(frozen=True, slots=True)
class Slos:
    """What a run must hold; exit code 1 says that it did not."""

    latency: tuple[LatencySlo, ...] = ()
    goodput: tuple[GoodputSlo, ...] = ()
    errors: tuple[ErrorSlo, ...] = ()


@dataclass(frozen=True, slots=True)
class WarmUp:
    """What is sent and not counted.

    Attributes:
        count: answers sent and answered before the clock starts, a few at a time: models loaded, connections open.
        seconds: from the start of the schedule, whose answers are sent as all others and left out of the figures:
            queues filled.
    """

    count: Annotated[int, Field(ge=0, le=100_000)] = 0
    seconds: Annotated[float, Field(ge=0)] = 0.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """A load, and what must hold under it.

    Attributes:
        arrivals: when answers are sent.
        mix: share of each modality, by number of answers; 1 in sum.
        bulk_share: share of the answers that are handed over (`bulk`) instead of called and waited for.
        deadline_s: longest wait for an answer's assessment when called, by modality.
        bulk_deadline_s: the same for one that is handed over.
        corpus: folder of the answers; relative to the working directory. None: named on the command line.
        capacity_requests: rates are multiples of a capacity that an offline run of this many answers measures first;
            0: rates are answers a second.
        max_lateness_s: a run whose generator sends later than this (99th percentile) is void.
        generators: processes that send.
        repetitions: runs of the whole.
        seed: of arrivals and of the choice of answers; run number n draws from `seed + n`.
    """

    name: Name
    about: Text
    arrivals: Annotated[Arrivals, Field(discriminator="shape")]
    mix: Mapping[Modality, Share]
    deadline_s: Mapping[Modality, Seconds]
    bulk_share: Share = 0.0
    bulk_deadline_s: Seconds = 3600.0
    corpus: Text | None = None
    warm_up: WarmUp = field(default_factory=WarmUp)
    slos: Slos = field(default_factory=Slos)
    capacity_requests: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    max_lateness_s: Seconds = 0.05
    generators: Annotated[int, Field(ge=1, le=64)] = 1
    repetitions: Annotated[int, Field(ge=1, le=1000)] = 1
    seed: Annotated[int, Field(ge=0)] = 0

    __pydantic_config__ = STRICT

    @property
    def kind(self) -> Kind:
        """MLPerf's name of it: offline (all at once), server (a search for a rate), or any other open load."""
        match self.arrivals:
            case Offline():
                return "offline"
            case Server():
                return "server"
            case _:
                return "open"

    def deadline(self, modality: Modality, priority: Priority) -> float:
        """Longest wait for an answer, seconds."""
        return self.bulk_deadline_s if priority is Priority.BULK else self.deadline_s[modality]
