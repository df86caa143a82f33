"""The roles and the database of Viva inside a server, made or mended."""

from __future__ import annotations

from typing import Final

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from serving.adapters.postgres.data_folder import Passwords
from serving.adapters.postgres.installation import PostgresError

DATABASE: Final = "viva"
OWNER: Final = "viva_owner"  # owns the database and its tables; migrates
APP: Final = "viva_app"  # serves; row-level security holds for it
SYSTEM: Final = "viva_system"  # what the application becomes, by SET ROLE, for work across tenants

_CONNECT_TIMEOUT_S: Final = 30


def provision(host: str, port: int, passwords: Passwords) -> None:
    """Make the roles and the database as they should be, whatever is there. Blocks.

    Raises:
        PostgresError: the server refuses.
    """
    try:
        with psycopg.connect(
            host=host,
            port=port,
            user="postgres",
            password=passwords.postgres,
            dbname="postgres",
            connect_timeout=_CONNECT_TIMEOUT_S,
            autocommit=True,  # CREATE DATABASE knows no transaction
        ) as connection:
            _make_roles(connection, passwords)
            _make_database(connection)
    except psycopg.Error as error:
        # The first line only: what follows may quote the statement.
        reason = error.diag.message_primary or next(iter(str(error).splitlines()), "no reason given")
        raise PostgresError(f"the database's roles cannot be made: {reason}") from None


def _make_roles(connection: psycopg.Connection[tuple[object, ...]], passwords: Passwords) -> None:
    found = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
    for role in (OWNER, APP, SYSTEM):
        if role not in found:
            connection.execute(SQL("CREATE ROLE {}").format(Identifier(role)))
        connection.execute(
            SQL("ALTER ROLE {} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS").format(Identifier(role))
        )
    for role, password in ((OWNER, passwords.viva_owner), (APP, passwords.viva_app)):
        # Hashed here, so that no statement holds a password.
        hashed = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
        connection.execute(SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(Identifier(role), Literal(hashed)))
    connection.execute(SQL("ALTER ROLE {} NOLOGIN").format(Identifier(SYSTEM)))
    # Its rights only while asked for: a query that forgets its tenant finds nothing.
    connection.execute(
        SQL("GRANT {} TO {} WITH INHERIT FALSE, SET TRUE").format(Identifier(SYSTEM), Identifier(APP)),
    )


def _make_database(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    if connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
        connection.execute(SQL("CREATE DATABASE {} OWNER {}").format(Identifier(DATABASE), Identifier(OWNER)))
