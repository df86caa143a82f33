"""Answers that are scored again after their report, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from serving.adapters.objects.folder import Folder
from serving.adapters.postgres.database import PostgresDatabase
from serving.adapters.postgres.server import PostgresServer
from serving.adapters.spool.uploads import FolderUploads
from serving.api.admission import Lane as Queue
from serving.api.answers import AnswerService
from serving.api.candidates import CandidateService
from serving.api.limits import AnswerQuota
from serving.api.uploading import Uploads
from serving.domain.errors import NotAllowedNow, Reason
from serving.domain.interview import Interview, InterviewState
from serving.domain.job import Lane
from serving.domain.report import Contest, Report, Review, Verdict
from serving.domain.submission import AnswerState, Failure, Submission
from serving.domain.tenant import Caller
from serving.records import answers, interviews, reviews
from serving.records.objects import StorageClasses
from tests.interviews import Scored, scoring
from tests.postgres import caller, new_tenant
from viva.v1 import answers_pb2 as pb
from viva.v1 import candidates_pb2


class SilentBell:
    def ring(self) -> None:
        pass


@pytest.fixture
async def scored(postgres: PostgresServer, database: PostgresDatabase, tmp_path: Path) -> AsyncIterator[Scored]:
    async with scoring(postgres, database, tmp_path) as scored:
        yield scored


@pytest.fixture
async def tenant(scored: Scored) -> str:
    tenant = new_tenant()
    await scored.add_tenant(tenant)
    return tenant


@pytest.fixture
def me(tenant: str) -> Caller:
    return caller(tenant)


@pytest.fixture
def service(database: PostgresDatabase, tmp_path: Path) -> AnswerService:
    storage = StorageClasses({"default": Folder(tmp_path / "objects")})
    uploads = Uploads(FolderUploads(tmp_path), storage, Queue("upload", 1, 0, expected_s=1.0))
    return AnswerService(database, AnswerQuota(database), SilentBell(), uploads)


async def _failed(scored: Scored, tenant: str) -> str:
    """A new interview of which no answer could be scored, with its report."""
    scored.scorer.refuses = True
    name = await scored.complete(tenant, "i1")
    scored.scorer.refuses = False
    return name


async def _correct(scored: Scored, tenant: str, name: str, words: str) -> Contest:
    """Contest the first answer and correct its words; the contest."""
    contest = Contest(f"{name}/contests/c1", f"{name}/reports/1", f"{name}/answers/q1-en", "That is not what I said.")
    given = Review(Verdict.CORRECTED, "The recording says otherwise.", "j.doe", words)
    async with scored.database.transaction(tenant) as tx:
        await reviews.contest(tx, contest)
        return await reviews.review(tx, contest.name, given, scored.rules)


async def _reports(database: PostgresDatabase, tenant: str, name: str) -> tuple[Report, ...]:
    async with database.transaction(tenant) as tx:
        interview = await tx.get(Interview, name)
        assert interview.state is InterviewState.COMPLETED
        reports = await tx.children(Report, name)
    assert interview.report == reports[-1].name
    return reports


def _retry(answer: str) -> pb.RetryAnswerRequest:
    return pb.RetryAnswerRequest(name=answer)


async def test_an_answer_that_is_tried_again_after_the_report_leads_to_another_with_its_result(
    scored: Scored, service: AnswerService, me: Caller, tenant: str, database: PostgresDatabase
) -> None:
    name = await _failed(scored, tenant)
    (first,) = await _reports(database, tenant, name)
    assert first.overall.score is None and [one.state for one in first.answers] == ["failed", "failed"]
    again = await service.retry_answer(_retry(f"{name}/answers/q1-en"), me)
    assert again.state == pb.Answer.STATE_QUEUED and not again.HasField("error")
    with pytest.raises(NotAllowedNow):
        await service.retry_answer(_retry(f"{name}/answers/q1-en"), me)
    await scored.score_all()
    old, new = await _reports(database, tenant, name)
    assert old == first
    assert (new.name, new.cause, new.overall.score) == (f"{name}/reports/2", "retry:q1-en", 10.0)
    assert [(one.state, one.assessment_revision) for one in new.answers] == [("scored", 1), ("failed", 0)]
    await service.retry_answer(_retry(f"{name}/answers/q2-en"), me)
    await scored.score_all()
    assert [one.cause for one in await _reports(database, tenant, name)] == ["", "retry:q1-en", "retry:q2-en"]


async def test_answers_that_are_tried_again_together_lead_to_one_report(
    scored: Scored, service: AnswerService, me: Caller, tenant: str, database: PostgresDatabase
) -> None:
    name = await _failed(scored, tenant)
    for one in ("q1", "q2"):
        await service.retry_answer(_retry(f"{name}/answers/{one}-en"), me)
    await scored.score_all()
    assert [one.cause for one in await _reports(database, tenant, name)] == ["", "retry:q1-en,retry:q2-en"]


async def test_an_answer_that_fails_again_leaves_the_report_as_the_newest(
    scored: Scored, service: AnswerService, me: Caller, tenant: str, database: PostgresDatabase
) -> None:
    name = await _failed(scored, tenant)
    scored.scorer.refuses = True
    await service.retry_answer(_retry(f"{name}/answers/q1-en"), me)
    await scored.score_all()
    assert len(await _reports(database, tenant, name)) == 1
    scored.scorer.refuses = False
    await service.retry_answer(_retry(f"{name}/answers/q1-en"), me)
    await scored.score_all()
    assert [one.cause for one in await _reports(database, tenant, name)] == ["", "retry:q1-en"]


async def test_an_answer_that_failed_before_the_report_is_tried_again_without_a_cause(
    scored: Scored, service: AnswerService, me: Caller, tenant: str, database: PostgresDatabase
) -> None:
    name = await scored.open(tenant, "i1")
    async with database.transaction(tenant) as tx:
        interview = await tx.get(Interview, name, lock=True)
        await answers.accept(tx, Submission(f"{name}/answers/q1-en", "q1-en", "We did it."), interview, "answer")
    scored.scorer.refuses = True
    await scored.score_all()
    scored.scorer.refuses = False
    await service.retry_answer(_retry(f"{name}/answers/q1-en"), me)
    async with database.transaction(tenant) as tx:
        await interviews.close(tx, await tx.get(Interview, name, lock=True), scored.rules)
    await scored.score_all()
    (report,) = await _reports(database, tenant, name)
    assert (report.cause, report.overall.score) == ("", 10.0)


async def test_no_answer_of_a_cancelled_interview_is_tried_again(
    scored: Scored, service: AnswerService, me: Caller, tenant: str, database: PostgresDatabase
) -> None:
    name = await scored.open(tenant, "i1")
    async with database.transaction(tenant) as tx:
        interview = await tx.get(Interview, name, lock=True)
        await answers.accept(tx, Submission(f"{name}/answers/q1-en", "q1-en", "We did it."), interview, "answer")
    scored.scorer.refuses = True
    await scored.score_all()
    async with database.transaction(tenant) as tx:
        await interviews.cancel(tx, await tx.get(Interview, name, lock=True))
    with pytest.raises(NotAllowedNow) as raised:
        await service.retry_answer(_retry(f"{name}/answers/q1-en"), me)
    assert (raised.value.reason, raised.value.field) == (Reason.STATE_INVALID, "name")
    assert await scored.score_all() == []


async def test_a_correction_that_cannot_be_scored_takes_the_contested_score_out_of_the_report(
    scored: Scored, service: AnswerService, me: Caller, tenant: str, database: PostgresDatabase
) -> None:
    name = await scored.complete(tenant, "i1", ("um um um um", "I said it."))
    answer = f"{name}/answers/q1-en"
    scored.scorer.refuses = True
    contest = await _correct(scored, tenant, name, "We rebuilt it.")
    await scored.score_all()
    first, second = await _reports(database, tenant, name)
    assert (first.overall.score, second.overall.score) == (8.0, 10.0)
    assert second.cause == "review:c1"
    assert [(one.state, one.assessment_revision) for one in second.answers] == [("failed", 0), ("scored", 1)]
    assert [(one.name, one.score, one.answer_count) for one in second.competencies] == [
        ("teamwork", None, 0),
        ("communication", 10.0, 1),
    ]
    async with database.transaction(tenant) as tx:
        reviewed = await tx.get(Contest, contest.name)
    assert reviewed.review is not None and reviewed.review.report == second.name
    shown = await service.get_answer(pb.GetAnswerRequest(name=answer), me)
    assert shown.state == pb.Answer.STATE_FAILED and not shown.HasField("assessment")
    scored.scorer.refuses = False
    await service.retry_answer(_retry(answer), me)
    await scored.score_all()
    *_, third = await _reports(database, tenant, name)
    assert scored.scorer.given[-1].text == "We rebuilt it."
    assert (third.cause, third.overall.score) == ("retry:q1-en", 10.0)
    assert [(one.state, one.assessment_revision) for one in third.answers] == [("scored", 2), ("scored", 1)]


async def test_what_a_candidate_needs_holds_for_answers_that_wait_after_the_last_was_taken(
    scored: Scored, me: Caller, tenant: str, database: PostgresDatabase
) -> None:
    name = await scored.open(tenant, "i1")
    async with database.transaction(tenant) as tx:
        interview = await tx.get(Interview, name, lock=True)
        await answers.accept(tx, Submission(f"{name}/answers/q1-en", "q1-en", "We did it."), interview, "answer")
        await interviews.close(tx, interview, scored.rules)
    candidate = candidates_pb2.Candidate(name=interview.candidate)
    candidate.accommodations.modalities_off.append("face")
    service = CandidateService(database, scored.rules, SilentBell())
    await service.update_candidate(candidates_pb2.UpdateCandidateRequest(candidate=candidate), me)
    assert len(await scored.score_all()) == 1
    (report,) = await _reports(database, tenant, name)
    assert ("face", "accommodation") in [(one.modality, one.reason) for one in report.policy.denied]


async def test_whoever_changes_an_interview_and_whoever_ends_an_answer_of_it_do_not_wait_for_each_other(
    scored: Scored, tenant: str, database: PostgresDatabase
) -> None:
    name = await scored.open(tenant, "i1")
    answer = f"{name}/answers/q1-en"
    async with database.transaction(tenant) as tx:
        interview = await tx.get(Interview, name, lock=True)
        await answers.accept(tx, Submission(answer, "q1-en", "We did it."), interview, "answer")
    (job,) = await scored.queue.lease(Lane.TEXT, 1, 30.0)

    async def end() -> bool:
        async with database.transaction(tenant) as tx:
            return await answers.store_failure(tx, job, Failure(13, "INTERNAL", "internal error"), scored.rules)

    async with database.transaction(tenant) as tx:
        interview = await tx.get(Interview, name, lock=True)
        ending = asyncio.create_task(end())
        query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'viva'"
        while not (await (await tx._connection.execute(query)).fetchone() or (0,))[0]:
            await asyncio.sleep(0.01)
        await interviews.cancel(tx, interview)
    assert not await ending
    async with database.transaction(tenant) as tx:
        assert (await tx.get(Submission, answer)).state is AnswerState.CANCELLED
