"""A tenant with interviews that hold everything a candidate can leave, over real stores."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import uuid
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg
from google.protobuf.json_format import ParseDict

from serving.adapters.objects.folder import Folder
from serving.adapters.postgres.database import PostgresDatabase
from serving.adapters.postgres.due import PostgresDue
from serving.adapters.postgres.packing import unpack
from serving.adapters.postgres.queue import PostgresQueue
from serving.adapters.postgres.server import PostgresServer
from serving.adapters.postgres.vacuum import PostgresVacuum
from serving.adapters.rules.engine import CelRules
from serving.adapters.spool import FolderSpool
from serving.adapters.spool.uploads import FolderUploads
from serving.api import assessments
from serving.api.candidates import CandidateService
from serving.domain.answer import Answer
from serving.domain.assessment import Assessment
from serving.domain.candidate import Candidate, Resume
from serving.domain.interview import Interview
from serving.domain.job import JobKind, Lane, LeasedJob
from serving.domain.operation import Operation
from serving.domain.report import Contest, Decision, Outcome, Satisfaction
from serving.domain.role import CompetencyWeight, Question, Role, RoleContent, RoleRevision
from serving.domain.submission import Media, Submission
from serving.domain.tenant import Tenant
from serving.domain.webhook import WebhookEndpoint
from serving.records import answers, interviews, reviews
from serving.records.egress import Downloaded, MediaSink
from serving.records.erasure import Erase
from serving.records.housekeeping import Housekeeping
from serving.records.objects import ObjectStore, StorageClasses, media_key
from serving.records.score_work import ScoreWork, WorkObserver
from serving.records.work import score_job
from tests.postgres import caller, new_tenant
from viva.v1 import assessment_pb2
from viva.v1 import candidates_pb2 as pb

_STORED = Path(__file__).parent / "data" / "report"
LEASE_S = 60.0
QUESTIONS = ("first", "second")


class Silent:
    """A bell that nobody hears."""

    def ring(self) -> None:
        pass


class Nowhere:
    """Fetches no media: what the tests send is in the store."""

    async def download(
        self, uri: str, into: MediaSink, *, hosts: Sequence[str], max_bytes: int, timeout_s: float
    ) -> Downloaded:
        raise AssertionError("no answer of these tests names an address")


@dataclasses.dataclass
class Company:
    """What the tests drive.

    Attributes:
        folder: `objects` and `cn` are the stores, `spool` holds media that are worked on.
        words: what its candidates say, wherever they say something.
    """

    database: PostgresDatabase
    url: str
    folder: Path
    tenant: str = dataclasses.field(default_factory=lambda: new_tenant("company"))
    words: str = dataclasses.field(default_factory=lambda: f"zebra {uuid.uuid4().hex} conspiracy")

    def __post_init__(self) -> None:
        self.store: ObjectStore = Folder(self.folder / "objects")
        self.storage = StorageClasses({"default": self.store, "cn": Folder(self.folder / "cn")})
        self.spool = FolderSpool(self.folder / "spool")
        self.uploads = FolderUploads(self.folder / "spool")
        self.queue = PostgresQueue(self.database)
        self.rules = CelRules()
        self.caller = caller(self.tenant)
        self.candidates = CandidateService(self.database, self.rules, Silent())
        self.vacuum = PostgresVacuum(self.url)
        self.due = PostgresDue(self.database)

    async def open(self, question_media: str = "") -> Company:
        """Store the tenant, its role and its webhook endpoint."""
        questions = tuple(
            Question(one, "teamwork", "en", f"Question {one}?", media_sha256=question_media) for one in QUESTIONS
        )
        content = RoleContent(
            (CompetencyWeight("teamwork"),), ("en",), questions, questions_per_competency=len(questions)
        )
        role = f"tenants/{self.tenant}/roles/clerk"
        async with self.database.transaction(self.tenant) as tx:
            await tx.ensure(Tenant(name=f"tenants/{self.tenant}", display_name="Company"))
            await tx.insert(RoleRevision(f"{role}/revisions/1", "Clerk", content))
            await tx.insert(Role(role, "Clerk", content, f"{role}/revisions/1"))
            await tx.insert(WebhookEndpoint(f"tenants/{self.tenant}/webhookEndpoints/one", "https://hooks.example"))
        return self

    def candidate(self, candidate: str) -> str:
        return f"tenants/{self.tenant}/candidates/{candidate}"

    async def interview(self, candidate: str, **fields: Any) -> Interview:
        given = Interview(
            name=f"tenants/{self.tenant}/interviews/{uuid.uuid4().hex}",
            candidate=self.candidate(candidate),
            role_revision=f"tenants/{self.tenant}/roles/clerk",
            **fields,
        )
        async with self.database.transaction(self.tenant) as tx:
            await tx.repeat(caller(self.tenant), "CreateInterview", b"request", given.name)
            return await interviews.open_interview(tx, given)

    async def media(self, content: bytes, storage_class: str = "default") -> str:
        """Keep media; its sha256."""
        sha256 = hashlib.sha256(content).hexdigest()
        path = self.folder / f"{sha256}.source"
        path.write_bytes(content)
        async with self.database.transaction(self.tenant) as tx:
            await tx.add_media(Media(len(content), sha256, storage_class=storage_class))
        await self.storage.of(storage_class).put_file(media_key(self.tenant, sha256), path)
        path.unlink()
        return sha256

    async def kept(self, sha256: str, storage_class: str = "default") -> bool:
        return await self.storage.of(storage_class).exists(media_key(self.tenant, sha256)) is not None

    async def answer(self, interview: Interview, question: str, **content: Any) -> Submission:
        given = Submission(f"{interview.name}/answers/{question}", question, **content)
        async with self.database.transaction(self.tenant) as tx:
            held = await tx.get(Interview, interview.name, share=True)
            await tx.repeat(caller(self.tenant), "SubmitAnswer", b"request", given.name)
            return await answers.accept(tx, given, held, "answer")

    def scoring(
        self, score: Callable[[Answer], Awaitable[Assessment]] | None = None, observer: WorkObserver | None = None
    ) -> ScoreWork:
        return ScoreWork(
            self.database,
            self.queue,
            self.storage,
            Nowhere(),
            self.rules,
            self.spool,
            score or self.assess,
            lambda one: assessments.to_message(one).SerializeToString(),
            60.0,
            observer,
        )

    async def assess(self, answer: Answer) -> Assessment:
        """A stored assessment that repeats what was said."""
        stored = json.loads(sorted(_STORED.glob("*.json"))[0].read_text(encoding="utf-8"))
        found = assessments.from_message(ParseDict(stored, assessment_pb2.Assessment()))
        transcript = dataclasses.replace(found.transcript, text=f"I said {self.words}")
        return dataclasses.replace(found, question=answer.question, transcript=transcript)

    async def lease(self, *lanes: Lane) -> list[LeasedJob]:
        leased = [job for lane in lanes for job in await self.queue.lease(lane, 1_000, LEASE_S)]
        return [job for job in leased if job.tenant == self.tenant]

    async def score(self) -> None:
        """Score all that waits."""
        for job in await self.lease(Lane.TEXT, Lane.MEDIA):
            await self.scoring().run(job)

    async def finished(self, candidate: str, content: bytes = b"") -> Interview:
        """An interview with everything that one can have: a spoken and a written answer, and a report that people
        decided on, contested and rated."""
        interview = await self.interview(candidate)
        sha256 = await self.media(content or f"{candidate}: {self.words}".encode())
        await self.answer(interview, "first", media_sha256=sha256)
        await self.answer(interview, "second", text=f"I say {self.words}")
        await self.score()
        name = interview.name
        async with self.database.transaction(self.tenant) as tx:
            resume = Resume(text=f"I did {self.words}")
            current = await tx.get(Candidate, self.candidate(candidate), lock=True)
            await tx.replace(dataclasses.replace(current, resume=resume))
            report = (await tx.get(Interview, name)).report
            decision = Decision(f"{name}/decisions/one", Outcome.HOLD, f"As {self.words} was said", "HR", report)
            await reviews.decide(tx, decision)
            await reviews.contest(tx, Contest(f"{name}/contests/one", report, "", f"Why {self.words}?"))
            await reviews.rate(tx, Satisfaction(f"{name}/satisfactions/own", 3, 3, f"Well, {self.words}"))
            return await tx.get(Interview, name)

    async def change(self, interview: Interview, **fields: Any) -> None:
        """Change fields that no caller could, such as an end in the past."""
        async with self.database.transaction(self.tenant) as tx:
            current = await tx.get(Interview, interview.name, lock=True)
            await tx.replace(dataclasses.replace(current, **fields))

    async def begin_erasure(self, candidate: str, request_id: str = "") -> str:
        request = pb.EraseCandidateRequest(name=self.candidate(candidate), request_id=request_id)
        operation = await self.candidates.erase_candidate(request, self.caller)
        return str(operation.name)

    def erasing(self, storage: StorageClasses | None = None) -> Erase:
        return Erase(self.database, self.queue, storage or self.storage, self.vacuum)

    async def erase_jobs(self) -> list[LeasedJob]:
        """Jobs that erase, whatever their delay."""
        async with self.database.system() as connection:
            await connection.execute(
                "UPDATE jobs SET ready = true, lease = NULL WHERE kind = 'erase' AND tenant_id = %s", [self.tenant]
            )
        return [job for job in await self.lease(Lane.ERRAND) if job.kind is JobKind.ERASE]

    async def erase(self, candidate: str) -> Operation:
        """Erase a candidate; the operation at its end."""
        name = await self.begin_erasure(candidate)
        for job in await self.erase_jobs():
            await self.erasing().run(job)
        return await self.operation(name)

    async def operation(self, name: str) -> Operation:
        async with self.database.transaction(self.tenant) as tx:
            return await tx.get(Operation, name)

    async def rescore_job(self, answer: Submission) -> None:
        async with self.database.transaction(self.tenant) as tx:
            await tx.enqueue([score_job(answer)])

    def housekeeping(self, storage: StorageClasses | None = None) -> Housekeeping:
        return Housekeeping(
            self.database, self.due, storage or self.storage, self.rules, (self.uploads, self.spool), self.vacuum
        )

    async def keep_house(self) -> None:
        house = self.housekeeping()
        while await house.turn():
            pass


def superuser(server: PostgresServer, folder: Path) -> psycopg.Connection[Any]:
    """A connection that sees the rows of all tenants."""
    passwords = json.loads((folder / "postgres.passwords.json").read_text())
    url = server.owner_url
    place = url.rpartition("@")[2]
    return psycopg.connect(f"postgresql://postgres:{passwords['postgres']}@{place}", autocommit=True)


def rows_with(connection: psycopg.Connection[Any], text: str) -> list[str]:
    """The tables in which a row has a text, or has it in bytes, deflated ones included."""
    tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
    assert len(tables) > 20
    found = []
    for (table,) in tables:
        in_bytes = "\\x%" + text.encode().hex() + "%"
        query = f'SELECT count(*) FROM "{table}" AS one WHERE one::text LIKE %s OR one::text LIKE %s'
        row = connection.execute(query, [f"%{text}%", "%" + in_bytes.removeprefix("\\x")]).fetchone()
        if row and row[0]:
            found.append(table)
    bodies = connection.execute("SELECT body FROM assessments WHERE body IS NOT NULL")
    if any(text.encode() in unpack(body) for (body,) in bodies) and "assessments" not in found:
        found.append("assessments")
    return sorted(found)


def files_with(folder: Path, text: str) -> list[str]:
    """Files below a folder whose name or content has a text."""
    return [
        str(path.relative_to(folder))
        for path in sorted(folder.rglob("*"))
        if text in str(path.relative_to(folder)) or (path.is_file() and text.encode() in path.read_bytes())
    ]
