"""`viva tenants`: employers, what they used and what was done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import click

from deployments.cli.keys import keys
from deployments.cli.names import tenant_name
from deployments.cli.options import Server
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
from deployments.cli.times import Moment, timestamp
from deployments.cli.usage import usage

if TYPE_CHECKING:
    from viva.v1.tenants_pb2 import Tenant

_COLUMNS: Final = ("name", "display_name", "jurisdictions", "create_time")
_AUDIT_COLUMNS: Final = ("time", "actor", "action", "resource", "request_id")


@click.group()
def tenants() -> None:
    """Employers that use Viva: their settings, keys, usage and audit log.

    A TENANT is an id such as acme; - is your own.
    """


tenants.add_command(keys)
tenants.add_command(usage)


def _settings(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add an option for each field of a tenant; the command takes them by field name."""
    for option in (
        click.option("--answers-per-day", type=int, help="Answers accepted in 24 hours. Needs the scope admin."),
        click.option("--queued-answers", type=int, help="Answers that may wait at a time. Needs the scope admin."),
        click.option("--requests-per-second", type=int, help="Calls a second. Needs the scope admin."),
        click.option("--bias-audit", "bias_audit_time", type=Moment(ahead=False), help="When the last was published."),
        click.option("--media-host", "media_hosts", multiple=True, help="Host that media may be fetched from."),
        click.option(
            "--scores-to-candidates/--no-scores-to-candidates",
            "scores_shown_to_candidates",
            default=None,
            help="Whether candidates see their scores.",
        ),
        click.option("--report-retention-days", type=int, help="Days until everything of an interview is deleted."),
        click.option("--media-retention-days", type=int, help="Days until the media of an interview are deleted."),
        click.option("--jurisdiction", "jurisdictions", multiple=True, help="Such as EU; of all interviews."),
    ):
        command = option(command)
    return command


@tenants.command(
    epilog="\b\nExample:\n  viva tenants create acme --display-name 'Acme Ltd' --jurisdiction EU --jurisdiction US-NY"
)
@click.argument("tenant")
@click.option("--display-name", required=True, help="For people.")
@_settings
@json_option
@on_server
def create(tenant: str, as_json: bool, server: Server, **settings: Any) -> None:
    """Add a tenant. Its id is 3 to 40 of a-z, 0-9 and -, a letter first. Needs the scope admin."""
    from viva.v1.tenants_pb2 import Tenant

    made = Tenant()
    _set(made, settings)
    with calling(server) as client:
        show(client.tenants.create(made, tenant_id=tenant), as_json)


@tenants.command(
    epilog="\b\nExamples:\n  viva tenants update acme --media-retention-days 90\n"
    "  viva tenants update acme --media-host media.acme.example --media-host '*.cdn.acme.example'"
)
@click.argument("tenant", default="-")
@click.option("--display-name", help="For people.")
@_settings
@json_option
@on_server
def update(tenant: str, as_json: bool, server: Server, **settings: Any) -> None:
    """Change the given settings of a tenant. A list is replaced by what is given; '' empties it."""
    from viva.v1.tenants_pb2 import Tenant

    if all(value in (None, ()) for value in settings.values()):
        raise click.UsageError("name at least one setting to change")
    changed = Tenant(name=tenant_name(tenant))
    with calling(server) as client:
        if any(settings[name] is not None for name in Tenant().quotas.DESCRIPTOR.fields_by_name):
            # Quotas are replaced as a whole; the etag refuses a change that came in between.
            current = client.tenants.get(changed.name)
            changed.quotas.CopyFrom(current.quotas)
            changed.etag = current.etag
        paths = _set(changed, settings)
        show(client.tenants.update(changed, {"paths": paths}), as_json)


@tenants.command("list", epilog="\b\nExample:\n  viva tenants list --json")
@filter_option("name, create_time, display_name")
@limit_option
@json_option
@on_server
def list_(filter_: str, limit: int, as_json: bool, server: Server) -> None:
    """List tenants: all of them with the scope admin, else your own."""
    with calling(server) as client:
        show_list(client.tenants.list(page_size=page_size(limit), filter=filter_), as_json, limit, _COLUMNS)


@tenants.command(epilog="\b\nExample:\n  viva tenants get acme")
@click.argument("tenant", default="-")
@json_option
@on_server
def get(tenant: str, as_json: bool, server: Server) -> None:
    """Show a tenant."""
    with calling(server) as client:
        show(client.tenants.get(tenant_name(tenant)), as_json)


@tenants.command(epilog="\b\nExample:\n  viva tenants audit acme --limit 20")
@click.argument("tenant", default="-")
@limit_option
@json_option
@on_server
def audit(tenant: str, limit: int, as_json: bool, server: Server) -> None:
    """Show what was done in a tenant, newest first: ids and hashes only."""
    with calling(server) as client:
        entries = client.tenants.list_audit_entries(tenant_name(tenant), page_size(limit))
        show_list(entries, as_json, limit, _AUDIT_COLUMNS)


def _set(tenant: Tenant, settings: Mapping[str, Any]) -> list[str]:
    """Set the fields that were given. Returns their paths."""
    paths = []
    for name, value in settings.items():
        if value is None or value == ():
            continue
        inside = name in tenant.DESCRIPTOR.fields_by_name
        if isinstance(value, tuple):
            getattr(tenant, name).extend(one for one in value if one)
        elif isinstance(value, datetime):
            getattr(tenant, name).CopyFrom(timestamp(value))
        else:
            setattr(tenant if inside else tenant.quotas, name, value)
        paths.append(name if inside else "quotas")
    return sorted(set(paths))
