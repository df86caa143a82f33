"""`viva interviews`: one candidate, one role, and the questions that were assigned."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import click
from rich.markup import escape

from deployments.cli import tables
from deployments.cli.answer import answer
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
    to_json,
)
from deployments.cli.submit import submit
from deployments.cli.times import Moment, timestamp

_COLUMNS: Final = ("name", "candidate", "role_revision", "language", "state", "deadline_time", "create_time")
_CONSENTS: Final = ("analysis", "voice", "face")


@click.group()
def interviews() -> None:
    """Interviews: invite candidates, send their answers, end interviews."""


interviews.add_command(answer)
interviews.add_command(submit)


@interviews.command(
    epilog="\b\nExample:\n  viva interviews create --role graduate_trainee --candidate c-1042 --language en "
    "--consent analysis --consent voice --notice-now --deadline 7d"
)
@click.option("--role", required=True, help="Id of the role, or name of one of its revisions.")
@click.option("--candidate", required=True, help="Your own id of the candidate: no name, no address.")
@click.option("--language", default="", metavar="en|zh", help="Default: the role's first.")
@click.option(
    "--consent", "consents", multiple=True, type=click.Choice(_CONSENTS), help="What the candidate agreed to."
)
@click.option("--notice-now", is_flag=True, help="The candidate has just been told that an automated tool is used.")
@click.option("--jurisdiction", "jurisdictions", multiple=True, help="Such as EU; beside the tenant's.")
@click.option("--deadline", type=Moment(ahead=True), help="Answers after it are refused: 7d, or 2026-12-24.")
@json_option
@on_server
def create(
    role: str,
    candidate: str,
    language: str,
    consents: tuple[str, ...],
    notice_now: bool,
    jurisdictions: tuple[str, ...],
    deadline: datetime | None,
    as_json: bool,
    server: Server,
) -> None:
    """Invite a candidate. Shows the questions, and what is still missing before answers are taken."""
    from viva.v1.interviews_pb2 import Interview

    now = timestamp(datetime.now(UTC))
    made = Interview(
        candidate=name_of("candidates", candidate),
        role_revision=name_of("roles", role),
        language=language,
        jurisdictions=jurisdictions,
        deadline_time=timestamp(deadline),
    )
    for consent in consents:
        setattr(made.consents, consent, True)
    if consents:
        made.consents.consent_time.CopyFrom(now)
    if notice_now:
        made.consents.notice_time.CopyFrom(now)
    with calling(server) as client:
        show(client.interviews.create(made), as_json)


@interviews.command("list", epilog="\b\nExample:\n  viva interviews list --filter 'state = \"STATE_OPEN\"' --limit 20")
@filter_option("name, create_time, update_time, deadline_time, state, candidate, role_revision")
@limit_option
@json_option
@on_server
def list_(filter_: str, limit: int, as_json: bool, server: Server) -> None:
    """List interviews, the newest first."""
    with calling(server) as client:
        found = client.interviews.list(page_size=page_size(limit), filter=filter_, order_by="create_time desc")
        show_list(found, as_json, limit, _COLUMNS)


@interviews.command(epilog="\b\nExample:\n  viva interviews get 5b1e --json")
@click.argument("interview")
@json_option
@on_server
def get(interview: str, as_json: bool, server: Server) -> None:
    """Show an interview: state, questions and their answers, and what the policy decided."""
    with calling(server) as client:
        show(client.interviews.get(name_of("interviews", interview)), as_json)


@interviews.command("next", epilog="\b\nExample:\n  viva interviews next 5b1e")
@click.argument("interview")
@json_option
@on_server
def next_(interview: str, as_json: bool, server: Server) -> None:
    """Show the next question; asking twice gives the same."""
    with calling(server) as client:
        found = client.interviews.next_question(name_of("interviews", interview))
    if as_json:
        click.echo(to_json(found))
    elif found.HasField("question"):
        tables.console().print(f"[dim]{escape(found.question.question_id)}:[/] {escape(found.question.text)}")
    elif found.pending:
        err().print("an answer is being scored; then there may be a follow-up")
    else:
        err().print("every question has its answer")


@interviews.command(epilog="\b\nExample:\n  viva interviews close 5b1e")
@click.argument("interview")
@json_option
@on_server
def close(interview: str, as_json: bool, server: Server) -> None:
    """End an open interview with a report over the answers that came."""
    with calling(server) as client:
        show(client.interviews.close(name_of("interviews", interview)), as_json)


@interviews.command(epilog="\b\nExample:\n  viva interviews cancel 5b1e")
@click.argument("interview")
@json_option
@on_server
def cancel(interview: str, as_json: bool, server: Server) -> None:
    """End an open interview without a report; answers that wait are cancelled."""
    with calling(server) as client:
        show(client.interviews.cancel(name_of("interviews", interview)), as_json)
