"""Machines of a fleet by role, what they cost, and what a plan asks of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import yaml
from pydantic import Field, ValidationError

from benchmarks.capacity.curves import NotNegative, Strict, Text, first_fault
from benchmarks.capacity.season import HOUR_S
from benchmarks.harness.core import BenchError

Role = Literal["edge", "worker", "database"]

EDGE_TARGET: Final = 0.6  # share of the edge's cores that may be busy at the peak: it must not add to turnaround


class Shape(Strict):
    """A kind of machine.

    Attributes:
        price_per_hour: of one, in the file's currency.
    """

    name: Text
    cores: Annotated[int, Field(ge=1, le=1024)]
    gpus: Annotated[int, Field(ge=0, le=16)] = 0
    price_per_hour: NotNegative


class Prices(Strict):
    """Content of a file of prices (YAML).

    Attributes:
        origin: where the prices are from; printed beside every sum.
        confirmed: false for placeholders; every plan says so then.
        worker: of a fleet without GPUs; gpu_worker: of one with them.
    """

    format: Literal[1] = 1
    currency: Text
    origin: Text
    confirmed: bool
    edge: Shape
    worker: Shape
    gpu_worker: Shape
    database: Shape

    def of(self, role: Role, *, gpu: bool) -> Shape:
        """The machine of a role."""
        shapes = {"edge": self.edge, "worker": self.gpu_worker if gpu else self.worker, "database": self.database}
        return shapes[role]


@dataclass(frozen=True, slots=True)
class Fleet:
    """Machines by role. There is one database: Postgres has one primary."""

    shapes: Mapping[Role, Shape]
    counts: Mapping[Role, int]

    @property
    def price_per_hour(self) -> float:
        return sum(self.counts[role] * shape.price_per_hour for role, shape in self.shapes.items())

    def price(self, seconds: float) -> float:
        """Of the whole fleet, held for so long."""
        return self.price_per_hour * seconds / HOUR_S


def read_prices(path: Path | None) -> Prices:
    """Prices of a file; of the installed placeholders without one.

    Raises:
        BenchError: the file cannot be read or does not follow the format; names the key.
    """
    source = path or files("benchmarks.capacity") / "data" / "prices.yaml"
    try:
        content: Any = yaml.safe_load(source.read_text(encoding="utf-8"))
        prices = Prices.model_validate(content)
    except OSError as error:
        raise BenchError(f"no prices at {path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BenchError(f"{path}: is no YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        raise BenchError(f"{path}: {first_fault(error)}") from error
    if not prices.gpu_worker.gpus:
        raise BenchError(f"{path}: gpu_worker.gpus: it is 0, it must be at least 1")
    return prices


def edge_machines(peak_core_s: float, shape: Shape) -> int:
    """Edge machines whose cores are busy to `EDGE_TARGET` at most; at least one.

    Args:
        peak_core_s: core-seconds of edge a second at the peak.
    """
    return max(1, math.ceil(peak_core_s / (shape.cores * EDGE_TARGET)))
