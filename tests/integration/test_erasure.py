"""Erasure on a real PostgreSQL and object stores: nothing of a candidate is found afterwards, whatever came between."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import UTC
from pathlib import Path

import psycopg
import pytest

from serving.adapters.objects.folder import Folder
from serving.adapters.postgres.database import PostgresDatabase
from serving.adapters.postgres.server import PostgresServer
from serving.adapters.postgres.transaction import PostgresTransaction
from serving.api.operations import to_message
from serving.domain.answer import Answer
from serving.domain.assessment import Assessment
from serving.domain.candidate import Candidate
from serving.domain.errors import NotAllowedNow, NotFound, Reason, StoreUnavailable
from serving.domain.interview import InterviewState
from serving.domain.job import Lane
from serving.domain.report import Contest, Review, Verdict
from serving.domain.submission import Submission
from serving.domain.tenant import AuditEntry
from serving.records import reviews
from serving.records.objects import StorageClasses
from serving.records.worker import LEASE_S
from tests.company import Company, files_with, rows_with, superuser
from tests.postgres import running
from viva.v1 import candidates_pb2 as pb

_LOG_SEGMENTS = 6  # more than are kept at once after a checkpoint (min_wal_size 80 MB, 16 MB each)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("erasure")


@pytest.fixture(scope="module")
def server(root: Path) -> Iterator[PostgresServer]:
    with running(root) as server:
        yield server


@pytest.fixture
async def own(server: PostgresServer) -> AsyncIterator[PostgresDatabase]:
    with psycopg.connect(server.owner_url) as owner:
        owner.execute("TRUNCATE jobs")
    database = PostgresDatabase(server.app_url)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def company(own: PostgresDatabase, server: PostgresServer, tmp_path: Path) -> Company:
    return await Company(own, server.app_url, tmp_path).open()


class Broken(Folder):
    """A store that is away when the `after`-th object is to be deleted, and later."""

    def __init__(self, root: Path, after: int) -> None:
        super().__init__(root)
        self.left = after

    async def delete(self, key: str) -> bool:
        if self.left == 0:
            raise StoreUnavailable("the object store is away")
        self.left -= 1
        return await super().delete(key)


async def test_a_search_for_the_words_and_the_id_of_an_erased_candidate_finds_nothing(
    company: Company, server: PostgresServer, root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    external = f"ext-{uuid.uuid4().hex}"
    await company.finished(external)
    await company.finished(external, content=f"again {company.words}".encode())
    unfinished = await company.interview(external)
    await company.answer(unfinished, "first", text=company.words)
    with superuser(server, root) as all_rows:
        assert {"answers", "assessments", "candidates", "contests", "decisions", "satisfactions"} <= {
            *rows_with(all_rows, company.words)
        }
        assert {"candidates", "events", "interviews", "reports"} <= {*rows_with(all_rows, external)}
        assert len(files_with(company.folder / "objects", company.words)) == 2

        operation = await company.erase(external)

        assert rows_with(all_rows, company.words) == []
        assert rows_with(all_rows, external) == []
    assert files_with(company.folder, company.words) == []
    assert files_with(company.folder, external) == []
    assert company.words not in server.log_path.read_text() + caplog.text
    assert external not in server.log_path.read_text() + caplog.text
    receipt = pb.ErasureReceipt()
    assert to_message(operation).response.Unpack(receipt)
    assert receipt.candidate_sha256 == hashlib.sha256(company.candidate(external).encode()).hexdigest()
    assert (receipt.interview_count, receipt.answer_count, receipt.report_count) == (3, 5, 2)
    assert (receipt.media_count, receipt.media_bytes) == (2, len(f"{external}: again {company.words * 2}"))
    assert receipt.erase_time.ToDatetime(UTC) == operation.update_time


async def test_the_rows_of_an_erased_candidate_are_vacuumed(
    company: Company, server: PostgresServer, root: Path
) -> None:
    await company.finished("someone")
    tables = ("answers", "assessments", "candidates", "contests", "decisions", "events", "interviews", "reports")
    query = "SELECT relname, vacuum_count FROM pg_stat_user_tables WHERE relname = ANY(%s)"
    with superuser(server, root) as all_rows:
        before = dict(all_rows.execute(query, [list(tables)]).fetchall())
        await company.erase("someone")
        after = dict(all_rows.execute(query, [list(tables)]).fetchall())
    assert after == {table: before[table] + 1 for table in tables}


async def test_a_database_that_is_rewritten_and_has_recycled_its_log_holds_no_word_in_any_file(
    company: Company, server: PostgresServer, root: Path
) -> None:
    await company.finished("someone")
    with superuser(server, root) as all_rows:
        all_rows.execute("CHECKPOINT")
        assert files_with(root / "postgres", company.words) != []
        await company.erase("someone")
        all_rows.execute("VACUUM FULL")
        for _ in range(_LOG_SEGMENTS):
            all_rows.execute("SELECT pg_logical_emit_message(true, 'viva', ''), pg_switch_wal()")
            all_rows.execute("CHECKPOINT")
        assert files_with(root / "postgres", company.words) == []


async def test_usage_audit_and_the_event_of_the_erasure_stay(company: Company) -> None:
    await company.finished("someone")
    await company.finished("another")
    await company.erase("someone")
    hashed = f"candidates/sha256:{hashlib.sha256(company.candidate('someone').encode()).hexdigest()}"
    async with company.database.transaction(company.tenant) as tx:
        assert (await tx.usage_summary("", None, None)).answer_count == 4
        entries = (await tx.audit_entries(100, "")).records
        assert ("EraseCandidate", f"tenants/{company.tenant}/{hashed}") in _said(entries)
        assert ("CandidateErased", f"tenants/{company.tenant}/{hashed}") in _said(entries)
        deliveries = (await tx.deliveries(f"tenants/{company.tenant}/webhookEndpoints/one", 1000, "")).records
        kinds = [one.event_type for one in deliveries]
        assert kinds.count("viva.candidate.erased") == 1
        assert kinds.count("viva.report.created") == 1  # the other candidate's
        assert await tx.find(Candidate, company.candidate("another")) is not None


def _said(entries: tuple[AuditEntry, ...]) -> set[tuple[str, str]]:
    return {(entry.action, entry.resource) for entry in entries}


async def test_media_of_two_candidates_goes_with_the_second(company: Company) -> None:
    shared = b"both sent " + company.words.encode()
    await company.finished("one", content=shared)
    await company.finished("two", content=shared)
    sha256 = await company.media(shared, "cn")
    first = await company.erase("one")
    assert first.facts["receipt"]["media_count"] == 0
    assert await company.kept(sha256)
    await company.keep_house()
    assert await company.kept(sha256)
    second = await company.erase("two")
    assert second.facts["receipt"]["media_count"] == 2  # in two storage classes
    assert not await company.kept(sha256)
    assert not await company.kept(sha256, "cn")


async def test_media_of_a_question_survives(own: PostgresDatabase, server: PostgresServer, tmp_path: Path) -> None:
    company = Company(own, server.app_url, tmp_path)
    sha256 = await company.media(b"the question")
    await company.open(question_media=sha256)
    await company.finished("parrot", content=b"the question")
    operation = await company.erase("parrot")
    assert operation.done
    assert await company.kept(sha256)


async def test_an_external_id_of_two_tenants_is_two_candidates(
    company: Company, own: PostgresDatabase, server: PostgresServer, tmp_path: Path, root: Path
) -> None:
    other = await Company(own, server.app_url, tmp_path).open()
    content = b"the same words"
    await company.finished("same", content=content)
    await other.finished("same", content=content)
    await company.erase("same")
    assert not await company.kept(hashlib.sha256(content).hexdigest())
    assert await other.kept(hashlib.sha256(content).hexdigest())
    with superuser(server, root) as all_rows:
        assert rows_with(all_rows, company.words) == []
        assert "assessments" in rows_with(all_rows, other.words)


async def test_an_erasure_that_broke_off_among_the_media_goes_on(company: Company, tmp_path: Path) -> None:
    await company.finished("someone", content=b"a" * 10)
    await company.finished("someone", content=b"b" * 20)
    name = await company.begin_erasure("someone")
    (job,) = await company.erase_jobs()
    broken = StorageClasses({"default": Broken(tmp_path / "objects", after=1)})
    await company.erasing(broken).run(job)
    halfway = await company.operation(name)
    assert (halfway.done, halfway.facts["media_count"]) == (False, 1)
    (job,) = await company.erase_jobs()
    await company.erasing().run(job)
    receipt = (await company.operation(name)).facts["receipt"]
    assert (receipt["media_count"], receipt["media_bytes"], receipt["answer_count"]) == (2, 30, 4)
    assert await company.erase_jobs() == []


@pytest.mark.parametrize("place", ["delete", "emit", "finish", "erase_interviews"])
async def test_an_erasure_that_broke_off_in_a_transaction_goes_on(
    company: Company, place: str, monkeypatch: pytest.MonkeyPatch, server: PostgresServer, root: Path
) -> None:
    await company.finished("someone")
    name = await company.begin_erasure("someone")
    (job,) = await company.erase_jobs()
    with monkeypatch.context() as patched:

        async def fail(*_: object) -> None:
            raise StoreUnavailable("the database is away")

        patched.setattr(PostgresTransaction, place, fail)
        await company.erasing().run(job)
    assert not (await company.operation(name)).done
    (job,) = await company.erase_jobs()
    await company.erasing().run(job)
    operation = await company.operation(name)
    assert operation.done
    assert operation.facts["receipt"]["media_count"] == 1
    with superuser(server, root) as all_rows:
        assert rows_with(all_rows, company.words) == []


async def test_two_workers_that_have_the_same_erasure_end_it_once(company: Company) -> None:
    await company.finished("someone")
    name = await company.begin_erasure("someone")
    (lost,) = await company.erase_jobs()
    (job,) = await company.erase_jobs()
    await company.erasing().run(job)
    await company.erasing().run(lost)
    assert (await company.operation(name)).facts["receipt"]["answer_count"] == 2
    async with company.database.transaction(company.tenant) as tx:
        entries = (await tx.audit_entries(100, "")).records
    assert [entry.action for entry in entries].count("CandidateErased") == 1


async def test_an_answer_that_is_scored_while_the_erasure_runs_stores_nothing(
    company: Company, server: PostgresServer, root: Path
) -> None:
    interview = await company.interview("someone")
    await company.answer(interview, "first", media_sha256=await company.media(company.words.encode()))
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(answer: Answer) -> Assessment:
        begun.set()
        await go_on.wait()
        return await company.assess(answer)

    (job,) = await company.lease(Lane.MEDIA)
    scoring = asyncio.create_task(company.scoring(slow).run(job))
    await begun.wait()
    operation = await company.erase("someone")
    assert operation.done
    go_on.set()
    await scoring
    with superuser(server, root) as all_rows:
        assert rows_with(all_rows, company.words) == []
        assert rows_with(all_rows, interview.name) == []
    assert files_with(company.folder, company.words) == []


async def test_an_erasure_waits_until_workers_have_heard_that_their_answer_is_gone(
    company: Company, server: PostgresServer, root: Path
) -> None:
    def delay_s() -> float:
        with superuser(server, root) as all_rows:
            query = "SELECT extract(epoch FROM ready_at - now()) FROM jobs WHERE kind = 'erase' AND tenant_id = %s"
            return float(all_rows.execute(query, [company.tenant]).fetchall()[-1][0])

    await company.answer(await company.interview("idle"), "first", text="hello")
    await company.begin_erasure("idle")
    assert delay_s() <= 0
    await company.erase_jobs()
    with psycopg.connect(server.owner_url) as owner:
        owner.execute("TRUNCATE jobs")
    await company.answer(await company.interview("busy"), "first", text="hello")
    await company.lease(Lane.TEXT)
    await company.begin_erasure("busy")
    assert LEASE_S - 5 < delay_s() <= LEASE_S


async def test_nothing_more_comes_while_a_candidate_is_erased_and_a_new_one_may_come_then(company: Company) -> None:
    interview = await company.interview("someone")
    name = await company.begin_erasure("someone")
    with pytest.raises(NotAllowedNow) as refused:
        await company.answer(interview, "first", text="hello")
    assert refused.value.reason is Reason.INTERVIEW_NOT_OPEN
    for call in (company.interview("someone"), company.begin_erasure("someone")):
        with pytest.raises(NotAllowedNow) as refused:
            await call
        assert refused.value.metadata["operation"] == name
    update = pb.UpdateCandidateRequest(candidate={"name": company.candidate("someone"), "resume": {"text": "I"}})
    hold = pb.SetLegalHoldRequest(name=company.candidate("someone"), legal_hold={"reason": "a matter"})
    with pytest.raises(NotAllowedNow):
        await company.candidates.update_candidate(update, company.caller)
    with pytest.raises(NotAllowedNow):
        await company.candidates.set_legal_hold(hold, company.caller)
    for job in await company.erase_jobs():
        await company.erasing().run(job)
    assert (await company.interview("someone")).state is InterviewState.OPEN


async def test_an_answer_that_is_tried_again_during_the_erasure_goes_too(
    company: Company, server: PostgresServer, root: Path
) -> None:
    interview = await company.finished("someone")
    await company.begin_erasure("someone")
    async with company.database.transaction(company.tenant) as tx:
        answer = await tx.get(Submission, f"{interview.name}/answers/second")
    await company.rescore_job(answer)
    for job in await company.erase_jobs():
        await company.erasing().run(job)
    assert await company.lease(Lane.TEXT) == []
    with superuser(server, root) as all_rows:
        assert rows_with(all_rows, company.words) == []


async def test_a_candidate_whose_answer_is_being_scored_again_can_be_erased(
    company: Company, server: PostgresServer, root: Path
) -> None:
    interview = await company.finished("someone")
    async with company.database.transaction(company.tenant) as tx:
        given = Review(Verdict.CORRECTED, "The recording says otherwise.", "HR", company.words)
        contest = Contest(
            f"{interview.name}/contests/two", interview.report, f"{interview.name}/answers/second", "Why?"
        )
        await reviews.contest(tx, contest)
        await reviews.review(tx, contest.name, given, company.rules)
    assert (await company.erase("someone")).done
    assert await company.lease(Lane.TEXT) == []
    with superuser(server, root) as all_rows:
        assert rows_with(all_rows, company.words) == []


async def test_a_request_that_is_repeated_makes_one_erasure(company: Company) -> None:
    await company.finished("someone")
    request_id = str(uuid.uuid4())
    name = await company.begin_erasure("someone", request_id)
    assert await company.begin_erasure("someone", request_id) == name
    for job in await company.erase_jobs():
        await company.erasing().run(job)
    assert await company.begin_erasure("someone", request_id) == name
    with pytest.raises(NotFound):
        await company.begin_erasure("someone")


async def test_nothing_is_erased_under_a_legal_hold(company: Company) -> None:
    interview = await company.finished("someone")
    name = company.candidate("someone")
    hold = pb.SetLegalHoldRequest(name=name, legal_hold={"reason": "a matter"})
    await company.candidates.set_legal_hold(hold, company.caller)
    with pytest.raises(NotAllowedNow) as refused:
        await company.begin_erasure("someone")
    assert refused.value.reason is Reason.LEGAL_HOLD
    async with company.database.transaction(company.tenant) as tx:
        assert (await tx.get(Submission, f"{interview.name}/answers/second")).text is not None
    await company.candidates.set_legal_hold(pb.SetLegalHoldRequest(name=name), company.caller)
    assert (await company.erase("someone")).done


async def test_a_candidate_of_whom_nobody_knows_cannot_be_erased(company: Company) -> None:
    with pytest.raises(NotFound):
        await company.begin_erasure("nobody")
