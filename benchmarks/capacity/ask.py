"""What is to be planned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from benchmarks.capacity.fleet import Role, Shape
from benchmarks.capacity.plant import Service, Slots
from benchmarks.capacity.season import Season
from benchmarks.capacity.slo import Slo
from benchmarks.harness.core import Modality

Part = Literal["host_core_s", "device_s", "edge_core_s", "database_core_s"]


@dataclass(frozen=True, slots=True)
class Ask:
    """What is to be planned.

    Attributes:
        services: of each modality of the season's mix, see `plant.on_a_fleet`.
        shapes: machines by role.
        scorers_per_core: scorer processes for each core of a worker, as in the measured stack.
        slots: of one scorer process.
    """

    season: Season
    slo: Slo
    services: Mapping[Modality, Service]
    shapes: Mapping[Role, Shape]
    scorers_per_core: float
    slots: Slots
    seed: int = 0

    def mean(self, part: Part) -> float:
        """Mean over the season's answers: core-seconds of a worker, of edge or of Postgres; seconds of a GPU."""
        total = 0.0
        for kind, share in self.season.mix.items():
            if share:
                service, media_s = self.services[kind], self.season.media_of(kind)
                match part:
                    case "host_core_s":
                        total += share * service.host_core_s(media_s)
                    case "device_s":
                        total += share * service.device.at(media_s)
                    case "edge_core_s":
                        total += share * service.edge_core_s
                    case "database_core_s":
                        total += share * service.database_core_s
        return total
