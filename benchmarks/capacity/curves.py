"""Service curves: what an answer costs a machine, as `viva bench` measured it. One strict JSON file a machine."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from benchmarks.harness.core import BenchError, Modality

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Text = Annotated[str, Field(min_length=1)]

MOST_RATIOS: Final = 200


class Stage(StrEnum):
    """Parts of an answer's work that can stand on different hardware."""

    DECODE = "decode"  # media to PCM and frames
    SPEECH = "speech"  # voice activity and recognition
    FACE = "face"  # detector, mesh, pose, expression
    LANGUAGE = "language"  # sentences, judges, scorer
    REST = "rest"  # everything that is none of the engines: edge, copies, Ray, Python, Postgres


class Strict(BaseModel):
    """Frozen, and refuses keys that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Line(Strict):
    """Seconds as a line over the media's length."""

    base_s: NotNegative
    per_media_s: NotNegative

    def at(self, media_s: float) -> float:
        """Seconds for media of `media_s` seconds."""
        return self.base_s + self.per_media_s * media_s


class ModalityCurve(Strict):
    """One kind of answer on one kind of machine.

    Attributes:
        alone: wall seconds of an answer that has the machine to itself, from send to reply.
        demand_cores: cores that it takes meanwhile. Its work on a busy machine is `demand_cores * alone`
            core-seconds: what the machine's cores spent a completed answer when all were loaded, idle gaps included.
        claim: on the cores of a machine that is full, relative to that of other answers of the same demand. Above 1:
            short bursts, which a fair scheduler lets go first.
        ratios: observed wall seconds over the line's, sorted, mean 1: what the line does not explain.
        shares: of the work by stage, sum 1; empty where nobody measured it.
        bytes_per_media_s: size of the media as sent; None where nobody measured it.
    """

    alone: Line
    demand_cores: Positive
    claim: Positive = 1.0
    ratios: Annotated[tuple[Positive, ...], Field(min_length=1, max_length=MOST_RATIOS)] = (1.0,)
    shares: Mapping[Stage, NotNegative] = Field(default_factory=dict)
    bytes_per_media_s: NotNegative | None = None

    @model_validator(mode="after")
    def _parts_make_a_whole(self) -> ModalityCurve:
        if self.alone.base_s + self.alone.per_media_s <= 0:
            raise ValueError("alone: an answer takes some time")
        if self.shares and abs(sum(self.shares.values()) - 1) > 0.01:
            raise ValueError(f"shares: they sum to {sum(self.shares.values()):.3f}, not to 1")
        return self

    def work_core_s(self, media_s: float) -> float:
        """Core-seconds of a busy machine that media of `media_s` seconds take, on average."""
        return self.demand_cores * self.alone.at(media_s)


class Measured(Strict):
    """A figure beside the curves, and where it comes from."""

    value: Positive
    source: Text


class Machine(Strict):
    """Where the curves were measured."""

    cores: Annotated[int, Field(ge=1)]
    cpu: Text
    commit: Text


class Curves(Strict):
    """Content of a file of curves.

    Attributes:
        scorers: scorer processes that ran (`scorer.replicas`), which the slots are multiplied by.
        edge_core_s: of a gateway for each accepted answer.
        database_core_s: of Postgres for each answer, from its acceptance to its stored result.
        sources: the runs that the curves were fitted on.
    """

    format: Literal[1] = 1
    machine: Machine
    scorers: Annotated[int, Field(ge=1)]
    modalities: Mapping[Modality, ModalityCurve]
    edge_core_s: Measured | None = None
    database_core_s: Measured | None = None
    sources: Annotated[tuple[Text, ...], Field(min_length=1)]


def load(path: Path) -> Curves:
    """Read a file of curves.

    Raises:
        BenchError: there is no such file, or its content does not follow the format; names the field.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BenchError(f"no curves at {path}: {error.strerror}") from error
    try:
        return Curves.model_validate_json(content)
    except ValidationError as error:
        raise BenchError(f"{path}: {first_fault(error)}") from error


def first_fault(error: ValidationError) -> str:
    """`field: what is wrong`, of the first of the faults."""
    first = error.errors(include_url=False)[0]
    return ": ".join(part for part in (".".join(map(str, first["loc"])), first["msg"]) if part)
