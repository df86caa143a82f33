"""What breaks first as load grows."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.capacity.sizing import Estimate, Sizer
from benchmarks.harness.core import Modality


@dataclass(frozen=True, slots=True)
class Resource:
    """Something that load uses up.

    Attributes:
        used: share of it at the season's peak; None where nobody measured it.
        remedy: what gives more of it.
    """

    name: str
    used: float | None
    remedy: str

    @property
    def saturates_at(self) -> float | None:
        """Multiple of the season's peak at which it is used up; None where that is not known."""
        return 1 / self.used if self.used else None


def resources(sizer: Sizer, estimate: Estimate) -> list[Resource]:
    """Every resource of a fleet, the one that breaks first at the head, those that are not known at the end.

    Shares are means: rate at the peak times work of an answer over capacity (the utilisation law).
    """
    ask, rate, fleet = sizer.ask, sizer.peak.rate_per_s, estimate.fleet
    cores = {role: fleet.counts[role] * shape.cores for role, shape in fleet.shapes.items()}
    edge, database = ask.mean("edge_core_s"), ask.mean("database_core_s")
    found = [
        Resource("worker cores", rate * ask.mean("host_core_s") / cores["worker"], "more workers"),
        Resource("edge cores", rate * edge / cores["edge"] if edge else None, "more edge machines"),
        Resource(
            "Postgres cores",
            rate * database / cores["database"] if database else None,
            "a larger machine: there is one primary",
        ),
    ]
    if device_s := ask.mean("device_s"):
        gpus = fleet.counts["worker"] * fleet.shapes["worker"].gpus
        found.append(Resource("GPUs", rate * device_s / gpus, "more workers"))
    plant = sizer.plant(estimate.nodes)
    for name, size, ours in (("text", plant.slots.text, True), ("media", plant.slots.media, False)):
        shares = {kind: share for kind, share in ask.season.mix.items() if share and (kind is Modality.TEXT) is ours}
        alone_s = sum(share * ask.services[kind].alone_s(ask.season.media_of(kind)) for kind, share in shares.items())
        if shares:
            slots = plant.nodes * plant.scorers * size
            found.append(Resource(f"{name} slots", rate * alone_s / slots, f"a larger scorer.{name}_slots, or workers"))
    return sorted(found, key=lambda one: one.saturates_at if one.saturates_at is not None else float("inf"))
