"""What housekeeping ends and deletes on a real PostgreSQL and object stores, and what it leaves alone."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from serving.adapters.objects.folder import Folder
from serving.adapters.postgres import queries
from serving.adapters.postgres.database import PostgresDatabase
from serving.adapters.postgres.due import PostgresDue
from serving.adapters.postgres.server import PostgresServer
from serving.adapters.spool.uploads import FolderUploads
from serving.api.admission import Lane
from serving.api.uploading import UploadCalls, Uploads
from serving.domain.answer import MediaKind
from serving.domain.candidate import Candidate
from serving.domain.errors import NotFound, StoreUnavailable
from serving.domain.interview import Interview, InterviewState
from serving.domain.operation import Operation, OperationKind
from serving.domain.report import Report
from serving.domain.submission import AnswerState, Submission
from serving.records import housekeeping
from serving.records.objects import StorageClasses
from serving.records.retention import delete_media
from tests.company import Company, files_with, rows_with, superuser
from tests.postgres import caller, running
from viva.v1 import answers_pb2
from viva.v1 import candidates_pb2 as pb

_DAY_S = 86_400.0
_PATIENCE_S = 30.0


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("housekeeping")


@pytest.fixture(scope="module")
def server(root: Path) -> Iterator[PostgresServer]:
    with running(root) as server:
        yield server


@pytest.fixture
async def own(server: PostgresServer) -> AsyncIterator[PostgresDatabase]:
    with psycopg.connect(server.owner_url) as owner:  # housekeeping is over all tenants, so each test begins anew
        owner.execute("TRUNCATE jobs, interviews, media, requests, events, deliveries, operations")
    database = PostgresDatabase(server.app_url)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def company(own: PostgresDatabase, server: PostgresServer, tmp_path: Path) -> Company:
    return await Company(own, server.app_url, tmp_path).open()


def _days(count: float) -> datetime:
    return datetime.now(UTC) + timedelta(days=count)


def _past() -> datetime:
    return _days(-0.001)


async def _read(company: Company, interview: Interview) -> Interview | None:
    async with company.database.transaction(company.tenant) as tx:
        return await tx.find(Interview, interview.name)


async def _state(company: Company, interview: Interview) -> InterviewState:
    found = await _read(company, interview)
    assert found is not None
    return found.state


async def test_a_deadline_ends_an_interview_with_a_report_or_as_expired(company: Company) -> None:
    answered, waiting, silent, running = [await company.interview("one", deadline_time=_days(1)) for _ in range(4)]
    await company.answer(answered, "first", text="I did it")
    await company.score()
    await company.answer(waiting, "first", text="I did it")
    for one in (answered, waiting, silent):
        await company.change(one, deadline_time=_past())
    await company.keep_house()
    assert await _state(company, answered) is InterviewState.COMPLETED
    assert await _state(company, waiting) is InterviewState.SCORING
    assert await _state(company, silent) is InterviewState.EXPIRED
    assert await _state(company, running) is InterviewState.OPEN
    await company.score()
    assert await _state(company, waiting) is InterviewState.COMPLETED
    async with company.database.transaction(company.tenant) as tx:
        audited = [one.action for one in (await tx.audit_entries(100, "")).records if one.actor == "system"]
    assert sorted(audited) == ["CloseInterview", "CloseInterview", "ExpireInterview"]


async def test_media_go_when_their_retention_ends_and_the_rest_stays(company: Company) -> None:
    interview = await company.finished("someone")
    async with company.database.transaction(company.tenant) as tx:
        answer = await tx.get(Submission, f"{interview.name}/answers/first")
    assert answer.media_sha256 is not None
    await company.keep_house()
    assert await company.kept(answer.media_sha256)
    await company.change(interview, media_until=_past())
    await company.keep_house()
    assert not await company.kept(answer.media_sha256)
    async with company.database.transaction(company.tenant) as tx:
        assert await tx.media(answer.media_sha256) == ()
        assert (await tx.get(Interview, interview.name)).media_until is None
        assert (await tx.get(Submission, answer.name)).state is AnswerState.SCORED
        assert await tx.get(Report, interview.report)
        assert "DeleteMedia" in [one.action for one in (await tx.audit_entries(100, "")).records]


async def test_media_that_another_interview_still_keeps_goes_with_that_one(company: Company) -> None:
    content = b"both said it"
    first, second = await company.finished("one", content), await company.finished("two", content)
    sha256 = await company.media(content)
    await company.change(first, media_until=_past())
    await company.keep_house()
    assert await company.kept(sha256)
    await company.change(second, media_until=_past())
    await company.keep_house()
    assert not await company.kept(sha256)


async def test_everything_of_an_interview_goes_when_its_retention_ends(
    company: Company, server: PostgresServer, root: Path
) -> None:
    interview = await company.finished("someone")
    with superuser(server, root) as all_rows:
        long_ago = _days(-interview.policy.report_retention_days)
        all_rows.execute("UPDATE candidates SET update_time = %s WHERE tenant_id = %s", [long_ago, company.tenant])
        await company.change(interview, report_until=_past(), media_until=_past())
        await company.keep_house()
        assert rows_with(all_rows, company.words) == []
        assert set(rows_with(all_rows, interview.name)) == {"audit", "usage"}
        assert rows_with(all_rows, company.candidate("someone")) == []
    assert files_with(company.folder, company.words) == []


async def test_the_file_of_a_candidate_stays_while_it_is_new_or_has_an_interview(
    company: Company, server: PostgresServer, root: Path
) -> None:
    for candidate in ("new", "back"):
        await company.change(await company.finished(candidate), report_until=_past())
    again = await company.interview("back")
    with superuser(server, root) as all_rows:
        all_rows.execute(
            "UPDATE candidates SET update_time = '2001-01-01' WHERE name = %s", [company.candidate("back")]
        )
    await company.keep_house()
    async with company.database.transaction(company.tenant) as tx:
        assert await tx.find(Candidate, company.candidate("new")) is not None
        assert await tx.find(Candidate, company.candidate("back")) is not None
        assert len(await tx.children(Interview, f"tenants/{company.tenant}")) == 1
    assert await _state(company, again) is InterviewState.OPEN


async def test_nothing_goes_under_a_legal_hold(company: Company) -> None:
    interview = await company.finished("someone", b"held")
    name = company.candidate("someone")
    await company.candidates.set_legal_hold(
        pb.SetLegalHoldRequest(name=name, legal_hold={"reason": "a matter"}), company.caller
    )
    await company.change(interview, media_until=_past(), report_until=_past())
    await company.keep_house()
    assert await company.kept(await company.media(b"held"))
    assert await _state(company, interview) is InterviewState.COMPLETED
    assert await company.due.media_ends(None, 10) == await company.due.report_ends(None, 10) == ()
    await company.candidates.set_legal_hold(pb.SetLegalHoldRequest(name=name), company.caller)
    await company.keep_house()
    assert await _read(company, interview) is None


async def test_a_hold_that_comes_after_the_search_is_seen(company: Company) -> None:
    interview = await company.finished("someone")
    await company.change(interview, media_until=_past(), report_until=_past())
    (due,) = await company.due.report_ends(None, 10)
    hold = pb.SetLegalHoldRequest(name=company.candidate("someone"), legal_hold={"reason": "a matter"})
    await company.candidates.set_legal_hold(hold, company.caller)
    house = company.housekeeping()
    await house._end_media(due)
    await house._end_interview(due)
    found = await _read(company, interview)
    assert found is not None and found.media_until is not None


async def test_media_to_which_nothing_refers_goes_after_a_day(
    company: Company, server: PostgresServer, root: Path
) -> None:
    await company.finished("someone", b"an answer's")
    used, unused, young = [await company.media(one) for one in (b"an answer's", b"nobody's", b"just come")]
    with superuser(server, root) as all_rows:
        all_rows.execute("UPDATE media SET check_time = check_time - interval '1 day' WHERE sha256 <> %s", [young])
    await company.keep_house()
    assert [await company.kept(one) for one in (used, unused, young)] == [True, False, True]


async def test_media_that_is_sent_again_has_another_day(company: Company, server: PostgresServer, root: Path) -> None:
    sha256 = await company.media(b"sent twice")
    with superuser(server, root) as all_rows:
        all_rows.execute("UPDATE media SET check_time = check_time - interval '1 day'")
    await company.media(b"sent twice")
    await company.keep_house()
    assert await company.kept(sha256)


async def test_an_answer_that_comes_while_its_media_is_deleted_is_refused(company: Company) -> None:
    sha256 = await company.media(b"contended")
    interview = await company.interview("someone")
    async with company.database.transaction(company.tenant) as tx:
        assert len(await delete_media(tx, company.storage, company.tenant, sha256)) == 1
        coming = asyncio.create_task(company.answer(interview, "first", media_sha256=sha256))
        await _until_somebody_waits(company)
        assert not coming.done()
    with pytest.raises(NotFound):
        await coming


async def test_media_to_which_an_answer_comes_to_refer_meanwhile_stays(company: Company) -> None:
    sha256 = await company.media(b"contended")
    interview = await company.interview("someone")

    async def delete() -> int:
        async with company.database.transaction(company.tenant) as tx:
            return len(await delete_media(tx, company.storage, company.tenant, sha256))

    async with company.database.transaction(company.tenant) as tx:
        assert await tx.media(sha256, share=True)
        await tx.insert(Submission(f"{interview.name}/answers/first", "first", media_sha256=sha256))
        deleting = asyncio.create_task(delete())
        await _until_somebody_waits(company)
    assert await deleting == 0
    assert await company.kept(sha256)


async def _until_somebody_waits(company: Company) -> None:
    async with asyncio.timeout(_PATIENCE_S):
        while True:
            async with company.database.system() as connection:
                rows = await (await connection.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")).fetchone()
            if rows and rows[0]:
                return
            await asyncio.sleep(0.01)


async def test_old_rows_go_and_younger_ones_stay(company: Company, server: PostgresServer, root: Path) -> None:
    interview = await company.finished("someone")
    old, young, runs = (f"tenants/{company.tenant}/operations/{one}" for one in ("old", "young", "runs"))
    async with company.database.transaction(company.tenant) as tx:
        await tx.insert(Operation(old, OperationKind.BATCH_SUBMIT, facts={"results": []}))
        await tx.insert(Operation(young, OperationKind.BATCH_SUBMIT, facts={"results": []}))
        await tx.insert(Operation(runs, OperationKind.ERASE, "media"))
    with superuser(server, root) as all_rows:

        def count(what: str) -> int:
            row = all_rows.execute(f"SELECT count(*) FROM {what}").fetchone()  # the tests' own words
            assert row is not None
            return int(row[0])

        requests, events, deliveries = count("requests"), count("events"), count("deliveries")
        assert min(requests, events, deliveries) > 2
        await company.keep_house()
        assert (count("requests"), count("events"), count("deliveries")) == (requests, events, deliveries)
        all_rows.execute("UPDATE operations SET create_time = now() - interval '91 days' WHERE name <> %s", [young])
        all_rows.execute(
            "UPDATE requests SET create_time = now() - interval '31 days' WHERE name = %s", [interview.name]
        )
        all_rows.execute("UPDATE events SET time = now() - interval '31 days' WHERE subject = %s", [interview.name])
        all_rows.execute(
            "UPDATE deliveries SET create_time = now() - interval '31 days', "
            "state = CASE WHEN event_type = 'viva.interview.created' THEN 'delivered' ELSE 'waiting' END"
        )
        await company.keep_house()
        assert (count("requests"), count("events"), count("deliveries")) == (requests - 1, events - 1, deliveries - 1)
        assert {row[0] for row in all_rows.execute("SELECT name FROM operations")} == {young, runs}


async def test_more_than_a_batch_is_done_in_turns(company: Company, server: PostgresServer, root: Path) -> None:
    async with company.database.transaction(company.tenant) as tx:
        for index in range(2_500):
            await tx.repeat(caller(company.tenant), "CreateInterview", b"", f"{index}")
    interviews = [await company.interview("someone") for _ in range(250)]
    with superuser(server, root) as all_rows:
        all_rows.execute("UPDATE requests SET create_time = now() - interval '31 days'")
        all_rows.execute(
            "UPDATE interviews SET deadline_time = '2001-01-01 00:00Z', "
            """body = jsonb_set(body, '{deadline_time}', '"2001-01-01T00:00:00+00:00"')"""
        )
    house = company.housekeeping()
    assert [await house.turn() for _ in range(3)] == [True, True, False]
    assert {await _state(company, one) for one in interviews} == {InterviewState.EXPIRED}
    async with company.database.system() as connection:
        row = await (await connection.execute("SELECT count(create_time) FROM requests")).fetchone()
    assert row is not None and row[0] == 0


async def test_one_process_at_a_time_has_the_turn(company: Company) -> None:
    interview = await company.interview("someone", deadline_time=_days(1))
    await company.change(interview, deadline_time=_past())
    async with company.due.turn() as ours:
        assert ours
        assert await company.housekeeping().turn() is False
        assert await _state(company, interview) is InterviewState.OPEN
    await company.keep_house()
    assert await _state(company, interview) is InterviewState.EXPIRED


class Away(Folder):
    """A store that deletes nothing."""

    async def delete(self, key: str) -> bool:
        raise StoreUnavailable("the object store is away")


async def test_media_of_a_store_that_is_away_go_later(company: Company, tmp_path: Path) -> None:
    interview = await company.finished("someone", b"kept for now")
    await company.change(interview, media_until=_past())
    away = StorageClasses({"default": Away(tmp_path / "objects")})
    with pytest.raises(StoreUnavailable):
        await company.housekeeping(away).turn()
    await company.keep_house()
    assert await company.kept(await company.media(b"sent later"))
    assert files_with(company.folder / "objects", "kept for now") == []


async def test_media_of_a_class_that_is_not_configured_does_not_hold_up_the_rest(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "_BATCH", 1)
    lost, found = await company.media(b"lost", "cn"), await company.media(b"found")
    async with company.database.transaction(company.tenant) as tx:
        await tx.check_media([lost])
    async with company.database.transaction(company.tenant) as tx:
        await tx.check_media([found])
    house = company.housekeeping(StorageClasses({"default": company.store}))
    assert [await house.turn() for _ in range(3)] == [True, True, False]
    assert await company.kept(lost, "cn")
    assert not await company.kept(found)


class Deleting(Folder):
    """A store in which everything is deleted as soon as it is there."""

    async def put_file(self, key: str, path: Path) -> None:
        await super().put_file(key, path)
        await self.delete(key)


async def _upload(company: Company, storage: StorageClasses, content: bytes) -> answers_pb2.Media:
    name = f"tenants/{company.tenant}/uploads/{uuid.uuid4()}"

    async def parts() -> AsyncIterator[answers_pb2.UploadMediaRequest]:
        yield answers_pb2.UploadMediaRequest(config={"name": name})
        yield answers_pb2.UploadMediaRequest(chunk=content)
        sha256 = hashlib.sha256(content).hexdigest()
        yield answers_pb2.UploadMediaRequest(commit={"size_bytes": len(content), "sha256": sha256})

    calls = UploadCalls(company.database, Uploads(company.uploads, storage, Lane("upload", 1, 1, 1.0)))
    return await calls.upload_media(parts(), company.caller)


async def test_an_upload_that_was_deleted_while_it_came_is_to_be_sent_again(company: Company, tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        await _upload(company, StorageClasses({"default": Deleting(tmp_path / "objects")}), b"sent")
    assert len(list((tmp_path / "spool").iterdir())) == 1  # so that it need not come again as a whole
    media = await _upload(company, company.storage, b"sent")
    assert await company.kept(media.sha256)


async def test_an_upload_whose_gateway_died_leaves_nothing_for_ever(
    company: Company, server: PostgresServer, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(type(company.store), "exists", lambda *_: _die())
        with pytest.raises(SystemExit):
            await _upload(company, company.storage, b"of a dead gateway")
    assert files_with(company.folder / "objects", "of a dead gateway") != []
    with superuser(server, root) as all_rows:
        all_rows.execute("UPDATE media SET check_time = check_time - interval '1 day'")
    await company.keep_house()
    assert files_with(company.folder / "objects", "of a dead gateway") == []


async def _die() -> None:
    raise SystemExit


async def test_what_a_scorer_that_died_has_left_of_a_recording_is_deleted(company: Company) -> None:
    file = company.spool.create()
    file.write(b"half a recording")
    left = file.finish(MediaKind.DETECT).path
    await company.keep_house()
    assert left.exists()
    day_ago = time.time() - _DAY_S - 1
    os.utime(left, (day_ago, day_ago))
    await company.keep_house()
    assert not left.exists()


def test_uploads_that_nobody_goes_on_with_are_deleted(tmp_path: Path) -> None:
    uploads = FolderUploads(tmp_path)
    old, young = (str(uuid.uuid4()) for _ in range(2))
    for upload in (old, young):
        file = uploads.resume("acme", upload, 0)
        file.write(b"begun")
        file.keep()
    day_ago = time.time() - _DAY_S - 1
    for path in tmp_path.iterdir():
        if not path.name.endswith(young):
            os.utime(path, (day_ago, day_ago))
    assert uploads.sweep(_DAY_S) == 1
    assert uploads.size("acme", young) == 5
    with pytest.raises(NotFound):
        uploads.size("acme", old)


async def test_what_is_due_is_found_by_an_index(own: PostgresDatabase, server: PostgresServer, root: Path) -> None:
    values = {"after_time": _past(), "after_name": "", "limit": 100}
    with superuser(server, root) as all_rows:
        all_rows.execute("SET enable_seqscan = off")
        for name, statement in queries.load("housekeeping").items():
            if name != "turn":
                plan = "\n".join(row[0] for row in all_rows.execute(f"EXPLAIN {statement}", values))
                assert "Seq Scan" not in plan, name
    assert await PostgresDue(own).deadlines(None, 10) == ()
