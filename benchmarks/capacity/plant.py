"""What a simulation runs on: machines, and what each kind of answer needs of them."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.capacity.curves import Curves, Line, Measured, ModalityCurve, Stage
from benchmarks.capacity.published import Gpu
from benchmarks.harness.core import BenchError, Modality

_NOTHING = Line(base_s=0.0, per_media_s=0.0)


@dataclass(frozen=True, slots=True)
class Slots:
    """Answers that one scorer process works on at a time, as `scorer.text_slots` and `scorer.media_slots` say."""

    text: int
    media: int


@dataclass(frozen=True, slots=True)
class Plant:
    """Machines.

    Attributes:
        nodes: workers.
        cores: of one worker.
        gpus: of one worker.
        scorers: scorer processes of one worker, each with `slots`.
        edge_cores, database_cores: of their own machines; None where they share the workers' cores, and their work is
            part of the services then.
    """

    nodes: int
    cores: int
    gpus: int
    scorers: int
    slots: Slots
    edge_cores: float | None = None
    database_cores: float | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """What one kind of answer needs.

    Attributes:
        host: seconds on a worker's cores, alone there.
        demand_cores: cores that it takes meanwhile.
        device: seconds on a GPU, alone there; the whole GPU meanwhile.
        ratios: real over expected seconds, sorted, mean 1.
        edge_core_s, database_core_s: where these have machines of their own; 0 where nobody measured it.
        claim: see `ModalityCurve`.
    """

    host: Line
    demand_cores: float
    device: Line = _NOTHING
    ratios: tuple[float, ...] = (1.0,)
    edge_core_s: float = 0.0
    database_core_s: float = 0.0
    claim: float = 1.0

    def alone_s(self, media_s: float) -> float:
        """Seconds of an answer that has the whole plant to itself, on average."""
        shared = self.edge_core_s + self.database_core_s
        return shared + self.host.at(media_s) + self.device.at(media_s)

    def host_core_s(self, media_s: float) -> float:
        """Core-seconds of a busy worker, on average."""
        return self.demand_cores * self.host.at(media_s)


def on_one_host(curves: Curves) -> dict[Modality, Service]:
    """Services of a stack that shares one machine's cores, as the curves were measured."""
    return {
        kind: Service(curve.alone, curve.demand_cores, ratios=curve.ratios, claim=curve.claim)
        for kind, curve in curves.modalities.items()
    }


def on_a_fleet(curves: Curves, gpu: Gpu | None, media_s: float) -> dict[Modality, Service]:
    """Services where edge and Postgres have their own machines, and speech a GPU if there is one.

    What was measured of edge and Postgres is taken off the worker. A stage that goes to the GPU takes its share of the
    host's seconds with it; the two follow each other.

    Args:
        media_s: length of an audio or video answer at which the workers' work is exact.

    Raises:
        BenchError: a GPU, and curves without shares by stage.
    """
    return {kind: _apart(kind, curve, curves, gpu, media_s) for kind, curve in curves.modalities.items()}


def _apart(kind: Modality, curve: ModalityCurve, curves: Curves, gpu: Gpu | None, media_s: float) -> Service:
    edge_s, database_s = _seconds(curves.edge_core_s), _seconds(curves.database_core_s)
    at_s = 0.0 if kind is Modality.TEXT else media_s
    off_s = edge_s + database_s
    if curve.alone.at(at_s) <= off_s or curve.work_core_s(at_s) <= off_s:
        raise BenchError(f"curves: edge and database take {off_s:.3f} s, more than a whole {kind.value} answer")
    host = Line(base_s=max(0.0, curve.alone.base_s - off_s), per_media_s=curve.alone.per_media_s)
    demand = (curve.work_core_s(at_s) - off_s) / host.at(at_s)
    device = _NOTHING
    if gpu is not None and kind is not Modality.TEXT:
        if not curve.shares:
            raise BenchError(f"curves: {kind.value} has no shares by stage, so nothing can be moved to a GPU")
        kept = 1 - curve.shares.get(Stage.SPEECH, 0.0)
        host = Line(base_s=host.base_s * kept, per_media_s=host.per_media_s * kept)
        device = Line(base_s=0.0, per_media_s=1 / gpu.speech_rtfx)
    return Service(host, demand, device, curve.ratios, edge_s, database_s, curve.claim)


def _seconds(measured: Measured | None) -> float:
    return measured.value if measured else 0.0
