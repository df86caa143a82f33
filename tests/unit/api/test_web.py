"""The page server at its socket: what it refuses, and how little it says."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import ClientSession, FormData
from aiohttp.test_utils import TestClient, TestServer, unused_port

from serving.api.admission import Lane
from serving.api.links import Link, to_token
from serving.api.pages import Writers
from serving.api.web import PageServer
from serving.domain.errors import InvalidRequest, StoreUnavailable
from serving.domain.report import Audience
from serving.domain.tenant import Caller
from serving.report import render_feedback, render_interview, render_notice
from viva.v1 import reports_pb2 as pb

SECRET = bytes(range(32))
REPORT = "tenants/acme/interviews/i1/reports/1"
WRITERS = Writers(render_interview, render_feedback, render_notice)


class Secrets:
    async def link_secret(self) -> bytes:
        return SECRET


class Away:
    """A database that cannot be reached."""

    def transaction(self, tenant: str) -> Any:
        raise StoreUnavailable("the database cannot be reached now")


class Broken:
    def transaction(self, tenant: str) -> Any:
        raise ZeroDivisionError(REPORT)


class Taking:
    """The service's side of the forms."""

    def __init__(self) -> None:
        self.given: list[tuple[Any, Caller]] = []

    async def submit_satisfaction(self, request: pb.SubmitSatisfactionRequest, caller: Caller) -> pb.Satisfaction:
        self.given.append((request, caller))
        if not request.satisfaction.rating:
            raise InvalidRequest("satisfaction.rating is 0")
        return request.satisfaction

    async def create_contest(self, request: pb.CreateContestRequest, caller: Caller) -> pb.Contest:
        self.given.append((request, caller))
        return request.contest


def token(audience: Audience = Audience.CANDIDATE, seconds: float = 60.0) -> str:
    return to_token(Link(REPORT, audience, "en", datetime.now(UTC) + timedelta(seconds=seconds)), SECRET)


@contextlib.asynccontextmanager
async def serving(database: Any, service: Any = None) -> AsyncIterator[TestClient[Any, Any]]:
    pages = PageServer(database, Secrets(), service or Taking(), WRITERS, Lane("page", 2, 8, 0.1))
    async with TestClient(TestServer(pages.application())) as client:
        yield client


@contextlib.asynccontextmanager
async def running(database: Any, gateways: int = 1) -> AsyncIterator[int]:
    """Page servers as gateways run them; the port that they share."""
    port = unused_port()
    tasks = [
        asyncio.create_task(
            PageServer(database, Secrets(), Taking(), WRITERS, Lane("page", 2, 8, 0.1)).run("127.0.0.1", port)
        )
        for _ in range(gateways)
    ]
    try:
        async with asyncio.timeout(30):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    await writer.wait_closed()
                    break
                except ConnectionRefusedError:
                    await asyncio.sleep(0.01)
        yield port
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(end) for end in ends] == [asyncio.CancelledError] * gateways


PATHS = ["/", "/r/", "/r/x", "/r/x.y", "/r/x/y/z", "/favicon.ico", "/r/%00", "/r/%C3%A9.%C3%A9"]


@pytest.mark.parametrize("path", [*PATHS, "EXPIRED", "TAMPERED"])
async def test_whatever_leads_nowhere_gets_the_same_page_in_both_languages(path: str) -> None:
    path = {"EXPIRED": f"/r/{token(seconds=-1)}", "TAMPERED": f"/r/{token()}x"}.get(path, path)
    async with serving(Away()) as client:
        response = await client.get(path)
        assert (response.status, await response.text()) == (404, render_notice("unknown"))


async def test_every_answer_keeps_itself_out_of_caches_frames_and_other_sites() -> None:
    async with serving(Away()) as client:
        for response in (await client.get("/r/x"), await client.get(f"/r/{token()}"), await client.post("/r/x")):
            headers = response.headers
            assert headers["Cache-Control"] == "no-store"
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "no-referrer"
            policy = headers["Content-Security-Policy"].split("; ")
            assert {"default-src 'none'", "form-action 'self'", "frame-ancestors 'none'"} <= set(policy)
            assert response.content_type == "text/html" and response.charset == "utf-8"


