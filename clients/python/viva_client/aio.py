"""The asyncio client."""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType
from typing import TypeVar

import grpc

from viva.v1.assessment_pb2 import Assessment
from viva_client import calls
from viva_client.calls import Call
from viva_client.errors import VivaError
from viva_client.options import AnswerOptions
from viva_client.retry import Attempts, RetryPolicy
from viva_client.transport import Connections, Settings
from viva_client.upload import Media

Out = TypeVar("Out")
_ONCE = RetryPolicy(max_attempts=1)


class AsyncVivaClient:
    """`VivaClient` for asyncio: the same arguments, methods, errors and retries.

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
        self._settings = Settings(address, api_key, channels, timeout_s, tls, retry or RetryPolicy())
        self._connections = Connections(self._settings)

    async def score_text(
        self,
        text: str,
        options: AnswerOptions | None = None,
        *,
        request_id: str | None = None,
        timeout_s: float | None = None,
    ) -> Assessment:
        """As `VivaClient.score_text`."""
        return await self._run(calls.text_call(text, options or AnswerOptions(), request_id), timeout_s)

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
        return await self._run(call, timeout_s)

    async def render_report(self, assessment: Assessment, language: str = "", *, timeout_s: float | None = None) -> str:
        """As `VivaClient.render_report`."""
        return await self._run(calls.report_call(assessment, language), timeout_s)

    async def health(self, service: str = "", *, timeout_s: float = 5.0) -> bool:
        """As `VivaClient.health`."""
        return await self._run(calls.health_call(service), timeout_s, _ONCE)

    async def close(self) -> None:
        """Close the connections; calls in flight are cancelled."""
        self._connections.close()

    async def __aenter__(self) -> AsyncVivaClient:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def _run(self, call: Call[Out], timeout_s: float | None, retry: RetryPolicy | None = None) -> Out:
        attempts = Attempts(retry or self._settings.retry, self._settings.time_for(timeout_s))
        while True:
            try:
                return await self._attempt(call, attempts.remaining_s())
            except VivaError as error:
                if self._connections.closed:
                    raise
                await asyncio.sleep(attempts.pause_after(error))

    async def _attempt(self, call: Call[Out], timeout_s: float) -> Out:
        loop = asyncio.get_running_loop()
        done = asyncio.Event()
        flight = self._connections.start(call, timeout_s)

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # the loop may be gone when a call that nobody awaits ends
                loop.call_soon_threadsafe(done.set)

        flight.on_done(wake)
        try:
            await done.wait()
            return flight.result()
        finally:
            flight.cancel()  # of effect only when the wait was cancelled
