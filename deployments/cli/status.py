"""`viva status`."""

from __future__ import annotations

import time
from importlib.metadata import version

import click
from rich.table import Table

from deployments.cli.options import Server, server_options
from deployments.cli.output import Failure, client_errors, connect, out

_SERVICES = (("server", ""), ("scoring", "viva.v1.Scoring"))


@click.command(epilog="\b\nExample:\n  viva status --address scoring.example.com:443 --tls")
@server_options(wait_s=0)
def status(server: Server) -> None:
    """Say whether a server is serving (grpc.health.v1). Exit code 1 when it is not."""
    from viva_client import NotFoundError

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim")
    table.add_row("address", server.address)
    serving = True
    with connect(server) as client, client_errors(server):
        for name, service in _SERVICES:
            started = time.perf_counter()
            try:
                healthy, said = client.health(service), ""
            except NotFoundError:  # the health service does not know it by this name
                healthy, said = False, "unknown to the server"
            elapsed_ms = 1000 * (time.perf_counter() - started)
            serving = serving and healthy
            table.add_row(name, f"{said or ('serving' if healthy else 'NOT SERVING')} ({elapsed_ms:.1f} ms)")
    table.add_row("this command", f"viva {version('viva')}")
    out().print(table)
    if not serving:
        raise Failure(f"{server.address} answers but is not serving")