async def test_a_database_that_is_away_is_said_to_be_busy() -> None:
    async with serving(Away()) as client:
        response = await client.get(f"/r/{token()}")
        assert (response.status, await response.text()) == (503, render_notice("busy"))


async def test_a_fault_says_nothing_to_the_reader_and_no_token_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    sent = token()
    async with running(Broken()) as port, ClientSession() as session:
        response = await session.get(f"http://127.0.0.1:{port}/r/{sent}")
        assert (response.status, await response.text()) == (500, render_notice("fault"))
        await session.get(f"http://127.0.0.1:{port}/r/nothing.here")
    assert "a page failed" in caplog.text
    assert sent not in caplog.text and "nothing.here" not in caplog.text


async def test_forms_reach_the_service_as_calls_of_the_link_s_tenant_that_may_only_submit() -> None:
    service, sent = Taking(), token()
    async with serving(Away(), service) as client:
        rated = {"rating": "4", "fairness": "", "comment": "Fine.\r\nThanks."}
        answer = await client.post(f"/r/{sent}/satisfaction", data=rated, allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (303, f"../{sent}?thanks")
        contested = {"question": "q1", "statement": " Not so. "}
        answer = await client.post(f"/r/{sent}/contest", data=contested, allow_redirects=False)
        assert answer.status == 303
        await client.post(f"/r/{sent}/contest", data={"question": "", "statement": "All."}, allow_redirects=False)
    (satisfaction, by), (contest, _), (whole, _) = service.given
    assert satisfaction.parent == contest.parent == "tenants/acme/interviews/i1"
    assert satisfaction.satisfaction == pb.Satisfaction(rating=4, comment="Fine.\nThanks.")
    answer_name = "tenants/acme/interviews/i1/answers/q1"
    assert contest.contest == pb.Contest(report=REPORT, answer=answer_name, statement="Not so.")
    assert whole.contest.answer == ""
    assert (by.tenant, {scope.value for scope in by.scopes}, by.actor) == ("acme", {"submit"}, "link")


@pytest.mark.parametrize("form", [{"rating": "x"}, {"rating": "-1"}, {"rating": "12"}, {"rating": "٣"}, {}])
async def test_a_form_that_cannot_be_taken_says_so(form: dict[str, str]) -> None:
    async with serving(Away()) as client:
        response = await client.post(f"/r/{token()}/satisfaction", data=form, allow_redirects=False)
        assert (response.status, await response.text()) == (400, render_notice("refused"))


async def test_a_recruiter_s_link_and_an_expired_one_take_no_forms() -> None:
    service = Taking()
    async with serving(Away(), service) as client:
        for sent in (token(Audience.RECRUITER), token(seconds=-1), "x.y"):
            response = await client.post(f"/r/{sent}/contest", data={"statement": "x"}, allow_redirects=False)
            assert (response.status, await response.text()) == (404, render_notice("unknown"))
    assert service.given == []


async def test_large_bodies_and_other_kinds_of_forms_are_refused() -> None:
    service = Taking()
    async with serving(Away(), service) as client:
        path = f"/r/{token()}/contest"
        large = await client.post(path, data={"statement": "x" * 40_000}, allow_redirects=False)
        assert large.status == 413
        parts = FormData({"statement": "x"}, default_to_multipart=True)
        multipart = await client.post(path, data=parts, allow_redirects=False)
        assert multipart.status == 400
        assert (await client.post(path, json={"statement": "x"}, allow_redirects=False)).status == 400
        longest = await client.post(path, data={"statement": "\U0001f600" * 2_000}, allow_redirects=False)
        assert longest.status == 303
    assert len(service.given) == 1


async def test_gateways_of_a_host_share_the_port_and_leave_it_when_they_end() -> None:
    async with running(Away(), gateways=2) as port, ClientSession() as session:
        assert (await session.get(f"http://127.0.0.1:{port}/r/x")).status == 404
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
