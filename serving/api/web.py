"""The pages behind signed links, over HTTP: who has the link needs nothing else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

from aiohttp import web

from serving.api import links, pages
from serving.api.admission import Lane
from serving.api.reports import ReportService
from serving.domain import names
from serving.domain.errors import InvalidRequest, NotFound, VivaError
from serving.domain.report import Audience
from serving.domain.tenant import Caller, Scope
from serving.records.ports import Database, LinkSecrets
from viva.v1 import reports_pb2 as pb

logger = logging.getLogger("viva.web")
_protocol = logging.getLogger("viva.web.protocol")  # the server's own, see `_without_the_request`

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
_FORM_BYTES: Final = 32_768  # a text of 2,000 characters, each at most 12 bytes when encoded
_FORM_TIMEOUT_S: Final = 30.0
_BIND_AGAIN_S: Final = 5.0
_FORM: Final = "application/x-www-form-urlencoded"
_THANKS: Final = "thanks"


def _without_the_request(record: logging.LogRecord) -> bool:
    """Drops what aiohttp tells of a request that it cannot read: it quotes the line with the token."""
    record.exc_info = record.exc_text = None
    return True


_protocol.addFilter(_without_the_request)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class PageServer:
    """`GET /r/{token}`, and the forms of the candidate's page.

    Args:
        lane: bounds how many pages are written at a time.
    """

    def __init__(
        self, database: Database, secrets: LinkSecrets, service: ReportService, writers: pages.Writers, lane: Lane
    ) -> None:
        self._database = database
        self._secrets = secrets
        self._service = service
        self._writers = writers
        self._lane = lane

    def application(self) -> web.Application:
        """The application, to be run by whoever has a port."""
        application = web.Application(middlewares=[self._guard], client_max_size=_FORM_BYTES)
        application.on_response_prepare.append(_add_headers)
        application.add_routes(
            [
                web.get("/r/{token}", self._show),
                web.post("/r/{token}/satisfaction", self._satisfaction),
                web.post("/r/{token}/contest", self._contest),
            ]
        )
        return application

    async def run(self, host: str, port: int) -> None:
        """Serve for as long as the task runs; all gateways of a host share the port."""
        # Tokens are in the addresses, so that nothing writes those down. Browsers send forms as they are: what is
        # compressed is refused, not unpacked.
        runner = web.AppRunner(
            self.application(), access_log=None, logger=_protocol, shutdown_timeout=1.0, auto_decompress=False
        )
        try:
            await runner.setup()
            await _bound(runner, host, port)
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()

    async def _show(self, request: web.Request) -> web.StreamResponse:
        link = await self._link(request)
        async with self._lane.slot():
            html = await pages.write(
                self._database,
                self._writers,
                link,
                request.match_info["token"],
                thanks=_THANKS in request.query,
            )
        return _page(html)

    async def _satisfaction(self, request: web.Request) -> web.StreamResponse:
        link, form = await self._form(request)
        message = pb.Satisfaction(
            rating=_number(form, "rating"), fairness=_number(form, "fairness"), comment=form.get("comment", "").strip()
        )
        parent = names.parent_of(link.report)
        await self._service.submit_satisfaction(
            pb.SubmitSatisfactionRequest(parent=parent, satisfaction=message), _caller(link)
        )
        return _back(request)

    async def _contest(self, request: web.Request) -> web.StreamResponse:
        link, form = await self._form(request)
        parent = names.parent_of(link.report)
        question_id = form.get("question", "")
        message = pb.Contest(
            report=link.report,
            answer=f"{parent}/answers/{question_id}" if question_id else "",
            statement=form.get("statement", "").strip(),
        )
        await self._service.create_contest(pb.CreateContestRequest(parent=parent, contest=message), _caller(link))
        return _back(request)

    async def _link(self, request: web.Request) -> links.Link:
        secret = await self._secrets.link_secret()
        return links.from_token(request.match_info["token"], secret, datetime.now(UTC))

    async def _form(self, request: web.Request) -> tuple[links.Link, dict[str, str]]:
        """The candidate's link and what they filled in."""
        link = await self._link(request)
        if link.audience is not Audience.CANDIDATE:
            raise NotFound("the link has no form")
        plain = "Content-Encoding" not in request.headers and (request.charset or "utf-8").lower() == "utf-8"
        if request.content_type != _FORM or not plain:
            raise InvalidRequest("the form is not one of ours")
        async with asyncio.timeout(_FORM_TIMEOUT_S):
            form = await request.post()
        # Browsers send a line's end as two characters, and count it as one.
        return link, {key: value.replace("\r\n", "\n") for key, value in form.items() if isinstance(value, str)}

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Errors become pages that tell nothing of the link; a wrong one cannot be told from one that has expired."""
        try:
            return await handler(request)
        except NotFound:
            return await self._notice("unknown", 404)
        except web.HTTPException as error:
            return await self._notice("unknown" if error.status in (404, 405) else "refused", error.status)
        except (InvalidRequest, UnicodeDecodeError):
            return await self._notice("refused", 400)
        except TimeoutError:
            return await self._notice("refused", 408)
        except VivaError as error:
            if error.retryable:
                return await self._notice("busy", 503)
            return await self._fault(error)
        except Exception as error:
            return await self._fault(error)

    async def _fault(self, error: Exception) -> web.StreamResponse:
        logger.error("a page failed", exc_info=error)
        return await self._notice("fault", 500)

    async def _notice(self, word: str, status: int) -> web.StreamResponse:
        return _page(await asyncio.to_thread(self._writers.notice, word), status)


async def _bound(runner: web.AppRunner, host: str, port: int) -> None:
    while True:
        try:
            await web.TCPSite(runner, host, port, reuse_port=True).start()
            return
        except OSError as error:
            logger.error("port %d for pages cannot be used: %s", port, error.strerror)
            await asyncio.sleep(_BIND_AGAIN_S)


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)


def _page(html: str, status: int = 200) -> web.Response:
    return web.Response(text=html, status=status, content_type="text/html")


def _back(request: web.Request) -> web.Response:
    """To the page that the form was on; a relative address holds behind any proxy."""
    return web.Response(status=303, headers={"Location": f"../{request.match_info['token']}?{_THANKS}"})


def _caller(link: links.Link) -> Caller:
    return Caller(names.tenant_of(link.report), frozenset({Scope.SUBMIT}), "link")


def _number(form: dict[str, str], name: str) -> int:
    """A digit of a form, 0 where it was left empty."""
    text = form.get(name, "")
    if not text:
        return 0
    if len(text) > 1 or not text.isascii() or not text.isdigit():
        raise InvalidRequest(f"{name} must be a digit", field=name)
    return int(text)
