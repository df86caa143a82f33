"""How far a plan moves when one of its inputs does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from benchmarks.capacity.ask import Ask
from benchmarks.capacity.curves import Line
from benchmarks.capacity.plant import Service
from benchmarks.capacity.sizing import Effort, Sizer
from benchmarks.capacity.slo import Slo
from benchmarks.harness.core import BenchError, Modality

STEP: Final = 0.2
EFFORT: Final = Effort(runs=3, answers=2_500, full=1.0)  # differences matter here, and fleets meet the same arrivals


@dataclass(frozen=True, slots=True)
class Moved:
    """The plan with one input moved.

    Attributes:
        change: of the input, such as -0.2.
        nodes: workers; None where no fleet holds the SLO then.
        price: of the fleet for the whole window.
    """

    change: float
    nodes: int | None
    price: float | None


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """One input, moved down and up."""

    name: str
    down: Moved
    up: Moved


def _times(line: Line, factor: float) -> Line:
    return Line(base_s=line.base_s * factor, per_media_s=line.per_media_s * factor)


def _services(ask: Ask, change: Callable[[Service], Service]) -> Ask:
    services: Mapping[Modality, Service] = {kind: change(service) for kind, service in ask.services.items()}
    return replace(ask, services=services)


def _answers(ask: Ask, factor: float) -> Ask:
    return replace(ask, season=replace(ask.season, answers=max(1, round(ask.season.answers * factor))))


def _deadline_peak(ask: Ask, factor: float) -> Ask:
    return replace(ask, season=replace(ask.season, deadline_peak=min(1.0, ask.season.deadline_peak * factor)))


def _length(ask: Ask, factor: float) -> Ask:
    return replace(ask, season=replace(ask.season, media_s=ask.season.media_s * factor))


def _slo(ask: Ask, factor: float) -> Ask:
    return replace(ask, slo=Slo(ask.slo.percentile, ask.slo.limit_s * factor))


def _work(ask: Ask, factor: float) -> Ask:
    return _services(ask, lambda service: replace(service, host=_times(service.host, factor)))


def _gpu(ask: Ask, factor: float) -> Ask:
    return _services(ask, lambda service: replace(service, device=_times(service.device, factor)))


_INPUTS: Final[Mapping[str, Callable[[Ask, float], Ask]]] = {
    "answers": _answers,
    "share in the deadline's peak": _deadline_peak,
    "length of an answer": _length,
    "work of a worker's cores": _work,
    "work of a GPU": _gpu,
    "limit of the SLO": _slo,
}


def sensitivities(ask: Ask, step: Callable[[str], None]) -> Iterator[Sensitivity]:
    """Each input that the plan has, moved by `STEP` down and up; the fleet is sized anew each time."""
    for name, move in _INPUTS.items():
        if name == "work of a GPU" and not ask.mean("device_s"):
            continue
        if name == "length of an answer" and not any(ask.season.media_of(kind) for kind in ask.season.mix):
            continue
        down, up = (_moved(ask, name, move, change, step) for change in (-STEP, STEP))
        yield Sensitivity(name, down, up)


def _moved(ask: Ask, name: str, move: Callable[[Ask, float], Ask], change: float, step: Callable[[str], None]) -> Moved:
    try:
        moved = move(ask, 1 + change)
        best = Sizer(moved, EFFORT, lambda text: step(f"{name} {change:+.0%}: {text}")).smallest()
    except BenchError:
        return Moved(change, None, None)
    return Moved(change, best.nodes, best.fleet.price(moved.season.window_s))
