"""`viva interviews answer`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from deployments.cli import tables
from deployments.cli.names import name_of, without_tenant
from deployments.cli.options import Server
from deployments.cli.output import Failure, err, error_line, out, print_assessment
from deployments.cli.resources import calling, json_option, on_server, to_json
from deployments.cli.score import is_text, read_text
from deployments.cli.uploads import uploads

if TYPE_CHECKING:
    from viva.v1.answers_pb2 import Answer
    from viva_client import VivaClient

_FIRST_PAUSE_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 3.0


@click.command(
    epilog="\b\nExamples:\n  viva interviews answer 5b1e --question conflict answer.mp4 --wait\n"
    "  viva interviews answer 5b1e --question conflict --text 'I led a team of four ...'"
)
@click.argument("interview")
@click.argument("file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
@click.option("--question", required=True, help="Id of the question that it answers.")
@click.option("--text", help="The answer itself, in place of FILE.")
@click.option("--wait", "waits", is_flag=True, help="Wait until it is scored, and show the scores.")
@click.option(
    "--timeout", "timeout_s", type=click.FloatRange(min=1), default=600, show_default=True, help="Of --wait, seconds."
)
@json_option
@on_server
def answer(
    interview: str,
    file: Path | None,
    question: str,
    text: str | None,
    waits: bool,
    timeout_s: float,
    as_json: bool,
    server: Server,
) -> None:
    """Send one answer: FILE, or --text.

    .txt and .md files and - (standard input) are text; everything else is media, which is uploaded first. The answer is
    stored when this returns, and scored whether or not anybody waits.
    """
    from viva.v1.answers_pb2 import Answer

    if (file is None) == (text is None):
        raise click.UsageError("name FILE or give --text, one of them")
    if file is not None and is_text(file):
        text, file = read_text(file), None
    parent = name_of("interviews", interview)
    with calling(server) as client:
        if file is None:
            made = Answer(question_id=question, text=text)
        else:
            with uploads(client) as upload:
                made = Answer(question_id=question, media_sha256=upload(file, parent))
        sent = client.answers.submit(made, parent)
        if not waits:
            if as_json:
                click.echo(to_json(sent))
            else:
                out().print(f"{without_tenant(sent.name)}: {_state(sent)}", markup=False, soft_wrap=True)
            return
        with err().status("scoring"):
            scored = _await_score(client, sent.name, timeout_s)
    if as_json:
        click.echo(to_json(scored))
    else:
        print_assessment(scored.assessment)


def _await_score(client: VivaClient, name: str, timeout_s: float) -> Answer:
    """The answer with its assessment.

    Raises:
        Failure: it failed, was cancelled, or is not scored in that time.
    """
    from viva.v1.answers_pb2 import Answer
    from viva_client import error_from_status

    deadline, pause_s = time.monotonic() + timeout_s, _FIRST_PAUSE_S
    while (found := client.answers.get(name)).state in (Answer.STATE_QUEUED, Answer.STATE_RUNNING):
        if time.monotonic() + pause_s > deadline:
            raise Failure(f"{name} is not scored after {timeout_s:g} s; the server goes on with it")
        time.sleep(pause_s)
        pause_s = min(_LONGEST_PAUSE_S, 1.5 * pause_s)
    if found.state == Answer.STATE_FAILED:
        raise Failure(error_line(error_from_status(found.error)))
    if found.state != Answer.STATE_SCORED:
        raise Failure(f"{name} is {_state(found)}")
    return found


def _state(answer: Answer) -> str:
    return tables.cell(answer, "state")
