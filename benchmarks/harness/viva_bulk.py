"""Answers that are handed over: an interview for each, made before the clock starts; its report tells that it is done.

An answer is scored for the competency of its question alone, as in any interview. That a report was noticed includes
the server's pause between two looks of `WatchReports` (half a second).
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import uuid
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import grpc

from benchmarks.harness.core import Request, Sample
from viva.v1 import answers_pb2, interviews_pb2, roles_pb2, scoring_pb2
from viva_client import Assessment, AsyncReportWatch, AsyncVivaClient, ServerError, error_from_status

_MAKING: Final = 16  # interviews at once
_QUESTION: Final = "q"
_DEFAULT: Final = "communication"  # competency of a question whose answer asks for none
_KINDS: Final = {"audio": scoring_pb2.MEDIA_KIND_AUDIO, "video": scoring_pb2.MEDIA_KIND_VIDEO}

RoleKey = tuple[str, str, str]  # competency, language, question


class Bulk:
    """The interviews of one generator.

    Args:
        client: submits and reads answers; the first reply counts.
        patient: for the rest; it tries again.
    """

    def __init__(self, client: AsyncVivaClient, patient: AsyncVivaClient) -> None:
        self._client = client
        self._patient = patient
        self._ready: dict[RoleKey, deque[str]] = {}
        self._reported: dict[str, asyncio.Future[None]] = {}
        self._watch: AsyncReportWatch | None = None
        self._watching: asyncio.Task[None] | None = None
        self._run = uuid.uuid4().hex[:12]

    async def prepare(self, requests: Sequence[Request]) -> None:
        """Make an interview for each request, and the roles that they need.

        Raises:
            VivaError: the server refuses one.
        """
        if not requests:
            return
        # Before anything else, so that the server has the watch before there is a report.
        self._watch = self._patient.reports.watch()
        self._watching = asyncio.create_task(self._notice(self._watch))
        keys = [_role_key(request.sample) for request in requests]
        roles = {key: await self._role(key) for key in dict.fromkeys(keys)}
        work = iter(list(enumerate(keys)))

        async def worker() -> None:
            for number, key in work:
                candidate = f"tenants/-/candidates/bench-{self._run}-{number}"
                interview = interviews_pb2.Interview(
                    candidate=candidate,
                    role_revision=roles[key],
                    language=key[1],
                    priority=interviews_pb2.PRIORITY_BULK,
                )
                made = await self._patient.interviews.create(interview)
                self._ready.setdefault(key, deque()).append(made.name)

        await asyncio.gather(*(worker() for _ in range(_MAKING)))

    async def score(self, request: Request) -> Assessment:
        """Hand an answer over, wait for its report and read the assessment.

        Raises:
            VivaError: it was refused, or could not be scored.
        """
        sample = request.sample
        interview = self._ready[_role_key(sample)].popleft()
        reported = self._reported[interview] = asyncio.get_running_loop().create_future()
        answers = self._client.answers.within(request.deadline_s)
        submitted = await answers.submit(await self._answer(sample, interview, request.deadline_s), parent=interview)
        if self._watching is not None and self._watching.done():
            self._watching.result()  # raises what ended the watch
        await reported
        answer = await answers.get(submitted.name)
        if answer.HasField("error"):
            raise error_from_status(answer.error)
        if not answer.HasField("assessment"):
            state = answers_pb2.Answer.State.Name(answer.state)
            raise ServerError(grpc.StatusCode.UNKNOWN, "", f"{answer.name} was reported in {state}")
        return answer.assessment

    async def close(self) -> None:
        """End the watch."""
        if self._watch is not None:
            await self._watch.aclose()
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await self._watching

    async def _answer(self, sample: Sample, interview: str, timeout_s: float) -> answers_pb2.Answer:
        if sample.path is None:
            return answers_pb2.Answer(question_id=_QUESTION, text=sample.text)
        # A gateway takes so many uploads at a time and tells the rest when to come back. A vendor's client does, and
        # that wait is a part of the latency.
        media = await self._patient.answers.within(timeout_s).upload_media(sample.path, interview=interview)
        kind = _KINDS[sample.modality.value]
        return answers_pb2.Answer(question_id=_QUESTION, media_sha256=media.sha256, kind=kind)

    async def _role(self, key: RoleKey) -> str:
        competency, language, text = key
        question: Any = roles_pb2.Question(
            question_id=_QUESTION, competency=competency, language=language, text=text or "Tell me about yourself."
        )
        content = roles_pb2.RoleContent(
            competencies=[roles_pb2.CompetencyWeight(competency=competency)], languages=[language], questions=[question]
        )
        name = hashlib.sha256(repr(key).encode()).hexdigest()[:8]
        role = await self._patient.roles.create(roles_pb2.Role(display_name=f"Benchmark {name}", content=content))
        return role.name

    async def _notice(self, watch: AsyncReportWatch) -> None:
        try:
            async for report in watch:
                interview = report.name.rpartition("/reports/")[0]
                waiting = self._reported.pop(interview, None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(None)
        except Exception as error:
            for waiting in self._reported.values():
                if not waiting.done():
                    waiting.set_exception(error)
            raise


def _role_key(sample: Sample) -> RoleKey:
    return (sample.competencies[0] if sample.competencies else _DEFAULT, sample.language, sample.question)
