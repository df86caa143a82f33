"""The database of a stack: one that runs already, or PostgreSQL below the data folder."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deployments.config import VivaConfig
from deployments.errors import StackError
from serving.adapters.postgres import schema
from serving.adapters.postgres.installation import PostgresError
from serving.adapters.postgres.server import PostgresServer


def folder(config: VivaConfig) -> Path:
    """Where a database of one's own has its data; its process names it in its command line."""
    return config.data_dir / "postgres"


@contextmanager
def ready(config: VivaConfig) -> Iterator[VivaConfig]:
    """The configuration with the address of a database of the newest schema; what was started ends with the block.

    A database of one's own is brought forward here. Another's is not: its operator decides when (`viva db upgrade`).

    Raises:
        StackError: it does not start, cannot be reached, or has another schema.
    """
    try:
        if config.database.url:
            _check(config.database.url)
            yield config
            return
        server = PostgresServer(folder(config), config.database.port or None, log_folder=config.log_dir)
        server.start()
        try:
            schema.upgrade(server.owner_url)
            yield dataclasses.replace(
                config,
                database=dataclasses.replace(config.database, url=server.app_url, owner_url=server.owner_url),
            )
        finally:
            server.stop()
    except (PostgresError, schema.SchemaError) as error:
        raise StackError(f"database: {error}") from error


def _check(url: str) -> None:
    found, needed = schema.current(url), schema.newest()
    if found != needed:
        raise StackError(
            f"the database has schema {found or 'none'}, this version needs {needed}; run `viva db upgrade`"
        )
