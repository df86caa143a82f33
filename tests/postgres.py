"""A real PostgreSQL with the newest schema, for tests that need one."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from serving.adapters.postgres import schema
from serving.adapters.postgres.server import PostgresServer
from serving.domain.tenant import Caller, Scope


@contextmanager
def running(folder: Path) -> Iterator[PostgresServer]:
    """A server below `folder`, with the schema; gone at the end."""
    server = PostgresServer(folder / "postgres")
    server.start()
    try:
        schema.upgrade(server.owner_url)
        yield server
    finally:
        server.stop()


def new_tenant(prefix: str = "t") -> str:
    """Id of a tenant that no other test has: tests share a server, and row-level security keeps them apart."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def caller(tenant: str, *scopes: Scope) -> Caller:
    """A caller with some scopes, or with all."""
    return Caller(tenant, frozenset(scopes or Scope), "local", str(uuid.uuid4()))
