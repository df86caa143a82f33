"""A link from its making to the page behind it, on a real PostgreSQL and a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from serving.adapters.postgres.credentials import PostgresCredentials
from serving.adapters.postgres.database import PostgresDatabase
from serving.adapters.postgres.server import PostgresServer
from serving.api.admission import Lane
from serving.api.pages import Writers
from serving.api.reports import ReportService
from serving.api.web import PageServer
from serving.domain.errors import InternalFault
from serving.domain.report import Report
from serving.domain.tenant import Caller
from serving.report import render_feedback, render_interview, render_notice
from tests.interviews import SUGGESTION, Scored, scoring
from tests.postgres import caller, new_tenant
from viva.v1 import reports_pb2 as pb

_RECRUITER, _CANDIDATE = (
    pb.CreateReportLinkRequest.AUDIENCE_RECRUITER,
    pb.CreateReportLinkRequest.AUDIENCE_CANDIDATE,
)
Browser = TestClient[object, object]


class SilentBell:
    def ring(self) -> None:
        pass


@pytest.fixture
async def scored(postgres: PostgresServer, database: PostgresDatabase, tmp_path: Path) -> AsyncIterator[Scored]:
    async with scoring(postgres, database, tmp_path) as scored:
        yield scored


@pytest.fixture
async def me(scored: Scored) -> Caller:
    tenant = new_tenant()
    await scored.add_tenant(tenant)
    return caller(tenant)


@pytest.fixture
def service(database: PostgresDatabase, scored: Scored) -> ReportService:
    watchers = Lane("watch", 8, 0, 1.0)
    return ReportService(
        database, scored.rules, SilentBell(), PostgresCredentials(database), "https://viva.example", watchers
    )


@pytest.fixture
async def browser(database: PostgresDatabase, service: ReportService) -> AsyncIterator[Browser]:
    writers = Writers(render_interview, render_feedback, render_notice)
    pages = PageServer(database, PostgresCredentials(database), service, writers, Lane("page", 2, 8, 0.1))
    async with TestClient(TestServer(pages.application())) as client:
        yield client


async def _link(
    service: ReportService, me: Caller, interview: str, audience: int = _RECRUITER, language: str = "", number: int = 1
) -> URL:
    request = pb.CreateReportLinkRequest(
        name=f"{interview}/reports/{number}",
        audience=audience,
        language=language,  # type: ignore[arg-type]
    )
    return URL(urlsplit((await service.create_report_link(request, me)).uri).path)


@pytest.mark.parametrize(("language", "heading"), [("", "Screening rules"), ("zh", "筛选规则")])
async def test_a_recruiter_s_link_shows_the_report_with_each_answer(
    scored: Scored, service: ReportService, me: Caller, browser: Browser, language: str, heading: str
) -> None:
    name = await scored.complete(me.tenant, "i1", ("We <b>rebuilt</b> it.", "I said it."))
    decision = pb.Decision(
        outcome=pb.Decision.OUTCOME_HOLD, reason="Waits for the check.", decider="m.muster", report=f"{name}/reports/1"
    )
    await service.create_decision(pb.CreateDecisionRequest(parent=name, decision=decision), me)
    response = await browser.get(await _link(service, me, name, language=language))
    page = await response.text()
    assert response.status == 200 and heading in page
    for text in ("We &lt;b&gt;rebuilt&lt;/b&gt; it.", "I said it.", "c-i1", "report.overall = 10", "m.muster"):
        assert text in page
    assert "<form" not in page


async def test_a_candidate_s_link_shows_advice_and_neither_scores_nor_rules(
    scored: Scored, service: ReportService, me: Caller, browser: Browser
) -> None:
    name = await scored.complete(me.tenant, "i1")
    page = await (await browser.get(await _link(service, me, name, _CANDIDATE))).text()
    assert page.count(SUGGESTION) == 2 and "We did it." in page and "<form" in page
    assert "10.0" not in page and "report.overall" not in page


async def test_what_a_candidate_sends_is_stored_and_thanked_for(
    scored: Scored, service: ReportService, me: Caller, browser: Browser, database: PostgresDatabase
) -> None:
    name = await scored.complete(me.tenant, "i1")
    link = await _link(service, me, name, _CANDIDATE)
    assert "Thank you" not in await (await browser.get(link)).text()
    form = {"question": "q1-en", "statement": "I said “led”."}
    response = await browser.post(link / "contest", data=form)  # follows the redirect
    assert response.status == 200 and response.url.path == link.path and "Thank you" in await response.text()
    (contest,) = (await service.list_contests(pb.ListContestsRequest(parent=name), me)).contests
    assert (contest.answer, contest.statement) == (f"{name}/answers/q1-en", "I said “led”.")
    for rating in ("2", "5"):
        assert (await browser.post(link / "satisfaction", data={"rating": rating})).status == 200
    assert (await browser.post(link / "satisfaction", data={"rating": "9"})).status == 400
    assert (await browser.post(link / "contest", data={"question": "q7", "statement": "No."})).status == 400
    assert (await browser.post(link / "contest", data={"question": "../q", "statement": "No."})).status == 400
    async with database.transaction(me.tenant) as tx:
        rows = await (await tx._connection.execute("SELECT body->>'rating' FROM satisfactions")).fetchall()
        entries = (await tx.audit_entries(50, "")).records
    assert rows == [("5",)]
    assert {one.actor for one in entries if one.action in ("CreateContest", "SubmitSatisfaction")} == {"link"}


async def test_a_link_ends_with_its_report_and_with_the_installation_s_secret(
    scored: Scored,
    service: ReportService,
    me: Caller,
    browser: Browser,
    database: PostgresDatabase,
    postgres: PostgresServer,
) -> None:
    name = await scored.complete(me.tenant, "i1")
    link, other = await _link(service, me, name), await _link(service, me, await scored.complete(me.tenant, "i2"))
    assert (await browser.get(link)).status == 200
    async with database.transaction(me.tenant) as tx:
        await tx.delete(Report, f"{name}/reports/1")
    erased = await browser.get(link)
    assert (erased.status, await erased.text()) == (404, render_notice("unknown"))
    assert (await browser.get(other)).status == 200
    with psycopg.connect(postgres.owner_url) as owner:
        owner.execute("UPDATE installation SET link_secret = sha256('another')")
    assert (await browser.get(other)).status == 404


async def test_the_secret_is_kept_from_tenants_and_is_the_same_for_all_gateways(
    database: PostgresDatabase, postgres: PostgresServer
) -> None:
    found = await asyncio.gather(*(PostgresCredentials(database).link_secret() for _ in range(3)))
    assert len(set(found)) == 1 and len(found[0]) == 32
    with pytest.raises(InternalFault, match="InsufficientPrivilege"):
        async with database.transaction("anybody") as tx:
            await tx._connection.execute("SELECT link_secret FROM installation")
    with psycopg.connect(postgres.owner_url) as owner, pytest.raises(psycopg.errors.UniqueViolation):
        owner.execute("INSERT INTO installation DEFAULT VALUES")


async def test_an_old_report_says_that_a_newer_one_has_followed(
    scored: Scored, service: ReportService, me: Caller, browser: Browser
) -> None:
    name = await scored.complete(me.tenant, "i1")
    contest = pb.Contest(report=f"{name}/reports/1", statement="Not so.")
    made = await service.create_contest(pb.CreateContestRequest(parent=name, contest=contest), me)
    review = pb.Review(
        verdict=pb.Review.VERDICT_OVERRULED, reason="Heard it again.", reviewer="j.doe", overruled_score=9.0
    )
    await service.review_contest(pb.ReviewContestRequest(name=made.name, review=review), me)
    old = await (await browser.get(await _link(service, me, name))).text()
    new = await (await browser.get(await _link(service, me, name, number=2))).text()
    assert "A newer report" in old and "A newer report" not in new
    assert "a person set the overall score" in new and "a person set the overall score" not in old
    candidate = await (await browser.get(await _link(service, me, name, _CANDIDATE))).text()
    assert "A newer result" in candidate
