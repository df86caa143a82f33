"""Bulk videos whose picture is left out: which, that the answer says so, and that no other is touched."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest

from serving.adapters.postgres.database import PostgresDatabase
from serving.adapters.postgres.server import PostgresServer
from serving.api import assessments
from serving.domain.answer import Answer, MediaKind, Modality
from serving.domain.assessment import Assessment
from serving.domain.interview import Interview
from serving.domain.job import Lane, Rank
from serving.domain.submission import Submission
from serving.pipeline import modalities
from serving.pipeline.precedence import Precedence, let_pass
from serving.records import answers
from serving.records.backlog import Backlog, Depth
from serving.records.score_work import ScoreWork
from serving.records.shedding import Shedding
from tests.company import Company, Nowhere
from viva.v1 import assessment_pb2

LATE = {(Lane.MEDIA, Rank.BULK): Depth(10_000, 1.0)}


class Alone:
    """A sign that nobody else shows."""

    def show(self, busy: bool) -> None:
        pass

    def shown_elsewhere(self) -> bool:
        return False


class Season:
    """What scores in a season whose bulk work is late, or is not."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.backlog = Backlog(company.queue, depths=LATE)
        self.precedence = Precedence(Alone(), 60.0)
        self.given: list[Answer] = []
        self.stands_back = asyncio.Event()
        self.work = ScoreWork(
            company.database,
            company.queue,
            company.storage,
            Nowhere(),
            company.rules,
            company.spool,
            self._score,
            lambda one: assessments.to_message(one).SerializeToString(),
            60.0,
            precedence=self.precedence,
            shedding=Shedding(self.backlog, 60.0),
        )

    async def _score(self, answer: Answer) -> Assessment:
        model_call = asyncio.create_task(let_pass())
        await asyncio.sleep(0)
        if not model_call.done():
            self.stands_back.set()
        await model_call
        self.given.append(answer)
        found = await self.company.assess(answer)
        reason = answer.policy.reason_against(Modality.FACE)
        face = modalities.skipped(Modality.FACE, reason) if reason else modalities.ran(Modality.FACE)
        others = tuple(one for one in found.modalities if one.name != Modality.FACE.value)
        return dataclasses.replace(found, modalities=(*others, face))

    async def score(self, interview: Interview, question: str, rank: Rank) -> str:
        """Score a video; why its picture was left out, or an empty string."""
        sha256 = await self.company.media(f"{interview.name}/{question}".encode())
        given = Submission(f"{interview.name}/answers/{question}", question, media_sha256=sha256, kind=MediaKind.VIDEO)
        async with self.company.database.transaction(self.company.tenant) as tx:
            held = await tx.get(Interview, interview.name, share=True)
            await answers.accept(tx, given, held, "answer", rank)
        for job in await self.company.lease(Lane.MEDIA):
            await self.work.run(job)
        return self.given[-1].policy.reason_against(Modality.FACE)


@pytest.fixture
async def season(postgres: PostgresServer, database: PostgresDatabase, tmp_path: Path) -> AsyncIterator[Season]:
    with psycopg.connect(postgres.owner_url) as owner:
        owner.execute("TRUNCATE jobs, turns")  # the queue is over all tenants
    yield Season(await Company(database, postgres.owner_url, tmp_path).open())


async def test_a_late_season_leaves_the_picture_of_bulk_videos_out_and_the_answer_says_so(season: Season) -> None:
    interview = await season.company.interview("c1")
    assert await season.score(interview, "first", Rank.BULK) == "shed_under_load"
    name = f"{interview.name}/answers/first"
    async with season.company.database.transaction(season.company.tenant) as tx:
        result = (await tx.get(Submission, name)).result
        stored = assessment_pb2.Assessment.FromString((await tx.assessments([(name, 1)]))[name, 1])
    assert result is not None and result.shed is True
    assert [(one.state, one.reason) for one in stored.modalities if one.name == "face"] == [
        ("skipped", "shed_under_load")
    ]


@pytest.mark.parametrize("rank", [Rank.LIVE, Rank.INTERACTIVE])
async def test_who_waits_for_an_answer_gets_it_whole(season: Season, rank: Rank) -> None:
    assert await season.score(await season.company.interview("c1"), "first", rank) == ""


@pytest.mark.parametrize("late_first", [True, False])
async def test_an_interview_ends_as_it_began(season: Season, late_first: bool) -> None:
    interview = await season.company.interview("c1")
    season.backlog.depths = LATE if late_first else {}
    first = await season.score(interview, "first", Rank.BULK)
    assert bool(first) is late_first
    season.backlog.depths = {} if late_first else LATE
    season.work._shedding = Shedding(season.backlog, 60.0)  # another worker's
    assert await season.score(interview, "second", Rank.BULK) == first
    assert bool(await season.score(await season.company.interview("c2"), "first", Rank.BULK)) is not late_first


async def test_a_bulk_answer_stands_back_for_a_call_and_an_awaited_one_does_not(season: Season) -> None:
    with season.precedence.first():
        interview = await season.company.interview("c1")
        await season.score(interview, "first", Rank.INTERACTIVE)
        bulk = asyncio.create_task(season.score(interview, "second", Rank.BULK))
        await season.stands_back.wait()
        assert len(season.given) == 1
    await bulk
    assert len(season.given) == 2
