"""Does what flows ask for: blocking, and in asyncio."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeVar

from viva_client.calls import Call
from viva_client.errors import VivaError
from viva_client.flows import Flow, Once, Step, retried
from viva_client.transport import Connections, Flight, Settings

Out = TypeVar("Out")
# Call of the page after a token, with its items and the token of the next.
PageCall = Callable[[str], Call[tuple[list[Out], str]]]


class Runner:
    """Runs calls and flows in the caller's thread."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.connections = Connections(settings)

    def run(self, call: Call[Out], timeout_s: float | None) -> Out:
        """A call with its retries."""
        return self.drive(retried(call, self.settings.attempts(call, timeout_s)))

    def drive(self, flow: Flow[Out]) -> Out:
        """A flow to its end."""
        try:
            step = next(flow)
            while True:
                try:
                    outcome = self._do(step)
                except VivaError as error:
                    if self.connections.closed:
                        raise
                    step = flow.throw(error)
                else:
                    step = flow.send(outcome)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # of the flow

    def pages(self, page: PageCall[Out], timeout_s: float | None) -> Iterator[Out]:
        """The items of all pages; each page is read when it is needed."""
        token: str | None = ""
        while token is not None:
            items, following = self.run(page(token), timeout_s)
            yield from items
            token = following or None

    def relay(self, callback: Callable[..., None]) -> Callable[..., None]:
        """The callback itself: a blocked caller cannot be called in its own thread."""
        return callback

    def _do(self, step: Step) -> Any:
        if isinstance(step, Once):
            flight = self.connections.start(step.call, step.timeout_s)
            try:
                return flight.result()
            finally:
                flight.cancel()  # of effect only when the wait was interrupted
        return step() if callable(step) else time.sleep(step)


class AsyncRunner:
    """`Runner` for asyncio."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.connections = Connections(settings)

    async def run(self, call: Call[Out], timeout_s: float | None) -> Out:
        """As `Runner.run`."""
        return await self.drive(retried(call, self.settings.attempts(call, timeout_s)))

    async def drive(self, flow: Flow[Out]) -> Out:
        """As `Runner.drive`."""
        try:
            step = next(flow)
            while True:
                try:
                    outcome = await self._do(step)
                except VivaError as error:
                    if self.connections.closed:
                        raise
                    step = flow.throw(error)
                else:
                    step = flow.send(outcome)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # of the flow

    async def pages(self, page: PageCall[Out], timeout_s: float | None) -> AsyncIterator[Out]:
        """As `Runner.pages`."""
        token: str | None = ""
        while token is not None:
            items, following = await self.run(page(token), timeout_s)
            for item in items:
                yield item
            token = following or None

    def relay(self, callback: Callable[..., None]) -> Callable[..., None]:
        """The callback, called on the loop."""
        loop = asyncio.get_running_loop()

        def call(*args: Any) -> None:
            with contextlib.suppress(RuntimeError):  # the loop may be gone when a call that nobody awaits ends
                loop.call_soon_threadsafe(callback, *args)

        return call

    async def _do(self, step: Step) -> Any:
        if isinstance(step, Once):
            return await self._landed(self.connections.start(step.call, step.timeout_s))
        return await (asyncio.to_thread(step) if callable(step) else asyncio.sleep(step))

    async def _landed(self, flight: Flight[Out]) -> Out:
        done = asyncio.Event()
        flight.on_done(self.relay(done.set))
        try:
            await done.wait()
            return flight.result()
        finally:
            flight.cancel()  # of effect only when the wait was cancelled
