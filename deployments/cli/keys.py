"""`viva tenants keys`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

import click

from deployments.cli.names import name_of, tenant_name
from deployments.cli.options import Server
from deployments.cli.output import err
from deployments.cli.resources import calling, json_option, limit_option, on_server, page_size, show, show_list, to_json
from deployments.cli.times import Moment, Span, timestamp

if TYPE_CHECKING:
    from viva.v1.tenants_pb2 import CreateApiKeyResponse

_SCOPES: Final = ("read", "submit", "review", "manage", "admin")
_COLUMNS: Final = ("name", "prefix", "scopes", "display_name", "create_time", "expire_time", "revoke_time")


@click.group()
def keys() -> None:
    """API keys of a tenant. A key is printed when it is made and never again."""


@keys.command(
    epilog="\b\nExamples:\n  viva tenants keys create acme --scope read --scope submit --expires 90d\n"
    "  export VIVA_API_KEY=$(viva tenants keys create acme --scope manage)"
)
@click.argument("tenant")
@click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice(_SCOPES), help="May be repeated.")
@click.option("--expires", type=Moment(ahead=True), help="When it ends: 90d, or 2027-01-31. Default: never.")
@click.option("--display-name", default="", help="For people: what the key is for.")
@json_option
@on_server
def create(
    tenant: str, scopes: tuple[str, ...], expires: datetime | None, display_name: str, as_json: bool, server: Server
) -> None:
    """Make a key and print it, alone on standard output."""
    from viva.v1.tenants_pb2 import ApiKey

    made = ApiKey(scopes=scopes, display_name=display_name, expire_time=timestamp(expires))
    with calling(server) as client:
        _show_key(client.tenants.create_api_key(made, parent=tenant_name(tenant)), as_json)


@keys.command("list", epilog="\b\nExample:\n  viva tenants keys list acme")
@click.argument("tenant", default="-")
@limit_option
@json_option
@on_server
def list_(tenant: str, limit: int, as_json: bool, server: Server) -> None:
    """List the keys of a tenant, never the keys themselves."""
    with calling(server) as client:
        found = client.tenants.list_api_keys(tenant_name(tenant), page_size(limit))
        show_list(found, as_json, limit, _COLUMNS)


@keys.command(epilog="\b\nExample:\n  viva tenants keys rotate acme 3f2a --overlap 1h")
@click.argument("tenant")
@click.argument("key")
@click.option("--overlap", type=Span(), default="24h", show_default=True, help="How long the old key still works.")
@click.option("--expires", type=Moment(ahead=True), help="When the new key ends. Default: as the old one.")
@json_option
@on_server
def rotate(tenant: str, key: str, overlap: int, expires: datetime | None, as_json: bool, server: Server) -> None:
    """Make a successor of KEY, the id that `list` shows, and print it."""
    with calling(server) as client:
        name = name_of("apiKeys", key, tenant_name(tenant))
        made = client.tenants.rotate_api_key(name, overlap_seconds=overlap, expire_time=timestamp(expires))
        _show_key(made, as_json)


@keys.command(epilog="\b\nExample:\n  viva tenants keys revoke acme 3f2a")
@click.argument("tenant")
@click.argument("key")
@json_option
@on_server
def revoke(tenant: str, key: str, as_json: bool, server: Server) -> None:
    """End KEY at once."""
    with calling(server) as client:
        show(client.tenants.revoke_api_key(name_of("apiKeys", key, tenant_name(tenant))), as_json)


def _show_key(made: CreateApiKeyResponse, as_json: bool) -> None:
    if as_json:
        click.echo(to_json(made))
        return
    err().print(f"{made.api_key.name}: {', '.join(made.api_key.scopes)}; the key is shown this once", soft_wrap=True)
    click.echo(made.key)
