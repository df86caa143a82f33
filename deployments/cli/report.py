"""`viva report`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from deployments.cli.options import Server, server_options
from deployments.cli.output import Failure, client_errors, connect, err
from deployments.cli.score import write_page

if TYPE_CHECKING:
    from viva.v1.assessment_pb2 import Assessment


@click.command(
    epilog="""\b
Example:
  viva score answer.mp4 --json > assessment.json
  viva report assessment.json -o report.html
"""
)
@click.argument("assessment", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The page.")
@click.option("--language", default="", metavar="en|zh", help="Of the page. Default: the language of the answer.")
@server_options(wait_s=15)
def report(assessment: Path, output: Path, language: str, server: Server) -> None:
    """Render ASSESSMENT, the JSON that `viva score --json` prints or one line of `viva batch`, as an HTML page."""
    message = read_assessment(assessment)
    with connect(server) as client, client_errors(server):
        write_page(output, client.render_report(message, language))
    err().print(f"report: {output}", soft_wrap=True)


def read_assessment(path: Path) -> Assessment:
    """The assessment that a JSON file holds, alone or as a line of `viva batch`. Raises `Failure`."""
    from google.protobuf.json_format import ParseDict, ParseError

    from viva.v1.assessment_pb2 import Assessment

    try:
        stored = json.loads(path.read_text(encoding="utf-8-sig"))
        if not isinstance(stored, dict):
            raise ValueError("not a JSON object")
        stored = stored.get("assessment", stored)
        # A newer server may have added fields; what is known of it is enough.
        return ParseDict(stored, Assessment(), ignore_unknown_fields=True)
    except (ValueError, ParseError) as error:
        raise Failure(f"FIELD_INVALID: {path} holds no assessment: {error} (assessment)") from None
