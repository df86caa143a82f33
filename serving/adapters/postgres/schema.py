"""The schema: migrations forward and back, by Alembic over plain SQL files. Each call may raise `SchemaError`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
from alembic import command, op
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, NullPool, create_engine, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

_FOLDER: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 7_205_759_403  # any number that nobody else locks: one migration at a time


class SchemaError(RuntimeError):
    """The schema cannot be read or changed; the message is one line for an operator, without secrets."""


def upgrade(owner_url: str, revision: str = "head") -> None:
    """Bring the schema forward. Harmless when it is there.

    Args:
        owner_url: `postgresql://...` of the role that owns the database, not of the one that serves.
    """
    with _connected(owner_url) as (connection, config):
        command.upgrade(config(connection), revision)


def downgrade(owner_url: str, revision: str) -> None:
    """Take the schema back to a revision (`base`: nothing), and the data that it does not hold with it."""
    with _connected(owner_url) as (connection, config):
        command.downgrade(config(connection), revision)


def current(url: str) -> str:
    """Revision of the database, empty before the first."""
    with _connected(url) as (connection, _):
        return MigrationContext.configure(connection).get_current_revision() or ""


def newest() -> str:
    """Revision that this version of the code needs."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def run_file(name: str) -> None:
    """Run a file of SQL in the migration's transaction. For the versions only."""
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute((_FOLDER / name).read_text(encoding="utf-8"))


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


@contextmanager
def _connected(url: str) -> Iterator[tuple[Connection, Any]]:
    try:
        engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    except (SQLAlchemyError, ValueError) as error:
        raise SchemaError(_first_line(error)) from None
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"SELECT pg_advisory_lock({_LOCK})")
            connection.commit()
            yield connection, _config
            connection.commit()
    except DBAPIError as error:
        raise SchemaError(_first_line(error.orig or error)) from None
    except (SQLAlchemyError, CommandError, psycopg.Error, OSError) as error:
        raise SchemaError(_first_line(error)) from None
    finally:
        engine.dispose()


def _first_line(error: BaseException) -> str:
    """What follows may quote the statement."""
    return next(iter(str(error).splitlines()), type(error).__name__)
