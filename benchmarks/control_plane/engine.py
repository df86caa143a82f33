"""An engine without models: it waits as long as scoring takes, and answers with a recorded assessment."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from google.protobuf import json_format

from deployments.compose.engine import Pipeline
from deployments.config import VivaConfig
from serving.api import assessments
from serving.domain.answer import Answer
from serving.domain.assessment import Assessment
from serving.pipeline import metering, provenance
from viva.v1 import assessment_pb2

RECORDED: Final = Path(__file__).with_name("assessment.json")


@dataclass(frozen=True, slots=True)
class ServiceTimes:
    """How long a worker has an answer, drawn from measured times.

    Attributes:
        seconds: measured times in ascending order; between two of them lie all times alike.

    Raises:
        ValueError: there are none, or one is no positive number.
    """

    seconds: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.seconds or not all(0 < one < 3600 for one in self.seconds):
            raise ValueError("service times must be above 0 and below 3600 s, and at least one")
        object.__setattr__(self, "seconds", tuple(sorted(self.seconds)))

    @classmethod
    def parse(cls, given: str) -> ServiceTimes:
        """Of a number of seconds, or of a JSON file with a list of them. Raises ValueError, OSError."""
        try:
            return cls((float(given),))
        except ValueError:
            if not given.endswith(".json"):
                raise ValueError(f"{given!r} is neither a number of seconds nor a JSON file") from None
        values = json.loads(Path(given).read_text())
        if not isinstance(values, list) or not all(isinstance(one, int | float) for one in values):
            raise ValueError(f"{given} must hold a list of seconds")
        return cls(tuple(map(float, values)))

    @property
    def mean_s(self) -> float:
        """Mean of what `of` draws."""
        if len(self.seconds) == 1:
            return self.seconds[0]
        pairs = zip(self.seconds, self.seconds[1:], strict=False)
        return sum((low + high) / 2 for low, high in pairs) / (len(self.seconds) - 1)

    def of(self, sha256: str) -> float:
        """The time of an answer by the hex SHA-256 of its content: the inverse of the empirical distribution."""
        at = int(sha256[:12], 16) / 16**12 * (len(self.seconds) - 1)
        low = self.seconds[int(at)]
        return low + (at - int(at)) * (self.seconds[min(int(at) + 1, len(self.seconds) - 1)] - low)


class NullModels:
    """`ModelServer` that has none."""

    def available(self) -> bool:
        return True

    async def close(self) -> None:
        """Nothing to close."""


class NullScoring:
    """`UseCase`: every answer gets the recorded assessment, in its own name, after its service time."""

    def __init__(self, service: ServiceTimes, recorded: Assessment) -> None:
        self._service = service
        self._recorded = recorded

    async def warm_up(self) -> None:
        """Nothing to warm up."""

    async def run(self, answer: Answer) -> Assessment:
        recorded = self._recorded.provenance
        made = provenance.of(answer, recorded.models, recorded.config_sha256)
        with metering.model_call():
            await asyncio.sleep(self._service.of(made.input_sha256))
        scored = self._recorded.competencies[0]
        return dataclasses.replace(
            self._recorded,
            question=answer.question,
            role=answer.role,
            competencies=tuple(dataclasses.replace(scored, name=name) for name in answer.competencies),
            provenance=made,
        )


def pipeline_of(service: ServiceTimes) -> Pipeline:
    """The pipeline of a stack without models; it can be pickled."""
    return partial(_pipeline, service)


def _pipeline(service: ServiceTimes, config: VivaConfig) -> tuple[NullModels, NullScoring]:
    del config
    message = json_format.Parse(RECORDED.read_text(), assessment_pb2.Assessment())
    return NullModels(), NullScoring(service, assessments.from_message(message))
