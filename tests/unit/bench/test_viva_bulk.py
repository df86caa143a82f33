"""Answers that are handed over to Viva: what is tried again, and what is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import pytest

from benchmarks.harness.core import Modality, Priority, Request, Sample
from benchmarks.harness.viva_bulk import Bulk
from viva.v1 import answers_pb2, interviews_pb2, reports_pb2, roles_pb2
from viva_client import OverloadedError

INTERVIEW = "tenants/t/interviews/1"
SOUND = Sample("sound", Modality.AUDIO, "en", "Why?", path=Path("sound.m4a"), duration_s=1.0)
REQUEST = Request(SOUND, 0.0, 60.0, Priority.BULK)
FULL = OverloadedError(grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL", "full")


class Reports:
    """A watch that tells of a report once its interview has an answer."""

    def __init__(self) -> None:
        self.submitted = asyncio.Event()

    def watch(self) -> Reports:
        return self

    async def __aiter__(self) -> AsyncIterator[reports_pb2.Report]:
        await self.submitted.wait()
        yield reports_pb2.Report(name=f"{INTERVIEW}/reports/1")

    async def aclose(self) -> None:
        """Nothing to close."""


class Answers:
    """One client's answers."""

    def __init__(self, reports: Reports, *, uploads: bool, submits: bool = False) -> None:
        self._reports, self._uploads, self._submits = reports, uploads, submits

    def within(self, timeout_s: float) -> Answers:
        return self

    async def upload_media(self, path: Path, *, interview: str) -> Any:
        if not self._uploads:
            raise FULL
        return SimpleNamespace(sha256="0" * 64)

    async def submit(self, answer: answers_pb2.Answer, *, parent: str) -> answers_pb2.Answer:
        if not self._submits:
            raise FULL
        self._reports.submitted.set()
        return answers_pb2.Answer(name=f"{parent}/answers/1", media_sha256=answer.media_sha256)

    async def get(self, name: str) -> answers_pb2.Answer:
        answer = answers_pb2.Answer(name=name)
        answer.assessment.language = "en"
        return answer


async def bulk(*, submits: bool) -> Bulk:
    """With a client whose first uploads are refused, and a patient one that got through."""

    async def role(role: roles_pb2.Role) -> roles_pb2.Role:
        return roles_pb2.Role(name="roles/1")

    async def interview(interview: interviews_pb2.Interview) -> interviews_pb2.Interview:
        return interviews_pb2.Interview(name=INTERVIEW)

    reports = Reports()
    client: Any = SimpleNamespace(answers=Answers(reports, uploads=False, submits=submits))
    patient: Any = SimpleNamespace(
        answers=Answers(reports, uploads=True),
        reports=reports,
        roles=SimpleNamespace(create=role),
        interviews=SimpleNamespace(create=interview),
    )
    made = Bulk(client, patient)
    await made.prepare([REQUEST])
    return made


async def test_an_upload_that_found_no_room_is_tried_again() -> None:
    handed = await bulk(submits=True)
    assert (await handed.score(REQUEST)).language == "en"
    await handed.close()


async def test_an_answer_that_is_refused_counts_as_refused() -> None:
    handed = await bulk(submits=False)
    with pytest.raises(OverloadedError):
        await handed.score(REQUEST)
    await handed.close()
