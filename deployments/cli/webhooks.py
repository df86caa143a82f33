"""`viva webhooks`: where events are posted."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import click

from deployments.cli.names import name_of
from deployments.cli.options import Server
from deployments.cli.output import err
from deployments.cli.resources import calling, json_option, limit_option, on_server, page_size, show, show_list, to_json
from deployments.cli.times import Moment, timestamp

_COLUMNS: Final = ("name", "uri", "event_types", "disabled", "disabled_reason", "create_time")
_DELIVERY_COLUMNS: Final = ("attempt_time", "event_type", "event_id", "state", "attempt_count", "last_error")


@click.group()
def webhooks() -> None:
    """Webhooks: endpoints that events are posted to, signed. docs/webhooks.md lists the events."""


@webhooks.command(
    epilog="\b\nExample:\n  viva webhooks create https://hr.acme.example/viva --event viva.report.created > secret.txt"
)
@click.argument("url")
@click.option("--event", "event_types", multiple=True, help="Type to send; may be repeated. Default: all.")
@json_option
@on_server
def create(url: str, event_types: tuple[str, ...], as_json: bool, server: Server) -> None:
    """Add an endpoint and print its signing secret, alone on standard output."""
    from viva.v1.webhooks_pb2 import WebhookEndpoint

    with calling(server) as client:
        made = client.webhooks.create(WebhookEndpoint(uri=url, event_types=event_types))
    if as_json:
        click.echo(to_json(made))
    else:
        err().print(f"{made.name}; the secret is shown this once", soft_wrap=True)
        click.echo(made.secret)


@webhooks.command("list", epilog="\b\nExample:\n  viva webhooks list")
@limit_option
@json_option
@on_server
def list_(limit: int, as_json: bool, server: Server) -> None:
    """List the endpoints."""
    with calling(server) as client:
        show_list(client.webhooks.list(page_size=page_size(limit)), as_json, limit, _COLUMNS)


@webhooks.command(epilog="\b\nExample:\n  viva webhooks deliveries 9c41 --limit 20")
@click.argument("endpoint")
@limit_option
@json_option
@on_server
def deliveries(endpoint: str, limit: int, as_json: bool, server: Server) -> None:
    """Show what became of the deliveries to an endpoint, newest first."""
    with calling(server) as client:
        found = client.webhooks.list_deliveries(name_of("webhookEndpoints", endpoint), page_size(limit))
        show_list(found, as_json, limit, _DELIVERY_COLUMNS)


@webhooks.command(epilog="\b\nExample:\n  viva webhooks replay 9c41 --since 24h")
@click.argument("endpoint")
@click.option("--since", required=True, type=Moment(ahead=False), help="24h, or 2026-11-24T18:00Z; at most 30d.")
@json_option
@on_server
def replay(endpoint: str, since: datetime, as_json: bool, server: Server) -> None:
    """Send the events since a time again, with their ids."""
    with calling(server) as client:
        show(client.webhooks.replay(name_of("webhookEndpoints", endpoint), timestamp(since)), as_json)


@webhooks.command(epilog="\b\nExample:\n  viva webhooks delete 9c41")
@click.argument("endpoint")
@json_option
@on_server
def delete(endpoint: str, as_json: bool, server: Server) -> None:
    """Delete an endpoint; what waits for it is not sent any more."""
    with calling(server) as client:
        show(client.webhooks.delete(name_of("webhookEndpoints", endpoint)), as_json)
