"""`viva reports decide`."""

from __future__ import annotations

from typing import Final

import click

from deployments.cli.names import name_of, report_name
from deployments.cli.options import Server
from deployments.cli.output import Failure
from deployments.cli.resources import calling, json_option, on_server, show

_OUTCOMES: Final = ("advance", "hold", "reject")


@click.command(
    epilog="\b\nExample:\n  viva reports decide 5b1e --outcome advance --decider a.meyer "
    "--reason 'Clear examples of teamwork.'"
)
@click.argument("interview")
@click.option("--outcome", required=True, type=click.Choice(_OUTCOMES), help="What was decided.")
@click.option("--reason", required=True, help="Why, 10 to 2,000 characters.")
@click.option("--decider", required=True, help="The person who decided, as your system knows them.")
@click.option("--report", "number", type=click.IntRange(min=1), help="That they had before them. Default: the latest.")
@json_option
@on_server
def decide(
    interview: str, outcome: str, reason: str, decider: str, number: int | None, as_json: bool, server: Server
) -> None:
    """Store a person's decision on an interview."""
    from viva.v1.reports_pb2 import Decision

    parent = name_of("interviews", interview)
    with calling(server) as client:
        report = report_name(interview, number) if number else client.interviews.get(parent).report
        if not report:
            raise Failure(f"{parent} has no report to decide on")
        made = Decision(outcome=f"OUTCOME_{outcome.upper()}", reason=reason, decider=decider, report=report)
        show(client.reports.create_decision(made, parent), as_json)
