"""Fixtures that several kinds of tests share."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Iterator

import pytest

from serving.adapters.postgres.database import PostgresDatabase
from serving.adapters.postgres.server import PostgresServer
from tests import postgres as postgres_servers
from tests import stack as stacks
from viva_client import VivaClient


def pytest_configure() -> None:
    """A shell has what it runs in the background ignore Ctrl-C, and processes of the tests would inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


_SUMMARY = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def summary(pytestconfig: pytest.Config) -> list[str]:
    """Lines that the run ends with."""
    return pytestconfig.stash.setdefault(_SUMMARY, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash.get(_SUMMARY, []):
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[stacks.Stack]:
    """One running stack for all tests that only call it."""
    running = stacks.start(tmp_path_factory.mktemp("viva"))
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def client(stack: stacks.Stack) -> Iterator[VivaClient]:
    with VivaClient(stack.address) as connected:
        yield connected


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """One PostgreSQL with the newest schema for all tests; each makes a tenant of its own."""
    with postgres_servers.running(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture
async def database(postgres: PostgresServer) -> AsyncIterator[PostgresDatabase]:
    """The application's connections to it."""
    database = PostgresDatabase(postgres.app_url)
    await database.open()
    yield database
    await database.close()
