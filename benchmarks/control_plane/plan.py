"""What a run is: how many answers come when, and who works on them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from benchmarks.harness.arrivals import Poisson, schedule
from benchmarks.harness.core import BenchError

COMPETENCIES: Final = ("teamwork", "problem_solving", "communication", "leadership", "stress_resistance")
QUESTIONS: Final = len(COMPETENCIES)
_LEAD_S: Final = 3.0  # an interview is made so long before its first answer


@dataclass(frozen=True, slots=True)
class Plan:
    """A run.

    Attributes:
        rate: answers a second, on average; arrivals are Poisson.
        duration_s: for how long they come.
        workers: answers that are scored at a time.
        scorers: processes that the workers are spread over.
        gateways: processes at the edge.
        service: `ServiceTimes.parse` reads it.
        open_interviews: interviews that answers come for at a time, each one question after the other.
        tenants: employers that they belong to.
        media_bytes: size of an answer's upload; 0 sends texts instead.
        all_events: whether a webhook is told of everything, or of reports and failures only.
        seed: of the arrivals.
    """

    rate: float
    duration_s: float
    workers: int = 200
    scorers: int = 2
    gateways: int = 1
    service: str = "3.0"
    open_interviews: int = 560
    tenants: int = 4
    media_bytes: int = 30 * 1024
    all_events: bool = False
    seed: int = 1

    def __post_init__(self) -> None:
        for name, least, most in (
            ("rate", 0.1, 10_000.0),
            ("duration_s", 1.0, 86_400.0),
            ("workers", 1, 100_000),
            ("scorers", 1, 64),
            ("gateways", 1, 64),
            ("open_interviews", 1, 100_000),
            ("tenants", 1, 100),
            ("media_bytes", 0, 16_000_000),
        ):
            if not least <= (value := getattr(self, name)) <= most:
                raise BenchError(f"{name} is {value:g}, it must be {least:g} to {most:g}")

    @property
    def slots_each(self) -> int:
        """Workers of one scorer, rounded up."""
        return -(-self.workers // self.scorers)

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, path: Path) -> Plan:
        return cls(**json.loads(path.read_text()))


@dataclass(frozen=True, slots=True)
class Arrival:
    """Something that happens at a time.

    Attributes:
        at_s: seconds from the start of the load.
        interview: its number, from 0.
        question: the number of the question that is answered; None where the interview is made.
    """

    at_s: float
    interview: int
    question: int | None


def arrivals(plan: Plan) -> list[Arrival]:
    """All of a run, in order of time; equal plans give equal arrivals.

    As many interviews as are open at a time are gone through question by question, then the next as many.

    Raises:
        BenchError: they are not one interview.
    """
    times = schedule(Poisson("poisson", plan.rate, plan.duration_s), plan.seed)
    interviews = len(times) // QUESTIONS
    if not interviews:
        raise BenchError(f"{plan.rate:g} answers a second for {plan.duration_s:g} s are not one interview")
    found: list[Arrival] = []
    for at_s, (interview, question) in zip(times.tolist(), _turns(interviews, plan.open_interviews), strict=False):
        if question == 0:
            found.append(Arrival(at_s, interview, None))
        found.append(Arrival(at_s + _LEAD_S, interview, question))
    return sorted(found, key=lambda one: one.at_s)


def _turns(interviews: int, together: int) -> Iterator[tuple[int, int]]:
    for first in range(0, interviews, together):
        batch = range(first, min(first + together, interviews))
        for question in range(QUESTIONS):
            for interview in batch:
                yield interview, question
