"""The asyncio client."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from types import TracebackType
from typing import TypeVar

import grpc
import grpc.aio

from viva.v1 import scoring_pb2 as pb
from viva.v1.assessment_pb2 import Assessment
from viva_client import calls
from viva_client.calls import Call
from viva_client.errors import VivaError, error_from_rpc
from viva_client.options import AnswerOptions
from viva_client.retry import Attempts, RetryPolicy
from viva_client.transport import CHANNEL_OPTIONS, Settings
from viva_client.upload import Media, Upload

Out = TypeVar("Out")
_ONCE = RetryPolicy(max_attempts=1)


class AsyncVivaClient:
    """`VivaClient` for asyncio: the same arguments, methods, errors and retries.

    Belongs to the event loop of its first call. Cancelling a call cancels it on the server too.
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
        # Opened by the first call: an asyncio channel takes the loop that runs when it is made.
        self._channels: list[grpc.aio.Channel] = []
        self._turns = itertools.count()
        self._closed = False

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
        self._closed = True
        channels, self._channels = self._channels, []
        for channel in channels:
            await channel.close(None)

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
                if self._closed:
                    raise
                await asyncio.sleep(attempts.pause_after(error))

    async def _attempt(self, call: Call[Out], timeout_s: float) -> Out:
        channel = self._channel()
        request = call.request()
        metadata = self._settings.metadata(call)
        try:
            if isinstance(request, Upload):
                upload = channel.stream_unary(call.path, calls.serialize, call.response.FromString)
                response = await upload(_ReadInThread(request), timeout=timeout_s, metadata=metadata)
            else:
                unary = channel.unary_unary(call.path, calls.serialize, call.response.FromString)
                response = await unary(request, timeout=timeout_s, metadata=metadata)
        except grpc.RpcError as error:
            raise calls.cause(request) or error_from_rpc(error) from None
        except asyncio.CancelledError:
            # A request iterator that fails cancels its call, which is not a cancellation of ours.
            if failure := calls.cause(request):
                raise failure from None
            raise
        return call.unwrap(response)

    def _channel(self) -> grpc.aio.Channel:
        if not self._channels:
            credentials = self._settings.credentials
            self._channels = [
                grpc.aio.secure_channel(self._settings.address, credentials, options=CHANNEL_OPTIONS)
                if credentials
                else grpc.aio.insecure_channel(self._settings.address, options=CHANNEL_OPTIONS)
                for _ in range(self._settings.channels)
            ]
        return self._channels[next(self._turns) % len(self._channels)]


class _ReadInThread(AsyncIterator[pb.UploadAnswerRequest]):
    """An upload whose file is read off the event loop, one message at a time."""

    def __init__(self, upload: Upload) -> None:
        self._upload = upload

    async def __anext__(self) -> pb.UploadAnswerRequest:
        message = await asyncio.to_thread(next, self._upload, None)
        if message is None:
            raise StopAsyncIteration
        return message
