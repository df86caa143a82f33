"""`viva balancer`."""

from __future__ import annotations

from pathlib import Path

import click

from deployments.cli.output import UsageFailure


@click.command(
    epilog="""\b
Example:
  viva balancer a=10.0.0.11:18500 b=10.0.0.12:18500 --certificate /etc/viva/balancer.pem >/etc/haproxy/haproxy.cfg
  haproxy -c -f /etc/haproxy/haproxy.cfg && systemctl reload haproxy"""
)
@click.argument("nodes", metavar="NAME=HOST:PORT...", nargs=-1, required=True)
@click.option("--bind", default="*:18500", show_default=True, metavar="HOST:PORT", help="Where callers come in.")
@click.option("--certificate", type=click.Path(path_type=Path), help="Chain and key in one PEM file: TLS for callers.")
@click.option("--gateways-ca", type=click.Path(path_type=Path), help="PEM file: TLS to gateways with its certificates.")
@click.option("--metrics", default="", metavar="HOST:PORT", help="Page for Prometheus; none without it.")
@click.option("--user", default="haproxy", show_default=True, help="Whom HAProxy becomes; empty to stay who starts it.")
@click.option(
    "--socket",
    type=click.Path(path_type=Path),
    default=Path("/run/haproxy/admin.sock"),
    show_default=True,
    help="HAProxy's own socket.",
)
def balancer(
    nodes: tuple[str, ...],
    bind: str,
    certificate: Path | None,
    gateways_ca: Path | None,
    metrics: str,
    user: str,
    socket: Path,
) -> None:
    """Print HAProxy's configuration for the gateways of a cluster.

    A node is added, or taken out, by printing it again and reloading HAProxy: calls in flight are not cut.
    """
    from deployments.cluster.balancer import Balancer, BalancerError

    gateways = dict(node.partition("=")[::2] for node in nodes)
    if len(gateways) < len(nodes):
        raise UsageFailure("a name of a node is given twice")
    try:
        made = Balancer(gateways, bind, socket, certificate, gateways_ca, metrics, user)
    except BalancerError as error:
        raise UsageFailure(str(error)) from error
    click.echo(made.configuration(), nl=False)
