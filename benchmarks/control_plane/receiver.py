"""The vendor's web server, which takes signed events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from aiohttp import web

from viva_client import WebhookVerificationError, verify_webhook

_PATH: Final = "/{tenant}"


class Receiver:
    """Events as they arrive, each with its signature verified, and each once however often it came.

    Attributes:
        secrets: of each tenant's endpoint.
        reports: names of reports that were announced, in order.
        received: verified posts, repetitions included.
        refused: posts whose signature did not hold.
    """

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}
        self.reports: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self.received = 0
        self.refused = 0
        self._ids: set[str] = set()

    @property
    def events(self) -> int:
        """How many different events came."""
        return len(self._ids)

    async def take(self, request: web.Request) -> web.Response:
        """Answer one post."""
        tenant = request.match_info["tenant"]
        try:
            event: Mapping[str, Any] = verify_webhook(self.secrets[tenant], request.headers, await request.read())
        except WebhookVerificationError:
            self.refused += 1
            return web.Response(status=400)
        self.received += 1
        if event["id"] not in self._ids:
            self._ids.add(event["id"])
            if event["type"] == "viva.report.created":
                self.reports.put_nowait((tenant, event["subject"]))
        return web.Response(status=204)


@asynccontextmanager
async def receiving() -> AsyncIterator[tuple[Receiver, str]]:
    """A receiver and its address, to which a tenant is added, for the length of the block."""
    receiver, application = Receiver(), web.Application()
    application.router.add_post(_PATH, receiver.take)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        yield receiver, f"http://{host}:{port}"
    finally:
        await runner.cleanup()
