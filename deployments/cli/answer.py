"""`viva interviews answer`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from deployments.cli import tables
from deployments.cli.names import name_of
from deployments.cli.options import Server
from deployments.cli.output import Failure, err, error_line, print_assessment
from deployments.cli.resources import calling, json_option, on_server, show, to_json
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
@click.option("--wait-scored", "--wait-until-scored", "waits", is_flag=True, help="Wait for the scores and show them.")
@click.option("--timeout", "timeout_s", type=click.FloatRange(min=1), default=600, show_default=True, help="Seconds.")
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
    """Send one answer."""
