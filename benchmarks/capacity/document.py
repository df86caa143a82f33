"""A finished plan: everything that its table, its page and its JSON show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from benchmarks.capacity.ask import Ask
from benchmarks.capacity.bottlenecks import Resource, resources
from benchmarks.capacity.curves import Curves, Stage
from benchmarks.capacity.fleet import Prices
from benchmarks.capacity.peak import Peak, backlogs
from benchmarks.capacity.published import Gpu
from benchmarks.capacity.sensitivity import Sensitivity, sensitivities
from benchmarks.capacity.sizing import Estimate, Sizer

_AROUND: Final = (-0.08, 0.0, 0.1, 0.25, 0.5)  # of the fleet, for the plots


@dataclass(frozen=True, slots=True)
class Document:
    """A plan.

    Attributes:
        sources: what the service curves rest on, one line each; published figures are labelled so.
        estimate: of the fleet that is proposed, or that was asked about.
        sized: whether it is the smallest that holds; else it was given.
        resources: the one that breaks first at the head.
        around: fleets near it, ascending by workers.
        stage_cores: cores of the workers that each stage keeps busy at the peak; empty where shares were not measured.
        media_bytes: that the season's media take; None where the curves do not say.
    """

    ask: Ask
    prices: Prices
    sources: tuple[str, ...]
    peak: Peak
    capacity_per_s: float
    estimate: Estimate
    sized: bool
    resources: tuple[Resource, ...]
    around: tuple[Estimate, ...]
    sensitivity: tuple[Sensitivity, ...]
    stage_cores: Mapping[Stage, float]
    media_bytes: float | None

    @property
    def price(self) -> float:
        """Of the fleet for the whole window."""
        return self.estimate.fleet.price(self.ask.season.window_s)

    @property
    def price_per_1000(self) -> float:
        """Of a thousand answers."""
        return 1000 * self.price / self.ask.season.answers

    @property
    def backlog(self) -> list[float]:
        """Answers that wait at each edge of the season's bins in the fluid approximation."""
        return backlogs(self.ask.season, self.capacity_per_s)


def make(
    ask: Ask,
    prices: Prices,
    curves: Curves,
    gpu: Gpu | None,
    nodes: int | None,
    moved: bool,
    step: Callable[[str], None],
) -> Document:
    """Size a fleet, or look at one of `nodes` workers.

    Args:
        moved: whether the inputs are moved for the sensitivity; it takes as long as all the rest.

    Raises:
        BenchError: see `Sizer`.
    """
    sizer = Sizer(ask, step=step)
    estimate = sizer.smallest() if nodes is None else sizer.at(nodes)
    for share in _AROUND:
        sizer.at(max(1, round(estimate.nodes * (1 + share))))
    return Document(
        ask=ask,
        prices=prices,
        sources=sources(curves, gpu),
        peak=sizer.peak,
        capacity_per_s=sizer.capacity_per_s(estimate.nodes),
        estimate=estimate,
        sized=nodes is None,
        resources=tuple(resources(sizer, estimate)),
        around=sizer.seen,
        sensitivity=tuple(sensitivities(ask, step)) if moved else (),
        stage_cores=_stage_cores(ask, curves, gpu, sizer.peak.rate_per_s),
        media_bytes=_media_bytes(ask, curves),
    )


def sources(curves: Curves, gpu: Gpu | None) -> tuple[str, ...]:
    """What a plan's figures rest on, one line each."""
    machine = curves.machine
    where = f"{machine.cores} cores of {machine.cpu} at {machine.commit[:12]}"
    found = [f"measured on {where}: {'; '.join(curves.sources)}"]
    for name, figure in (("edge", curves.edge_core_s), ("Postgres", curves.database_core_s)):
        known = f"{1000 * figure.value:.2f} core-ms an answer, {figure.source}" if figure else "not known, left out"
        found.append(f"{name}: {known}")
    if gpu:
        rest = "the workers' cores do it, as measured"
        found += [
            f"published: speech on {gpu.name}, {gpu.speech_rtfx:g} s of audio a second: {gpu.label}",
            f"speech of a single stream on {gpu.name}: not known; turnaround is a lower bound",
            f"faces and language on {gpu.name}: not known; {rest}",
        ]
    return tuple(found)


def as_json(document: Document) -> dict[str, Any]:
    """JSON values; seconds, cores and the currency of the prices."""
    ask, fleet = document.ask, document.estimate.fleet
    return {
        "season": {**asdict(ask.season), "mix": {kind.value: share for kind, share in ask.season.mix.items()}},
        "slo": asdict(ask.slo),
        "seed": ask.seed,
        "sources": document.sources,
        "peak": asdict(document.peak),
        "capacity_per_s": document.capacity_per_s,
        "sized": document.sized,
        "fleet": {role: {"machines": fleet.counts[role], **shape.model_dump()} for role, shape in fleet.shapes.items()},
        "estimate": _estimate(document, document.estimate),
        "price": {
            "currency": document.prices.currency,
            "origin": document.prices.origin,
            "confirmed": document.prices.confirmed,
            "window": document.price,
            "per_1000_answers": document.price_per_1000,
        },
        "resources": [{**asdict(one), "saturates_at": one.saturates_at} for one in document.resources],
        "around": [_estimate(document, one) for one in document.around],
        "sensitivity": [asdict(one) for one in document.sensitivity],
        "stage_cores": {stage.value: cores for stage, cores in document.stage_cores.items()},
        "media_bytes": document.media_bytes,
    }


def _estimate(document: Document, estimate: Estimate) -> Mapping[str, Any]:
    return {
        "workers": estimate.nodes,
        "holds": estimate.holds,
        "turnaround_s": {f"p{key:g}": asdict(value) for key, value in estimate.turnaround.items()},
        "used": dict(estimate.used),
        "price": estimate.fleet.price(document.ask.season.window_s),
    }


def _stage_cores(ask: Ask, curves: Curves, gpu: Gpu | None, rate_per_s: float) -> dict[Stage, float]:
    cores: dict[Stage, float] = {}
    for kind, share in ask.season.mix.items():
        curve = curves.modalities[kind]
        if not curve.shares:
            return {}
        for stage, part in curve.shares.items():
            cores[stage] = cores.get(stage, 0.0) + rate_per_s * share * part * curve.work_core_s(
                ask.season.media_of(kind)
            )
    if gpu is not None:
        cores.pop(Stage.SPEECH, None)
    return cores


def _media_bytes(ask: Ask, curves: Curves) -> float | None:
    total = 0.0
    for kind, share in ask.season.mix.items():
        media_s = ask.season.media_of(kind)
        if share and media_s:
            per_s = curves.modalities[kind].bytes_per_media_s
            if per_s is None:
                return None
            total += share * media_s * per_s
    return total * ask.season.answers
