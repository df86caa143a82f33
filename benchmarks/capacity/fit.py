"""From what was measured to service curves."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from benchmarks.capacity.curves import MOST_RATIOS, Curves, Line, Machine, ModalityCurve
from benchmarks.capacity.measure import Alone, Full, Measured
from benchmarks.capacity.plant import Plant, Service, Slots
from benchmarks.capacity.season import MODALITIES, Arrivals
from benchmarks.capacity.simulation import Simulation
from benchmarks.harness.core import BenchError, Modality

_SEEDS: Final = 5
_HALVINGS: Final = 24
_FEWEST: Final = 2
_UNEXPLAINED: Final = 1.15  # of a full run's time: beyond what few answers leave to chance


def fit(
    measured: Mapping[Modality, Measured],
    machine: Machine,
    scorers: int,
    slots: Slots,
    sources: Sequence[str],
) -> Curves:
    """Curves of a machine. Raises BenchError when too little was measured to fit anything on."""
    curves = {}
    for kind, seen in measured.items():
        if len(seen.alone) < _FEWEST or not seen.full:
            raise BenchError(f"{kind.value}: {len(seen.alone)} answers alone, at least {_FEWEST} and a full run")
        line, ratios = fit_line(seen.alone)
        plant = Plant(1, machine.cores, 0, scorers, slots)
        curves[kind] = ModalityCurve(
            alone=line,
            demand_cores=fit_demand(kind, line, ratios, seen.full, plant),
            ratios=ratios,
            bytes_per_media_s=_bytes_per_s(seen.alone),
        )
    for kind, seen in measured.items():
        if seen.beside is not None:
            claim = fit_claim(seen, curves[kind].demand_cores, curves[seen.beside.kind].demand_cores, machine.cores)
            curves[kind] = curves[kind].model_copy(update={"claim": claim})
    return Curves(machine=machine, scorers=scorers, modalities=curves, sources=tuple(sources))


def fit_line(alone: Sequence[Alone]) -> tuple[Line, tuple[float, ...]]:
    """Seconds as a line over media seconds, least squares of relative errors, neither part below zero; and the ratios
    of what was seen to it, sorted, mean 1."""
    x, y = np.array([one.media_s for one in alone]), np.array([one.seconds for one in alone])
    base, slope = float(y.mean()), 0.0
    if np.ptp(x) > 0:
        slope, base = map(float, np.polyfit(x, y, 1, w=1 / y))
        if base < 0:
            base, slope = 0.0, float((x / y).sum() / (x**2 / y**2).sum())
        elif slope < 0:
            base, slope = float(y.mean()), 0.0
    ratios = y / (base + slope * x)
    scale = float(ratios.mean())
    ordered = np.sort(ratios / scale)
    if len(ordered) > MOST_RATIOS:
        ordered = np.quantile(ordered, (np.arange(MOST_RATIOS) + 0.5) / MOST_RATIOS)
    return Line(base_s=base * scale, per_media_s=slope * scale), tuple(ordered.tolist())


def fit_demand(kind: Modality, line: Line, ratios: tuple[float, ...], full: Sequence[Full], plant: Plant) -> float:
    """Cores that an answer takes, so that the simulation of the full runs takes as long as they did.

    Every slot is busy in both, so it does not matter that the simulation has all answers wait from the beginning. By
    bisection: more demand never makes the simulated run shorter.

    Raises:
        BenchError: no demand explains the full runs: something else was running, either then or before.
    """
    wanted_s = statistics.fmean(one.wall_s for one in full)

    def wall_s(demand: float) -> float:
        services = {kind: Service(line, demand, ratios=ratios)}
        return statistics.fmean(_wall_s(kind, one, services, plant, seed) for one in full for seed in range(_SEEDS))

    low, high = 0.0, float(plant.cores)
    for bound, fits in ((low, wanted_s >= wall_s(low) / _UNEXPLAINED), (high, wanted_s <= wall_s(high) * _UNEXPLAINED)):
        if not fits:
            raise BenchError(
                f"{kind.value}: a full run took {wanted_s:.3g} s, but {wall_s(bound):.3g} s with {bound:g} cores for "
                "each answer, going by the answers alone; was the machine idle but for this measurement?"
            )
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if wall_s(middle) < wanted_s else (low, middle)
    return high


def fit_claim(seen: Measured, demand: float, others: float, cores: int) -> float:
    """Claim of answers on cores that others keep full, from how much slower they were beside those than alone.

    Beside n others of demand d, an answer of demand p and claim w has `w C / (w p + n d)` of its speed alone; solved
    for w, and held between a tenth and ten.

    Args:
        demand, others: cores that an answer, and one of the others, takes.
    """
    assert seen.beside is not None, "it was measured beside others"
    slowed = sum(seen.beside.seconds) / sum(one.seconds for one in seen.alone)
    full = seen.beside.in_flight * others
    if full + demand <= cores:
        return 1.0  # nobody had to be slowed down, which tells nothing
    return min(max(full / max(slowed * cores - demand, 1e-9), 0.1), 10.0)


def _wall_s(kind: Modality, one: Full, services: Mapping[Modality, Service], plant: Plant, seed: int) -> float:
    count = len(one.media_s)
    arrivals = Arrivals(
        at_s=np.zeros(count),
        modality=np.full(count, MODALITIES.index(kind)),
        media_s=np.array(one.media_s),
        luck=np.random.default_rng(seed).random(count),
        bulk=np.zeros(count, bool),
    )
    return Simulation(plant, services, arrivals, seed).run().end_s


def _bytes_per_s(alone: Sequence[Alone]) -> float | None:
    media_s = sum(one.media_s for one in alone)
    return sum(one.size_bytes for one in alone) / media_s if media_s else None
