"""The asyncio client."""

from __future__ import annotations

import asyncio
from types import TracebackType

import grpc

from viva.v1.assessment_pb2 import Assessment
from viva_client import calls
from viva_client.options import AnswerOptions
from viva_client.retry import RetryPolicy
from viva_client.runner import AsyncRunner
from viva_client.services import Services
from viva_client.transport import Settings
from viva_client.upload import Media


class AsyncVivaClient(Services[AsyncRunner]):
    """`VivaClient` for asyncio: the same arguments, services, methods, errors and retries.

    Cancelling a call cancels it on the server too.
    """

    def __init__(
        self,
        address: str = "localhost:18500",
        *,
        api_key: str | None = None,
        channels: int = 1,
        timeout_s: float = 120.0,
        tls: bool | grpc.ChannelCredentials = False,
        retry: RetryPolicy | None = None,
    ) -> None:
        self._runner = AsyncRunner(Settings(address, api_key, channels, timeout_s, tls, retry or RetryPolicy()))
        super().__init__(self._runner)

    async def score_text(
        self,
        text: str,
        options: AnswerOptions | None = None,
        *,
        request_id: str | None = None,
        timeout_s: float | None = None,
    ) -> Assessment:
        """As `VivaClient.score_text`."""
        return await self._runner.run(calls.text_call(text, options or AnswerOptions(), request_id), timeout_s)

    async def score_media(
        self,
        media: Media,
        options: AnswerOptions | None = None,
        *,
        kind: str = "",
        request_id: str | None = None,
        timeout_s: float | None = None,
    ) -> Assessment:
        """As `VivaClient.score_media`; files are read in a thread."""
        call = await asyncio.to_thread(calls.media_call, media, options or AnswerOptions(), kind, request_id)
        return await self._runner.run(call, timeout_s)

    async def render_report(self, assessment: Assessment, language: str = "", *, timeout_s: float | None = None) -> str:
        """As `VivaClient.render_report`."""
        return await self._runner.run(calls.report_call(assessment, language), timeout_s)

    async def health(self, service: str = "", *, timeout_s: float = 5.0) -> bool:
        """As `VivaClient.health`."""
        return await self._runner.run(calls.health_call(service), timeout_s)

    async def close(self) -> None:
        """Close the connections; calls in flight are cancelled."""
        self._runner.connections.close()

    async def __aenter__(self) -> AsyncVivaClient:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()
