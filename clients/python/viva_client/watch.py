"""Reports as they are made: a stream that takes itself up again."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

from viva.v1 import reports_pb2
from viva_client.calls import Call
from viva_client.errors import UnavailableError, VivaError, error_from_rpc
from viva_client.retry import Attempts
from viva_client.transport import Connections


class _Watch:
    """Where a watch stands. Begun at once, so that nothing is missed between its making and its first report.

    Args:
        call: the call from a resume token on.
        attempts: attempts in a row without a message; their time is that of the whole watch.
        resume_token: where to begin.
    """

    def __init__(
        self,
        connections: Connections,
        call: Callable[[str], Call[reports_pb2.WatchReportsResponse]],
        attempts: Attempts,
        resume_token: str,
    ) -> None:
        self._connections = connections
        self._call = call
        self._attempts = attempts
        self._token = resume_token
        self._closed = threading.Event()
        self._stream = self._open()

    @property
    def resume_token(self) -> str:
        """Where to go on after what was seen so far; keep it to go on in another process."""
        return self._token

    @property
    def _ended(self) -> bool:
        return self._closed.is_set() or self._connections.closed

    def _open(self) -> Any:
        remaining_s = self._attempts.remaining_s()
        return self._connections.stream(self._call(self._token), None if remaining_s == float("inf") else remaining_s)

    def _read(self) -> reports_pb2.WatchReportsResponse | float:
        """The next message, or seconds to wait before the stream is taken up again. Blocks."""
        try:
            response: reports_pb2.WatchReportsResponse = next(self._stream)
            return response
        except StopIteration:
            error: VivaError = UnavailableError(grpc.StatusCode.UNAVAILABLE, "", "the server ended the stream")
        except grpc.RpcError as failed:
            error = error_from_rpc(failed)
        return 0.0 if self._ended else self._attempts.pause_after(error)

    def _report(self, response: reports_pb2.WatchReportsResponse) -> reports_pb2.Report | None:
        """The report of a message, None for a sign of life. Only what reaches the caller moves the token."""
        self._attempts.progressed()
        self._token = response.resume_token or self._token
        return response.report if response.HasField("report") else None

    def _resume(self) -> None:
        if self._ended:
            return
        self._stream = self._open()
        if self._ended:  # closed in between, by another thread
            self._cancel()

    def _cancel(self) -> None:
        self._stream.cancel()


class ReportWatch(_Watch):
    """Iterates over reports until it or its client is closed."""

    def __iter__(self) -> Iterator[reports_pb2.Report]:
        return self

    def __next__(self) -> reports_pb2.Report:
        """The next report; blocks until there is one.

        Raises:
            VivaError: the stream was refused, or could not be taken up again.
        """
        while not self._ended:
            read = self._read()
            if isinstance(read, float):
                self._closed.wait(read)
                self._resume()
            elif report := self._report(read):
                return report
        raise StopIteration

    def close(self) -> None:
        """End the watch, also one that another thread waits in."""
        self._closed.set()
        self._cancel()


class AsyncReportWatch(_Watch):
    """`ReportWatch` for asyncio. Reads in a thread of its own."""

    def __init__(
        self,
        connections: Connections,
        call: Callable[[str], Call[reports_pb2.WatchReportsResponse]],
        attempts: Attempts,
        resume_token: str,
    ) -> None:
        super().__init__(connections, call, attempts, resume_token)
        self._thread = ThreadPoolExecutor(1, "viva-watch")

    def __aiter__(self) -> AsyncIterator[reports_pb2.Report]:
        return self

    async def __anext__(self) -> reports_pb2.Report:
        """As `ReportWatch.__next__`. Cancelling it closes the watch."""
        while not self._ended:
            try:
                read = await asyncio.get_running_loop().run_in_executor(self._thread, self._read)
                if isinstance(read, float):
                    await asyncio.sleep(read)
                    self._resume()
                elif report := self._report(read):
                    return report
            except asyncio.CancelledError:
                await self.aclose()
                raise
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """End the watch."""
        self._closed.set()
        self._cancel()
        self._thread.shutdown(wait=False)
