"""`viva reports`: what interviews came to, and what people decided."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from deployments.cli import tables
from deployments.cli.decide import decide
from deployments.cli.names import name_of, report_name
from deployments.cli.options import Server
from deployments.cli.output import err
from deployments.cli.page import fetch
from deployments.cli.resources import (
    calling,
    filter_option,
    json_option,
    limit_option,
    on_server,
    page_size,
    show,
    show_list,
    to_json,
)
from deployments.cli.score import write_page
from deployments.cli.times import Span
from deployments.cli.watch import watch

if TYPE_CHECKING:
    from viva.v1.reports_pb2 import Report

_COLUMNS: Final = ("name", "candidate", "role_display_name", "overall.score", "create_time")
_COMPETENCY_COLUMNS: Final = ("name", "weight", "score", "low", "high", "status", "answer_count")
_ANSWER_COLUMNS: Final = ("question_id", "state", "answer")
_RULE_COLUMNS: Final = ("display_name", "recommends", "value", "expression")
_PAGE_TTL_S: Final = 60  # the least that the contract allows: the link is used at once
_AUDIENCES: Final = ("recruiter", "candidate")

number_option = click.option(
    "--report", "number", type=click.IntRange(min=1), help="Number of the report. Default: the latest."
)


@click.group()
def reports() -> None:
    """Reports of interviews: read, list, watch, share them, and decide.

    A report recommends. A person decides, with a reason.
    """


reports.add_command(decide)
reports.add_command(watch)


@reports.command(epilog="\b\nExamples:\n  viva reports get 5b1e\n  viva reports get 5b1e -o report.html")
@click.argument("interview")
@number_option
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the page here instead.")
@click.option("--language", default="", metavar="en|zh", help="Of the page. Default: that of the interview.")
@json_option
@on_server
def get(interview: str, number: int | None, output: Path | None, language: str, as_json: bool, server: Server) -> None:
    """Show the report of an interview, or write its page."""
    if output and as_json:
        raise click.UsageError("-o and --json exclude each other")
    name = report_name(interview, number)
    with calling(server) as client:
        if output:
            link = client.reports.create_link(name, ttl_seconds=_PAGE_TTL_S, language=language)
            write_page(output, fetch(link.uri))
            err().print(f"report: {output}", soft_wrap=True, markup=False)
            return
        report = client.reports.get(name)
        if as_json:
            click.echo(to_json(report))
        else:
            _print(report)


@reports.command("list", epilog="\b\nExample:\n  viva reports list --filter 'overall >= 7' --order-by 'overall desc'")
@click.argument("interview", default="-")
@filter_option("name, create_time, candidate, role_revision, overall")
@click.option("--order-by", default="create_time desc", show_default=True, help="create_time, overall or name.")
@limit_option
@json_option
@on_server
def list_(interview: str, filter_: str, order_by: str, limit: int, as_json: bool, server: Server) -> None:
    """List the reports of all interviews, or of one."""
    with calling(server) as client:
        found = client.reports.list(
            name_of("interviews", interview), page_size(limit), filter=filter_, order_by=order_by
        )
        show_list(found, as_json, limit, _COLUMNS)


@reports.command(epilog="\b\nExample:\n  viva reports link 5b1e --audience candidate --ttl 7d")
@click.argument("interview")
@number_option
@click.option(
    "--audience", type=click.Choice(_AUDIENCES), default="recruiter", show_default=True, help="Who it is for."
)
@click.option("--ttl", type=Span(), default="24h", show_default=True, help="How long it works: 1m to 30d.")
@click.option("--language", default="", metavar="en|zh", help="Of the page. Default: that of the interview.")
@json_option
@on_server
def link(
    interview: str, number: int | None, audience: str, ttl: int, language: str, as_json: bool, server: Server
) -> None:
    """Print a link to the report's page. Who has it can read the page."""
    with calling(server) as client:
        made = client.reports.create_link(report_name(interview, number), ttl, f"AUDIENCE_{audience.upper()}", language)
    if as_json:
        show(made, as_json)
    else:
        err().print(f"until {tables.timestamp_text(made.expire_time)}")
        click.echo(made.uri)


def _print(report: Report) -> None:
    console = tables.console()
    for label, text in (
        ("report", report.name),
        ("candidate", report.candidate),
        ("role", f"{report.role_display_name} ({report.role_revision})"),
        ("overall", _overall(report)),
    ):
        console.print(f"{label:10} {text}", markup=False)
    for title, items, columns in (
        ("competencies", report.competencies, _COMPETENCY_COLUMNS),
        ("answers", report.answers, _ANSWER_COLUMNS),
        ("recommendations: a person decides", report.recommendations, _RULE_COLUMNS),
    ):
        if items:
            console.print()
            tables.print_table(items, columns, title)


def _overall(report: Report) -> str:
    overall = report.overall
    if not overall.HasField("score"):
        return "not scored"
    known = overall.HasField("low") and overall.HasField("high")
    return f"{overall.score:.1f}" + (f" ({overall.low:.1f} to {overall.high:.1f})" if known else "")
