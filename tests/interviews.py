"""Interviews in a real database that are scored by a scorer of the test's own, for tests of what follows."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
from google.protobuf.json_format import ParseDict

from serving.adapters.egress.client import Egress
from serving.adapters.egress.config import EgressConfig
from serving.adapters.objects.folder import Folder
from serving.adapters.postgres.database import PostgresDatabase
from serving.adapters.postgres.queue import PostgresQueue
from serving.adapters.postgres.server import PostgresServer
from serving.adapters.rules.engine import CelRules
from serving.adapters.spool import FolderSpool
from serving.api import assessments
from serving.domain.answer import Answer
from serving.domain.assessment import Assessment, CompetencyScore, ScoreStatus
from serving.domain.errors import InvalidRequest, ModelUnavailable, Reason
from serving.domain.interview import Interview
from serving.domain.job import JobKind, Lane, LeasedJob
from serving.domain.role import CompetencyWeight, Question, Role, RoleContent, RoleRevision
from serving.domain.screening import ScreeningRule
from serving.domain.submission import Submission
from serving.domain.tenant import Tenant
from serving.domain.transcript import Transcript
from serving.records import answers, interviews
from serving.records.objects import StorageClasses
from serving.records.score_work import ScoreWork
from viva.v1 import assessment_pb2

SUGGESTION = "Say what came of it."
_STORED = Path(__file__).parent / "data" / "report" / "english_audio.json"
_QUESTIONS = {"q1": "teamwork", "q2": "communication"}


class CountingScorer:
    """Ten points less one for each `um`; keeps the answers that it was given."""

    def __init__(self) -> None:
        self.given: list[Answer] = []
        self.away = False
        self.refuses = False
        stored = json.loads(_STORED.read_text(encoding="utf-8"))
        self._form = assessments.from_message(ParseDict(stored, assessment_pb2.Assessment()))

    async def score(self, answer: Answer) -> Assessment:
        self.given.append(answer)
        if self.away:
            raise ModelUnavailable("the models are away")
        if self.refuses:
            raise InvalidRequest("nothing of this decodes", reason=Reason.MEDIA_UNREADABLE)
        text = answer.text or ""
        score = 10.0 - text.split().count("um")
        return dataclasses.replace(
            self._form,
            question=answer.question,
            competencies=(
                CompetencyScore(answer.competencies[0], ScoreStatus.SCORED, score, score - 1.0, min(score + 1.0, 10.0)),
            ),
            transcript=Transcript(text, answer.language or "en", None, ()),
            suggestions=(SUGGESTION,),
            flags=(),
        )


@asynccontextmanager
async def scoring(postgres: PostgresServer, database: PostgresDatabase, folder: Path) -> AsyncIterator[Scored]:
    """What scores, with an empty queue, since that is over all tenants."""
    with psycopg.connect(postgres.owner_url) as owner:
        owner.execute("TRUNCATE jobs, turns")
    scored = Scored(database, folder)
    try:
        yield scored
    finally:
        await scored.close()


class Scored:
    """Tenants with a role of two questions, and what scores the answers."""

    def __init__(self, database: PostgresDatabase, folder: Path) -> None:
        self.database = database
        self.rules = CelRules()
        self.scorer = CountingScorer()
        self.queue = PostgresQueue(database)
        self._egress = Egress(EgressConfig())
        self._work = ScoreWork(
            database,
            self.queue,
            StorageClasses({"default": Folder(folder / "objects")}),
            self._egress,
            self.rules,
            FolderSpool(folder),
            self.scorer.score,
            lambda assessment: assessments.to_message(assessment).SerializeToString(),
            10.0,
        )

    async def close(self) -> None:
        await self._egress.close()

    async def add_tenant(self, tenant: str, *, scores_shown: bool = False) -> None:
        """A tenant with its role and a screening rule."""
        role = f"tenants/{tenant}/roles/clerk"
        content = RoleContent(
            competencies=tuple(CompetencyWeight(name, 1.0) for name in _QUESTIONS.values()),
            languages=("en", "zh"),
            questions=tuple(
                Question(f"{key}-{language}", name, language, f"Tell me of {name}.")
                for key, name in _QUESTIONS.items()
                for language in ("en", "zh")
            ),
        )
        async with self.database.transaction(tenant) as tx:
            await tx.insert(Tenant(f"tenants/{tenant}", tenant, scores_shown_to_candidates=scores_shown))
            await tx.insert(Role(role, "Clerk", content, f"{role}/revisions/1"))
            await tx.insert(RoleRevision(f"{role}/revisions/1", "Clerk", content))
            await tx.insert(
                ScreeningRule(f"tenants/{tenant}/screeningRules/good", "Good", "report.overall >= 7.0", "advance")
            )

    async def open(self, tenant: str, interview: str) -> str:
        """A new interview; its name."""
        name = f"tenants/{tenant}/interviews/{interview}"
        given = Interview(
            name=name,
            candidate=f"tenants/{tenant}/candidates/c-{interview}",
            role_revision=f"tenants/{tenant}/roles/clerk",
            language="en",
        )
        async with self.database.transaction(tenant) as tx:
            await interviews.open_interview(tx, given)
        return name

    async def complete(self, tenant: str, interview: str, texts: Sequence[str] = ("We did it.", "I said it.")) -> str:
        """A new interview with these answers, scored; its name."""
        name = await self.open(tenant, interview)
        async with self.database.transaction(tenant) as tx:
            stored = await tx.get(Interview, name, lock=True)
            for question, text in zip(stored.questions, texts, strict=True):
                given = Submission(f"{name}/answers/{question.question_id}", question.question_id, text)
                await answers.accept(tx, given, stored, "answer")
        await self.score_all()
        return name

    async def score_all(self) -> list[LeasedJob]:
        """Do the scoring jobs that are due; those that were there."""
        done: list[LeasedJob] = []
        for lane in (Lane.TEXT, Lane.MEDIA):
            while jobs := await self.queue.lease(lane, 10, 30.0):
                for job in jobs:
                    assert job.kind is JobKind.SCORE
                    await self._work.run(job)
                done += jobs
        return done
