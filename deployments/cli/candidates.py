"""`viva candidates`: candidate files, and the right to be forgotten."""

from __future__ import annotations

from pathlib import Path

import click

from deployments.cli.files import RESOURCE_FILE, read_resource
from deployments.cli.names import name_of
from deployments.cli.options import Server
from deployments.cli.output import Failure, err
from deployments.cli.resources import calling, json_option, on_server, show


@click.group()
def candidates() -> None:
    """Candidate files: what the HR system knows, what a candidate needs, and erasure.

    A CANDIDATE is your own id of them, such as c-1042.
    """


@candidates.command(epilog="\b\nExample:\n  viva candidates get c-1042 --json")
@click.argument("candidate")
@json_option
@on_server
def get(candidate: str, as_json: bool, server: Server) -> None:
    """Show a candidate's file."""
    with calling(server) as client:
        show(client.candidates.get(name_of("candidates", candidate)), as_json)


@candidates.command(
    "set",
    epilog="""\b
Example of FILE:
  resume: {experience_years: 2, degree: bachelor, skills: [python, sql]}
  written_test: {score: 81, max_score: 100}
  accommodations: {extra_time_percent: 50}
\b
  viva candidates set c-1042 c-1042.yaml
""",
)
@click.argument("candidate")
@click.argument("file", type=RESOURCE_FILE)
@json_option
@on_server
def set_(candidate: str, file: Path, as_json: bool, server: Server) -> None:
    """Make a candidate's file, or change it: YAML or JSON with the fields of viva.v1.Candidate.

    A field of FILE replaces what was there; those that FILE does not name stay.
    """
    from viva.v1.candidates_pb2 import Candidate

    changed, _ = read_resource(file, Candidate())
    paths = [field.name for field, _ in changed.ListFields() if field.name not in ("name", "etag")]
    if not paths:
        raise Failure(f"FIELD_REQUIRED: {file} sets no field")
    changed.name = name_of("candidates", candidate)
    with calling(server) as client:
        show(client.candidates.update(changed, {"paths": paths}, allow_missing=True), as_json)


@candidates.command(epilog="\b\nExample:\n  viva candidates erase c-1042 --yes --json > receipt.json")
@click.argument("candidate")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=1),
    default=3600,
    show_default=True,
    help="Wait so long for the receipt, seconds. The erasure goes on beyond it.",
)
@json_option
@on_server
def erase(candidate: str, yes: bool, timeout_s: float, as_json: bool, server: Server) -> None:
    """Delete everything of a candidate everywhere, and print the receipt.

    Media, transcripts, answers, reports and the file itself go, for ever; refused while a legal hold is set.
    """
    name = name_of("candidates", candidate)
    if not yes and not click.confirm(f"Delete everything of {name}, for ever?", err=True):
        raise Failure("nothing was deleted")
    with calling(server) as client:
        pending = client.candidates.erase(name)
        with err().status("erasing"):
            receipt = client.operations.wait(pending, timeout_s)
        show(receipt, as_json)


@candidates.command(
    epilog="\b\nExamples:\n  viva candidates hold c-1042 --reason 'Case 2026-118'\n  viva candidates hold c-1042 --lift"
)
@click.argument("candidate")
@click.option("--reason", help="The matter.")
@click.option("--lift", is_flag=True, help="End the hold.")
@json_option
@on_server
def hold(candidate: str, reason: str | None, lift: bool, as_json: bool, server: Server) -> None:
    """Set or lift a legal hold: nothing of the candidate is deleted while it is set."""
    from viva.v1.candidates_pb2 import LegalHold

    if (reason is None) is not lift:
        raise click.UsageError("give --reason or --lift, one of them")
    matter = None if reason is None else LegalHold(reason=reason)
    with calling(server) as client:
        show(client.candidates.set_legal_hold(name_of("candidates", candidate), matter), as_json)
