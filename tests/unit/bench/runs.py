"""Runs made of given observations."""

from collections.abc import Callable, Sequence

from benchmarks.harness.core import Modality, Observation, Outcome, Priority, Request, Sample
from benchmarks.harness.generators import Sent
from benchmarks.harness.plan import Plan
from benchmarks.harness.result import SCHEMA, Machine, Result, Run
from benchmarks.harness.scenario import LatencySlo, Scenario, Slos
from benchmarks.harness.shapes import Arrivals, Poisson
from benchmarks.harness.summary import summarise

CODES = {Outcome.OK: "OK", Outcome.REFUSED: "RESOURCE_EXHAUSTED", Outcome.EXPIRED: "DEADLINE_EXCEEDED"}


def observation(
    intended_s: float,
    latency_s: float,
    outcome: Outcome = Outcome.OK,
    priority: Priority = Priority.INTERACTIVE,
    late_s: float = 0.0,
    scores: str = "",
) -> Observation:
    return Observation(
        "one", Modality.TEXT, priority, intended_s, intended_s + late_s, intended_s + latency_s, outcome,
        CODES.get(outcome, "UNKNOWN"), scores,
    )  # fmt: skip


def scenario(arrivals: Arrivals | None = None, **changes: object) -> Scenario:
    return Scenario(
        name="made",
        about="Made by a test.",
        arrivals=arrivals or Poisson("poisson", 10.0, 100.0),
        mix={Modality.TEXT: 1.0},
        deadline_s={Modality.TEXT: 30.0},
        **changes,  # type: ignore[arg-type]
    )


def asking(percentile: float, limit_s: float, **changes: object) -> Scenario:
    return scenario(slos=Slos(latency=(LatencySlo(percentile, limit_s),)), **changes)


def run(asked: Scenario, seen: Sequence[Observation], duration_s: float = 100.0, measures_itself: bool = False) -> Run:
    sample = Sample("one", Modality.TEXT, "en", "")
    requests = tuple(Request(sample, one.intended_s, 30.0, one.priority) for one in seen)
    sent = Sent(tuple(seen), (), (0.5,), (100.0,))
    made = Plan((), requests, duration_s)
    return summarise(asked, made, sent, started="2026-01-01T00:00:00+00:00", measures_itself=measures_itself)


def steady(latency_s: Callable[[int], float], count: int = 1000) -> list[Observation]:
    """Ten a second."""
    return [observation(index / 10, latency_s(index)) for index in range(count)]


def result(asked: Scenario, runs: Sequence[Run], target: str = "viva") -> Result:
    machine = Machine(2, "a processor", 1, "Linux", "3.11", "")
    return Result(SCHEMA, target, "localhost:1", machine, asked, None, tuple(runs))
