"""A small season on simple curves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from benchmarks.capacity.ask import Ask
from benchmarks.capacity.curves import Curves, Line, Machine, Measured, ModalityCurve, Stage
from benchmarks.capacity.fleet import Shape
from benchmarks.capacity.plant import Service, Slots
from benchmarks.capacity.season import Season
from benchmarks.capacity.slo import Slo
from benchmarks.harness.core import Modality

VIDEO = Service(Line(base_s=0.2, per_media_s=0.05), demand_cores=1.6, ratios=(0.8, 1.0, 1.2), edge_core_s=0.002)
TEXT = Service(Line(base_s=0.05, per_media_s=0.0), demand_cores=1.0, edge_core_s=0.002)
SHAPES = {
    "edge": Shape(name="edge", cores=4, price_per_hour=0.1),
    "worker": Shape(name="worker", cores=8, price_per_hour=0.4),
    "database": Shape(name="database", cores=8, price_per_hour=0.5),
}


def an_ask(**season: Any) -> Ask:
    mix = {Modality.TEXT: 0.25, Modality.VIDEO: 0.75}
    base = Season(100_000, 24 * 3600.0, 0.2, mix, media_s=60.0)
    return Ask(
        season=replace(base, **season),
        slo=Slo(95.0, 30.0),
        services={Modality.TEXT: TEXT, Modality.VIDEO: VIDEO},
        shapes=SHAPES,  # type: ignore[arg-type]
        scorers_per_core=1.0,
        slots=Slots(8, 2),
    )


def some_curves() -> Curves:
    shares = {Stage.DECODE: 0.3, Stage.SPEECH: 0.4, Stage.FACE: 0.2, Stage.REST: 0.1}
    return Curves(
        machine=Machine(cores=2, cpu="a CPU", commit="abc"),
        scorers=2,
        modalities={
            Modality.TEXT: ModalityCurve(alone=TEXT.host, demand_cores=1.2),
            Modality.VIDEO: ModalityCurve(
                alone=VIDEO.host, demand_cores=1.6, ratios=VIDEO.ratios, shares=shares, bytes_per_media_s=100_000
            ),
        },
        edge_core_s=Measured(value=0.002, source="a test"),
        sources=("a test",),
    )
