"""`viva score`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from deployments.cli.files import written_whole
from deployments.cli.options import Server, policy_options, server_options
from deployments.cli.output import Failure, client_errors, connect, err, print_assessment

if TYPE_CHECKING:
    from viva.v1.assessment_pb2 import Assessment
    from viva_client import AnswerOptions, VivaClient

_TEXT_SUFFIXES: Final = (".txt", ".md")


@click.command(
    epilog="""\b
Examples:
  viva score answer.txt --question "Tell me about a conflict in your team." --language en
  viva score answer.mp4 --language zh --competency teamwork --report out.html
  echo "I led a team of four ..." | viva score - --json
"""
)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
@click.option("--question", default="", help="The interviewer's question. Without it relevance is not judged.")
@click.option("--language", default="", metavar="en|zh", help="Language of the answer. Default: detected.")
@click.option("--competency", "competencies", multiple=True, metavar="NAME", help="May be repeated. Default: all.")
@click.option(
    "--definitions",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE.yaml",
    help="Competencies of your own and weights of signals (docs/reports-and-facts.md shows one).",
)
@click.option("--role", default="", help="The job role, shown in the report.")
@click.option("--sentence", "sentences", multiple=True, help="Your own split of a text answer; repeat in order.")
@click.option("--audio", "kind", flag_value="audio", type=str, help="Ignore pictures in the file.")
@click.option("--video", "kind", flag_value="video", type=str, help="Say so where a track is missing.")
@policy_options
@click.option("--json", "as_json", is_flag=True, help="Print the assessment as JSON and nothing else.")
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), help="Write the report page here too.")
@click.option("--timeout", "timeout_s", type=click.FloatRange(min=1), default=300, show_default=True, help="Seconds.")
@server_options(wait_s=15)
def score(
    file: Path,
    question: str,
    language: str,
    competencies: tuple[str, ...],
    definitions: Path | None,
    role: str,
    sentences: tuple[str, ...],
    kind: str | None,
    allow: tuple[str, ...],
    deny: tuple[str, ...],
    as_json: bool,
    report: Path | None,
    timeout_s: float,
    server: Server,
) -> None:
    """Score one answer in FILE.

    .txt and .md files and - (standard input) are text; everything else is media: mp4, mov, webm, mkv, mp3, m4a, wav,
    flac, ogg.
    """
    from viva_client import AnswerOptions, assessment_to_dict

    try:
        own = _read_definitions(definitions) if definitions else {}
        options = AnswerOptions(question, language, competencies, role, sentences, allow, deny, **own)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    # Read before the server is asked for anything: a broken file should not have to wait.
    text = read_text(file) if kind is None and is_text(file) else None
    if text is None and str(file) == "-":
        raise click.UsageError("media cannot come from standard input; name a file")
    with connect(server, timeout_s=timeout_s) as client, client_errors(server):
        with err().status("scoring"):
            assessment = _score(client, file, text, options, kind or "")
        if as_json:
            click.echo(json.dumps(assessment_to_dict(assessment), ensure_ascii=False, indent=2))
        else:
            print_assessment(assessment)
        if report:
            write_page(report, client.render_report(assessment))
            err().print(f"report: {report}", soft_wrap=True)


def _read_definitions(path: Path) -> dict[str, Any]:
    """`custom_competencies` and `signal_weights` of a YAML (or JSON) file. Raises `ValueError`."""
    import yaml

    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"{path}: {' '.join(str(error).split())}") from None
    known = ("custom_competencies", "signal_weights")
    if not isinstance(found, dict) or not found.keys() <= set(known):
        raise ValueError(f"{path}: must be a mapping with the keys {' and '.join(known)}, one or both")
    for name, value in found.items():
        if not isinstance(value, list):
            raise ValueError(f"{path}: {name} must be a list")
    return {name: tuple(value) for name, value in found.items()}


def write_page(path: Path, html: str) -> None:
    """Write a page whole or not at all."""
    with written_whole(path) as file:
        file.write(html)


def _score(client: VivaClient, file: Path, text: str | None, options: AnswerOptions, kind: str) -> Assessment:
    if text is None:
        return client.score_media(file, options, kind=kind)
    return client.score_text(text, options)


def is_text(file: Path) -> bool:
    """Whether a file's name says that it is text; - is standard input."""
    return str(file) == "-" or file.suffix.lower() in _TEXT_SUFFIXES


def read_text(file: Path) -> str:
    """The text of a file or of standard input. Raises `Failure`."""
    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Failure(f"FIELD_INVALID: {file} is not UTF-8 text: byte {error.start} (text)") from None
    except OSError as error:
        raise Failure(f"{file}: {error.strerror}") from None
