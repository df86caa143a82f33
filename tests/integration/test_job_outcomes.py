"""What became of attempts at jobs, as the metrics count it."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import psycopg
import pytest

from serving.adapters.postgres.database import PostgresDatabase
from serving.adapters.postgres.server import PostgresServer
from serving.domain.answer import Answer
from serving.domain.assessment import Assessment
from serving.domain.errors import InternalFault, InvalidRequest
from serving.domain.job import JobKind, JobOutcome, Lane, LeasedJob, Rank
from serving.records.score_work import ATTEMPTS, ScoreWork
from serving.records.slots import Slots
from serving.records.worker import Worker
from tests.company import Company


@dataclasses.dataclass
class _Observer:
    """Keeps what it is told."""

    stages: list[str] = dataclasses.field(default_factory=list)
    turnarounds: list[tuple[Rank, float]] = dataclasses.field(default_factory=list)

    def observe(self, stage: str, seconds: float) -> None:
        self.stages.append(stage)

    def turned_round(self, rank: Rank, seconds: float) -> None:
        self.turnarounds.append((rank, seconds))


@pytest.fixture
async def company(postgres: PostgresServer, database: PostgresDatabase, tmp_path: Path) -> AsyncIterator[Company]:
    with psycopg.connect(postgres.owner_url) as owner:
        owner.execute("TRUNCATE jobs, turns")
    yield await Company(database, postgres.app_url, tmp_path).open()


def _observed(company: Company, score: Callable[[Answer], Awaitable[Assessment]]) -> tuple[ScoreWork, _Observer]:
    observer = _Observer()
    return company.scoring(score, observer), observer


async def test_a_first_result_is_done_and_turns_round_and_a_second_one_does_not(company: Company) -> None:
    interview = await company.interview("one")
    answer = await company.answer(interview, "first", media_sha256=await company.media(b"sound"))
    work, observer = _observed(company, company.assess)
    (job,) = await company.lease(Lane.MEDIA)
    assert await work.run(job) is JobOutcome.DONE
    assert observer.stages == ["fetch", "store"]
    ((rank, seconds),) = observer.turnarounds
    assert rank is Rank.INTERACTIVE
    assert 0 < seconds < 60
    await company.rescore_job(answer)
    (again,) = await company.lease(Lane.MEDIA)
    assert await work.run(again) is JobOutcome.DONE
    assert len(observer.turnarounds) == 1


@pytest.mark.parametrize(
    ("error", "attempt", "outcome"),
    [
        (InvalidRequest("it is no answer"), 1, JobOutcome.FAILED),
        (InternalFault("ours"), 1, JobOutcome.RETRIED),
        (InternalFault("ours"), ATTEMPTS, JobOutcome.DEAD),
    ],
)
async def test_an_error_ends_the_attempt_as_what_comes_after_it(
    company: Company, error: Exception, attempt: int, outcome: JobOutcome
) -> None:
    async def failing(answer: Answer) -> Assessment:
        raise error

    await company.answer(await company.interview("one"), "first", text="I said so.")
    work, observer = _observed(company, failing)
    (job,) = await company.lease(Lane.TEXT)
    assert await work.run(dataclasses.replace(job, attempt=attempt)) is outcome
    assert observer.turnarounds == []


async def test_a_lease_that_was_lost_drops_what_was_scored(company: Company) -> None:
    await company.answer(await company.interview("one"), "first", text="I said so.")
    work, observer = _observed(company, company.assess)
    (job,) = await company.lease(Lane.TEXT)
    lost = dataclasses.replace(job, lease="00000000-0000-4000-8000-000000000000")
    assert await work.run(lost) is JobOutcome.DROPPED
    assert observer.turnarounds == []


class _Queue:
    """Gives three jobs, once."""

    def __init__(self) -> None:
        self._jobs = deque(LeasedJob(at, "aaa", JobKind.SCORE, Lane.TEXT, "x", str(at), 1, 0.0) for at in range(3))

    async def lease(self, lane: Lane, count: int, lease_s: float) -> tuple[LeasedJob, ...]:
        return tuple(self._jobs.popleft() for _ in range(min(count, len(self._jobs))))

    async def extend(self, jobs: Sequence[LeasedJob], lease_s: float) -> frozenset[str]:
        return frozenset(job.lease for job in jobs)

    async def release(self, job: LeasedJob, delay_s: float) -> None:
        pass


class _Attempts:
    """Keeps what became of each job."""

    def __init__(self) -> None:
        self.outcomes: dict[int, JobOutcome] = {}

    def begun(self, job: LeasedJob) -> None:
        pass

    def ended(self, job: LeasedJob, seconds: float, outcome: JobOutcome) -> None:
        self.outcomes[job.job_id] = outcome


async def test_a_worker_tells_what_a_handler_said_or_that_it_broke_or_was_stopped() -> None:
    async def handle(job: LeasedJob) -> JobOutcome:
        if job.job_id == 1:
            raise ZeroDivisionError
        if job.job_id == 2:
            await asyncio.sleep(3600)
        return JobOutcome.RETRIED

    told = _Attempts()
    worker = Worker(_Queue(), {JobKind.SCORE: handle}, {Lane.TEXT: Slots(4)}, asyncio.Event(), told)  # type: ignore[arg-type]
    task = asyncio.create_task(worker.run())
    async with asyncio.timeout(20):
        while len(told.outcomes) < 2:
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert told.outcomes == {0: JobOutcome.RETRIED, 1: JobOutcome.BROKEN, 2: JobOutcome.STOPPED}
