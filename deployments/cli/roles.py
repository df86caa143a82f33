"""`viva roles`: jobs that are interviewed for."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from deployments.cli.files import RESOURCE_FILE, read_resource
from deployments.cli.names import name_of
from deployments.cli.options import Server
from deployments.cli.output import err
from deployments.cli.resources import (
    calling,
    filter_option,
    json_option,
    limit_option,
    on_server,
    page_size,
    show,
    show_list,
)

_COLUMNS: Final = ("name", "display_name", "state", "content.languages", "content.questions", "revision", "create_time")


@click.group()
def roles() -> None:
    """Jobs that are interviewed for: questions, follow-ups, competencies and their weights."""


@roles.command(epilog="\b\nExample:\n  viva roles apply clients/examples/roles/graduate_trainee.yaml")
@click.argument("file", type=RESOURCE_FILE)
@json_option
@on_server
def apply(file: Path, as_json: bool, server: Server) -> None:
    """Make the role of FILE, or bring it to what FILE says.

    FILE is YAML or JSON: `role_id`, and the fields of viva.v1.Role (`display_name` and `content`). Applied again, it
    changes nothing. New content makes a new revision; interviews that exist keep theirs.
    """
    from viva.v1.roles_pb2 import Role
    from viva_client import NotFoundError

    role, role_id = read_resource(file, Role(), id_field="role_id")
    role.name = name_of("roles", role_id)
    with calling(server) as client:
        try:
            before = client.roles.get(role.name)
        except NotFoundError:
            after, word = client.roles.create(role, role_id=role_id), "made"
        else:
            role.etag = before.etag
            after = client.roles.update(role, {"paths": ["display_name", "content"]})
            same = (before.revision, before.display_name) == (after.revision, after.display_name)
            word = "unchanged" if same else "changed"
        err().print(f"{after.name}: {word}", soft_wrap=True)
        show(after, as_json)


@roles.command("list", epilog="\b\nExample:\n  viva roles list --filter 'state = \"STATE_ACTIVE\"'")
@filter_option("name, create_time, update_time, display_name, state")
@limit_option
@json_option
@on_server
def list_(filter_: str, limit: int, as_json: bool, server: Server) -> None:
    """List roles."""
    with calling(server) as client:
        found = client.roles.list(page_size=page_size(limit), filter=filter_)
        show_list(found, as_json, limit, _COLUMNS)


@roles.command(epilog="\b\nExample:\n  viva roles get graduate_trainee --revision 1 --json")
@click.argument("role")
@click.option("--revision", type=click.IntRange(min=1), help="Number of the revision. Default: the latest.")
@json_option
@on_server
def get(role: str, revision: int | None, as_json: bool, server: Server) -> None:
    """Show a role."""
    name = name_of("roles", role)
    with calling(server) as client:
        if revision is None:
            show(client.roles.get(name), as_json)
        else:
            show(client.roles.get_revision(f"{name}/revisions/{revision}"), as_json)


@roles.command(epilog="\b\nExample:\n  viva roles archive graduate_trainee")
@click.argument("role")
@json_option
@on_server
def archive(role: str, as_json: bool, server: Server) -> None:
    """Archive a role: no new interviews; those that exist go on."""
    with calling(server) as client:
        show(client.roles.archive(name_of("roles", role)), as_json)
