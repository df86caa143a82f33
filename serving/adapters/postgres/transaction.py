"""What a tenant's transaction can do; `serving.records.ports.Transaction` says what each method is for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from serving.adapters.postgres import packing, paging, queries
from serving.adapters.postgres.codec import from_plain, to_plain
from serving.adapters.postgres.erasures import Erasures
from serving.adapters.postgres.records import record_of
from serving.domain import names
from serving.domain.candidate import Candidate
from serving.domain.errors import Conflict, NotFound, Reason
from serving.domain.interview import Interview
from serving.domain.job import Job, LeasedJob
from serving.domain.submission import AnswerState, Failure, Media, Submission
from serving.domain.tenant import AuditEntry, Caller, Tenant, UsageRecord, UsageSummary
from serving.domain.webhook import Event, EventType
from serving.pipeline import tracing
from serving.records.ports import ListQuery, Page, Place, Scorable

R = TypeVar("R")

_QUEUE: Final = queries.load("queue")
_REPORTS: Final = queries.load("reports")
_SQL: Final = queries.load("transaction")
_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(9999, 1, 1, tzinfo=UTC)


class PostgresTransaction(Erasures):
    """`Transaction` on a connection on which `BEGIN` and the tenant's setting were sent."""

    def __init__(self, connection: AsyncConnection[Any], tenant: str, kept: dict[str, Any] | None = None) -> None:
        super().__init__(connection, tenant, datetime.now(UTC), kept)

    @property
    def now(self) -> datetime:
        return self._now

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        async with self._connection.transaction():  # within ours, psycopg makes it a savepoint
            yield

    async def repeat(self, caller: Caller, method: str, request: bytes, name: str) -> str | None:
        sha256 = hashlib.sha256(request).digest()
        values = {
            "tenant": self._tenant,
            "request_id": caller.request_id,
            "method": method,
            "request_sha256": sha256,
            "name": name,
            "now": self._now,
        }
        made = await self._connection.execute(_SQL["repeat"], values)
        if made.rowcount:
            return None
        row = await (await self._connection.execute(_SQL["repeated"], values)).fetchone()
        assert row is not None, "a conflicting row is visible: its transaction is over"
        if (row[0], bytes(row[1])) != (method, sha256):
            raise Conflict(
                "request_id was used for another request", reason=Reason.REQUEST_ID_REUSED, field="request_id"
            )
        return str(row[2])

    async def audit(self, caller: Caller, action: str, resource: str) -> None:
        values = {
            "tenant": self._tenant,
            "now": self._now,
            "actor": caller.actor,
            "action": action,
            "resource": names.without_candidate(resource),
            "request_id": caller.request_id,
        }
        await self._connection.execute(_SQL["audit"], values)

    async def audit_entries(self, page_size: int, page_token: str) -> Page[AuditEntry]:
        query, size = ListQuery("audit", page_token=page_token), paging.page_size(page_size)
        place = paging.decode(query, paging.as_bigint)
        before = place[0] if place else 2**62
        values = {"tenant": self._tenant, "before": before, "limit": size + 1}
        rows = await (await self._connection.execute(_SQL["audit_page"], values)).fetchall()
        entries = tuple(AuditEntry(*row[1:]) for row in rows[:size])
        return Page(entries, paging.encode(query, [rows[size - 1][0]]) if len(rows) > size else "")

    async def enqueue(self, jobs: Sequence[Job]) -> None:
        values = [
            {
                "tenant": self._tenant,
                "kind": job.kind.value,
                "lane": job.lane.value,
                "rank": int(job.rank),
                "subject": job.subject,
                "trace": tracing.traceparent() or None,
                "delay_s": job.delay_s,
            }
            for job in jobs
        ]
        if len(values) == 1:
            await self._connection.execute(_QUEUE["enqueue"], values[0])
        elif values:
            async with self._connection.cursor() as cursor:
                await cursor.executemany(_QUEUE["enqueue"], values)

    async def cancel(self, subject: str) -> bool:
        values = {"tenant": self._tenant, "subject": subject}
        return bool((await self._connection.execute(_QUEUE["cancel"], values)).rowcount)

    async def attempts(self, subjects: Sequence[str]) -> dict[str, int]:
        values = {"tenant": self._tenant, "subjects": list(subjects)}
        return dict(await (await self._connection.execute(_QUEUE["leased_subjects"], values)).fetchall())

    async def queued_answers(self, limit: int) -> int:
        return await self._count("depth", {"tenant": self._tenant, "limit": limit})

    async def scored_answers(self, window_s: float) -> int:
        return await self._count("drained", {"tenant": self._tenant, "window_s": window_s})

    async def _count(self, query: str, values: dict[str, Any]) -> int:
        row = await (await self._connection.execute(_QUEUE[query], values)).fetchone()
        assert row is not None, "an aggregate has a row"
        return int(row[0])

    async def finish(self, job: LeasedJob) -> bool:
        values = {"job_id": job.job_id, "lease": job.lease}
        return bool((await self._connection.execute(_QUEUE["finish"], values)).rowcount)

    async def emit(self, event: Event) -> None:
        values = {
            "tenant": self._tenant,
            "event_id": event.event_id,
            "type": event.type.value,
            "subject": event.subject,
            "time": event.time,
            "data": Jsonb(to_plain(event.data), dumps=lambda data: json.dumps(data, ensure_ascii=False)),
            "trace": tracing.traceparent() or None,
        }
        await self._connection.execute(_SQL["emit"], values)

    async def events_after(self, kind: EventType, after: Place, limit: int) -> tuple[tuple[Place, str], ...]:
        values = {
            "tenant": self._tenant,
            "type": kind.value,
            "xid": str(after.transaction),
            "seq": after.number,
            "limit": limit,
        }
        rows = await (await self._connection.execute(_REPORTS["events_after"], values)).fetchall()
        return tuple((Place(int(xid), seq), subject) for xid, seq, subject in rows)

    async def events_end(self) -> Place:
        row = await (await self._connection.execute(_REPORTS["events_end"])).fetchone()
        assert row is not None, "a function has a value"
        return Place(int(row[0]))

    async def add_usage(self, interview: str, usage: UsageRecord) -> None:
        values = {
            "tenant": self._tenant,
            "interview": interview,
            "answer": usage.answer,
            "time": usage.time,
            "kind": usage.kind,
            "media_seconds": usage.media_seconds,
            "model_seconds": usage.model_seconds,
        }
        await self._connection.execute(_SQL["add_usage"], values)

    async def usage(
        self, interview: str, start: datetime | None, end: datetime | None, page_size: int, page_token: str
    ) -> Page[UsageRecord]:
        query, size = ListQuery(f"usage/{interview}", page_token=page_token), paging.page_size(page_size)
        after_time, after_answer = paging.decode(query, datetime.fromisoformat, paging.as_text) or (_FIRST, "")
        values = {
            **self._usage_values(interview, start, end),
            "after_time": after_time,
            "after_answer": after_answer,
            "limit": size + 1,
        }
        rows = await (await self._connection.execute(_SQL["usage_page"], values)).fetchall()
        records = tuple(UsageRecord(*row) for row in rows[:size])
        more = len(rows) > size and records[-1].time is not None
        last = [records[-1].time.isoformat(), records[-1].answer] if more and records[-1].time else []
        return Page(records, paging.encode(query, last) if last else "")

    async def usage_summary(self, interview: str, start: datetime | None, end: datetime | None) -> UsageSummary:
        values = self._usage_values(interview, start, end)
        row = await (await self._connection.execute(_SQL["usage_summary"], values)).fetchone()
        assert row is not None, "an aggregate has a row"
        return UsageSummary(*row)

    def _usage_values(self, interview: str, start: datetime | None, end: datetime | None) -> dict[str, Any]:
        return {"tenant": self._tenant, "interview": interview, "start": start or _FIRST, "end": end or _LAST}

    async def add_media(self, media: Media) -> Media:
        values = {
            "tenant": self._tenant,
            "sha256": media.sha256,
            "storage_class": media.storage_class,
            "size_bytes": media.size_bytes,
            "now": self._now,
        }
        row = await (await self._connection.execute(_SQL["add_media"], values)).fetchone()
        assert row is not None, "inserted or updated, there is one"
        return Media(*row)

    async def media(self, sha256: str, *, share: bool = False) -> tuple[Media, ...]:
        values = {"tenant": self._tenant, "sha256": sha256}
        rows = await (await self._connection.execute(_SQL["shared_media" if share else "media"], values)).fetchall()
        return tuple(Media(*row) for row in rows)

    async def scorable(self, answer: str) -> Scorable:
        values = {"tenant": self._tenant, "answer": answer}
        row = await (await self._connection.execute(_SQL["scorable"], values)).fetchone()
        if row is None:
            raise NotFound(f"{answer} does not exist", field="name")
        return Scorable(
            record_of(Submission, row[:5]),
            record_of(Interview, row[5:10]),
            record_of(Tenant, row[10:15]),
            record_of(Candidate, row[15:20]) if row[15] is not None else None,
            tuple(row[20]),
        )

    async def states(self, answers: Sequence[str]) -> dict[str, tuple[AnswerState, Failure | None]]:
        values = {"tenant": self._tenant, "answers": list(answers)}
        rows = await (await self._connection.execute(_SQL["states"], values)).fetchall()
        return {name: (AnswerState(state), from_plain(error, Failure)) for name, state, error in rows}

    async def store_assessment(self, answer: str, revision: int, assessment: bytes) -> None:
        body = packing.pack(assessment)
        values = {"tenant": self._tenant, "answer": answer, "revision": revision, "body": body, "now": self._now}
        with self._conflict(answer):
            await self._connection.execute(_SQL["store_assessment"], values)

    async def assessments(self, answers: Sequence[tuple[str, int]]) -> dict[tuple[str, int], bytes]:
        wanted, newest = set(answers), {answer for answer, revision in answers if revision == 0}
        values = {"answers": list({answer for answer, _ in answers})}
        found: dict[tuple[str, int], bytes] = {}
        for answer, revision, body in await (await self._connection.execute(_SQL["assessments"], values)).fetchall():
            if (answer, revision) in wanted:
                found[answer, revision] = packing.unpack(body)
            if answer in newest:  # rows come in order of revision
                found[answer, 0] = packing.unpack(body)
        return found
