"""The types that the harness, its targets and its reports share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, runtime_checkable


class Modality(StrEnum):
    """What an answer is given as."""

    TEXT = "text"
    AUDIO = "audio"
    VIDEO = "video"


class Priority(StrEnum):
    """How an answer is sent."""

    INTERACTIVE = "interactive"  # a call that waits for the assessment
    BULK = "bulk"  # handed over, and fetched when it is done


class Outcome(StrEnum):
    """What became of an answer."""

    OK = "ok"
    REFUSED = "refused"  # by a full queue or a quota, with a time to come back
    EXPIRED = "expired"  # its deadline passed
    FAILED = "failed"  # anything else
    UNSENT = "unsent"  # the generator itself fell behind and never sent it: such a run is void


@dataclass(frozen=True, slots=True)
class Sample:
    """One answer of a corpus.

    Attributes:
        sample_id: unique in its corpus.
        language: `en` or `zh`.
        text: of a text answer.
        path: file of an audio or video answer.
        duration_s: of the media; 0 for text.
    """

    sample_id: str
    modality: Modality
    language: str
    question: str
    competencies: tuple[str, ...] = ()
    text: str = ""
    path: Path | None = None
    duration_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Request:
    """An answer that is to be sent.

    Attributes:
        intended_s: when, in seconds from the start of the run. Latency counts from here, however late it was sent.
        deadline_s: longest time from `intended_s` that the sender waits.
    """

    sample: Sample
    intended_s: float
    deadline_s: float
    priority: Priority = Priority.INTERACTIVE


@dataclass(frozen=True, slots=True)
class Reply:
    """What a target made of a request; a target never raises for what a server answered.

    Attributes:
        code: name of the gRPC code, or `HTTP 503`; `OK` when there is an assessment.
        detail: the server's message, for people.
        retry_after_s: when the server asked to come back; None where it did not say.
        assessment: as JSON values (proto field names); empty unless `OK`.
    """

    outcome: Outcome
    code: str = "OK"
    detail: str = ""
    retry_after_s: float | None = None
    assessment: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Observation:
    """One request and what became of it; times in seconds from the start of the run.

    Attributes:
        sent_s: when it really left; the difference to `intended_s` is the generator's own lateness.
        done_s: when the reply was there.
        scores_sha256: of the assessment without its provenance: equal scores have equal hashes. Empty unless `OK`, and
            for replies that a long run did not look at.
        retry_after_s: of the reply.
    """

    sample_id: str
    modality: Modality
    priority: Priority
    intended_s: float
    sent_s: float
    done_s: float
    outcome: Outcome
    code: str
    scores_sha256: str = ""
    retry_after_s: float | None = None

    @property
    def latency_s(self) -> float:
        """From the intended send to the reply, so that a stalled sender hides nothing (coordinated omission)."""
        return self.done_s - self.intended_s


class Target(Protocol):
    """A server under load. One is used by one event loop."""

    @property
    def name(self) -> str:
        """Short, for tables and legends."""
        ...

    async def open(self) -> None:
        """Connect; raises `TargetDown` when nothing answers there."""
        ...

    async def send(self, request: Request) -> Reply:
        """Send one request and wait for its reply, at most `request.deadline_s`."""
        ...

    async def close(self) -> None:
        """Free what `open` took."""
        ...


@runtime_checkable
class Preparing(Protocol):
    """A target that makes something ready for requests before the clock starts, such as interviews to answer in."""

    async def prepare(self, requests: Sequence[Request]) -> None:
        """Make ready for these requests, each of which is sent once; raises `BenchError` where that fails."""
        ...


class BenchError(Exception):
    """What the user has to mend before anything can be measured; its text is one line. Exit code 2."""


class TargetDown(BenchError):
    """Nothing answers at the target's address."""
