"""Viva through its client: calls that wait (interactive), and interviews that are handed over (bulk)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc

from benchmarks.harness.core import BenchError, Outcome, Priority, Reply, Request, Sample, TargetDown
from benchmarks.harness.viva_bulk import Bulk
from viva_client import AnswerOptions, Assessment, AsyncVivaClient, RetryPolicy, VivaError, assessment_to_dict

_ONCE = RetryPolicy(max_attempts=1)  # what is measured is the first answer to a call


class Lazily(Mapping[str, Any]):
    """An assessment as JSON values, made when they are asked for: not while a run is timed."""

    def __init__(self, assessment: Assessment) -> None:
        self._assessment = assessment
        self._values: dict[str, Any] | None = None

    @property
    def _made(self) -> dict[str, Any]:
        if self._values is None:
            self._values = assessment_to_dict(self._assessment)
        return self._values

    def __getitem__(self, key: str) -> Any:
        return self._made[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)

    def __bool__(self) -> bool:
        return True


@dataclass
class VivaTarget:
    """A Viva server.

    Attributes:
        address: `HOST:PORT`.
        channels: connections, used in turn.
        calls_only: bulk answers are calls that wait like the others.
        handed_over_again: what is handed over and refused comes again when it is told to, as a vendor's client does;
            else the first reply counts.
    """

    address: str
    api_key: str | None = None
    tls: bool = False
    channels: int = 4
    calls_only: bool = False
    handed_over_again: bool = False
    _client: AsyncVivaClient = field(init=False, repr=False)
    _patient: AsyncVivaClient = field(init=False, repr=False)
    _bulk: Bulk = field(init=False, repr=False)

    @property
    def name(self) -> str:
        """Short, for tables."""
        return "viva"

    async def open(self) -> None:
        """Connect.

        Raises:
            TargetDown: nothing answers, or what answers is not serving.
        """
        self._client = AsyncVivaClient(
            self.address, api_key=self.api_key, tls=self.tls, channels=self.channels, retry=_ONCE
        )
        self._patient = AsyncVivaClient(self.address, api_key=self.api_key, tls=self.tls)
        self._bulk = Bulk(self._patient if self.handed_over_again else self._client, self._patient)
        try:
            if not await self._client.health("viva.v1.Scoring"):
                raise TargetDown(f"the Viva server at {self.address} is not serving")
        except VivaError as error:
            raise TargetDown(f"no Viva server answers at {self.address}: {_line(error)}") from None

    async def prepare(self, requests: Sequence[Request]) -> None:
        """Make the interviews that the answers to be handed over belong to.

        Raises:
            BenchError: the server refuses one.
        """
        try:
            await self._bulk.prepare([request for request in requests if self._handed_over(request)])
        except VivaError as error:
            raise BenchError(f"{self.address}: interviews could not be made: {_line(error)}") from None

    async def send(self, request: Request) -> Reply:
        """Score an answer, or hand it over and wait for its report."""
        try:
            if self._handed_over(request):
                assessment = await self._bulk.score(request)
            else:
                assessment = await self._score(request.sample, request.deadline_s)
        except VivaError as error:
            return reply_of(error)
        return Reply(Outcome.OK, assessment=Lazily(assessment))

    async def close(self) -> None:
        """Close the connections."""
        await self._bulk.close()
        await self._patient.close()
        await self._client.close()

    def _handed_over(self, request: Request) -> bool:
        return request.priority is Priority.BULK and not self.calls_only

    async def _score(self, sample: Sample, timeout_s: float) -> Assessment:
        options = AnswerOptions(question=sample.question, language=sample.language, competencies=sample.competencies)
        if sample.path is None:
            return await self._client.score_text(sample.text, options, timeout_s=timeout_s)
        return await self._client.score_media(sample.path, options, kind=sample.modality.value, timeout_s=timeout_s)


def reply_of(error: VivaError) -> Reply:
    """What a failed call is in a benchmark."""
    if error.code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        outcome = Outcome.REFUSED
    elif error.code is grpc.StatusCode.DEADLINE_EXCEEDED:
        outcome = Outcome.EXPIRED
    else:
        outcome = Outcome.FAILED
    return Reply(outcome, error.code.name, _line(error), error.retry_after_s)


def _line(error: VivaError) -> str:
    return " ".join(str(error).split())
