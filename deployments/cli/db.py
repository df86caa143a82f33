"""`viva db`: the schema of a production database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from deployments.cli.output import Failure

owner_url = click.option(
    "--owner-url",
    envvar="VIVA_DATABASE_OWNER_URL",
    show_envvar=True,
    required=True,
    metavar="URL",
    help="postgresql://... of viva_owner. Give it in the environment: others can read a command line.",
)


@click.group()
def db() -> None:
    """Bring the schema of a production database forward or back. docs/database.md says what a DBA sets up first.

    `viva up` looks after a database of its own by itself.
    """


@db.command(epilog="\b\nExample:\n  VIVA_DATABASE_OWNER_URL=postgresql://viva_owner:...@db/viva viva db upgrade")
@owner_url
def upgrade(owner_url: str) -> None:
    """Bring the schema to what this version needs. Harmless when it is there."""
    with _schema_errors() as schema:
        before = schema.current(owner_url)
        schema.upgrade(owner_url)
        click.echo(f"schema {before or 'none'} -> {schema.current(owner_url)}")


@db.command(epilog="\b\nExample:\n  viva db downgrade 0001")
@click.argument("revision")
@click.option("--yes", is_flag=True, help="Do not ask.")
@owner_url
def downgrade(revision: str, yes: bool, owner_url: str) -> None:
    """Take the schema back to REVISION; base is nothing. Data that it does not hold is lost."""
    with _schema_errors() as schema:
        before = schema.current(owner_url)
        question = f"Take the schema from {before or 'none'} back to {revision}, with the data that it does not hold?"
        if not yes and not click.confirm(question, err=True):
            raise Failure("nothing was changed")
        schema.downgrade(owner_url, revision)
        click.echo(f"schema {before or 'none'} -> {schema.current(owner_url) or 'none'}")


@db.command(epilog="\b\nExample:\n  viva db status")
@owner_url
def status(owner_url: str) -> int:
    """Show the schema that the database has, and the one that this version needs.

    Exit code: 0 they are the same, 1 they are not.
    """
    with _schema_errors() as schema:
        found, needed = schema.current(owner_url), schema.newest()
    click.echo(f"database: {found or 'none'}\nneeded:   {needed}")
    return 0 if found == needed else 1


@contextmanager
def _schema_errors() -> Iterator[Any]:
    """The module of the schema; what it raises becomes the command's failure."""
    from serving.adapters.postgres import schema

    try:
        yield schema
    except schema.SchemaError as error:
        raise Failure(str(error)) from None
