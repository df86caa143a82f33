import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from resources_double import Resources, running_resources
from scoring_double import Running, running_server

from viva_client import AsyncVivaClient, RetryPolicy, VivaClient

FAST = RetryPolicy(initial_s=0.01, max_s=0.02)


@pytest.fixture
def server() -> Iterator[Running]:
    """A Scoring server of its own for each test."""
    with running_server() as running:
        yield running


@pytest.fixture
def resources() -> Iterator[Resources]:
    """A server of the services over resources, of its own for each test."""
    with running_resources() as running:
        yield running


class Each:
    """A client of either kind, and what a test does with what its methods return, written once for both."""

    def __init__(self, kind: type[VivaClient] | type[AsyncVivaClient]) -> None:
        self._kind = kind
        self._loop = asyncio.new_event_loop()
        self._clients: list[Any] = []

    def connect(self, address: str, **options: Any) -> Any:
        """A client."""
        client = self._kind(address, **{"retry": FAST, **options})
        self._clients.append(client)
        return client

    def done(self, returned: Any) -> Any:
        """The outcome of a call; all items of an iterator."""
        if inspect.isawaitable(returned):
            return self._loop.run_until_complete(_await(returned))
        if isinstance(returned, AsyncIterator):
            return self._loop.run_until_complete(_collect(returned))
        return list(returned) if isinstance(returned, Iterator) else returned

    def next(self, iterator: Any) -> Any:
        """The next item."""
        if isinstance(iterator, AsyncIterator):
            return self._loop.run_until_complete(_await(anext(iterator)))
        return next(iterator)

    def close(self, closing: Any) -> None:
        """Close a watch or a client."""
        self.done(closing.aclose() if hasattr(closing, "aclose") else closing.close())

    def shut_down(self) -> None:
        """Close everything."""
        for client in self._clients:
            self.close(client)
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()


@pytest.fixture(params=[VivaClient, AsyncVivaClient], ids=["sync", "asyncio"])
def each(request: pytest.FixtureRequest) -> Iterator[Each]:
    """Makes a client of either kind; closes it."""
    made = Each(request.param)
    yield made
    made.shut_down()


async def _await(awaitable: Any) -> Any:
    return await awaitable


async def _collect(items: AsyncIterator[Any]) -> list[Any]:
    return [item async for item in items]
