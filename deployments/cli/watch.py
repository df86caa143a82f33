"""`viva reports watch`."""

from __future__ import annotations

import click

from deployments.cli.names import without_tenant
from deployments.cli.options import Server
from deployments.cli.output import err, out
from deployments.cli.resources import calling, on_server, to_json


@click.command(epilog="\b\nExamples:\n  viva reports watch --json | your-program\n  viva reports watch --from start")
@click.option("--from", "token", default="", metavar="TOKEN", help="Where an earlier watch ended; start: the first.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a line.")
@on_server
def watch(token: str, as_json: bool, server: Server) -> None:
    """Print a line for each report as it is made, until Ctrl-C.

    A connection that is lost is taken up again where it was. At the end, --from names the place to go on from.
    """
    with calling(server) as client:
        reports = client.reports.watch(resume_token=token)
        try:
            for report in reports:
                if as_json:
                    click.echo(to_json(report, indent=None))
                else:
                    score = f"{report.overall.score:.1f}" if report.overall.HasField("score") else "-"
                    text = f"{score:>4}  {without_tenant(report.name)}  {without_tenant(report.candidate)}"
                    out().print(text, report.role_display_name, sep="  ", markup=False, soft_wrap=True)
        except KeyboardInterrupt:
            pass
        finally:
            reports.close()
            if reports.resume_token:
                err().print(f"go on with --from {reports.resume_token}", markup=False, soft_wrap=True)
