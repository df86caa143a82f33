"""What people read: consoles, error lines and the table of an assessment. Machines read JSON, made elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deployments.cli.options import Server

if TYPE_CHECKING:
    from viva.v1.assessment_pb2 import Assessment, CompetencyScore
    from viva_client import VivaClient, VivaError

_LOG_EVERY_S: Final = 10.0
_TRANSCRIPT_CHARS: Final = 400


class Failure(click.ClickException):
    """The work failed: one line on stderr, no traceback."""

    def show(self, file: Any = None) -> None:
        click.echo(f"error: {self.format_message()}", file=file, err=file is None)


class UsageFailure(Failure):
    """The work could not even begin."""

    exit_code = 2


def out() -> Console:
    """Console of results."""
    return Console(highlight=False)


def err() -> Console:
    """Console of progress and notes."""
    return Console(stderr=True, highlight=False)


@contextmanager
def steps() -> Iterator[Callable[[str], None]]:
    """Tells people what is done now: on a line that moves in a terminal, and every ten seconds in a log."""
    console, logged = err(), time.monotonic()
    if console.is_terminal:
        with console.status("") as status:
            yield status.update
        return

    def log(text: str) -> None:
        nonlocal logged
        if time.monotonic() - logged >= _LOG_EVERY_S:
            logged = time.monotonic()
            console.print(text, markup=False, soft_wrap=True)

    yield log


def error_line(error: VivaError) -> str:
    """`REASON: message (field: what is wrong with it)` on one line."""
    from viva_client import ServerError

    notes = [name if text in ("", error.message) else f"{name}: {text}" for name, text in error.fields]
    if isinstance(error, ServerError) and error.request_id:
        notes.append(f"request {error.request_id}")
    return " ".join(" ".join([str(error), *([f"({'; '.join(notes)})"] if notes else [])]).split())


def unreachable(server: Server, error: VivaError, failure: type[Failure] = Failure) -> Failure:
    """The failure of a server that does not answer."""
    return failure(
        f"cannot reach a Viva server at {server.address} ({error.code.name.lower()}); "
        "start one with `viva up`, or name another with --address"
    )


def connect(server: Server, *, timeout_s: float = 120.0, failure: type[Failure] = Failure) -> VivaClient:
    """A client of a server that answers.

    Raises:
        Failure: `failure`, when nothing answers within `server.wait_s`.
    """
    from viva_client import VivaClient

    client = VivaClient(server.address, api_key=server.api_key, tls=server.tls, timeout_s=timeout_s)
    try:
        _await_server(client, server, failure)
    except BaseException:
        client.close()
        raise
    return client


def _await_server(client: VivaClient, server: Server, failure: type[Failure]) -> None:
    from viva_client import DeadlineExceededError, VivaError

    deadline, said = time.monotonic() + server.wait_s, False
    while True:
        try:
            client.health(timeout_s=max(1.0, min(5.0, deadline - time.monotonic())))
            return
        except VivaError as error:
            if not (error.unreachable or isinstance(error, DeadlineExceededError)):
                return  # somebody answered; the call itself will say what is wrong
            if time.monotonic() >= deadline:
                raise unreachable(server, error, failure) from None
        console = err()
        if console.is_terminal and not said:
            console.print(f"waiting for a server at {server.address} (is `viva up` running?)", style="dim")
            said = True
        time.sleep(min(0.3, max(0.0, deadline - time.monotonic())))


@contextmanager
def client_errors(server: Server) -> Iterator[None]:
    """Turn what a client raises into one line."""
    from viva_client import VivaError

    try:
        yield
    except VivaError as error:
        raise (unreachable(server, error) if error.unreachable else Failure(error_line(error))) from None
    except OSError as error:
        raise Failure(f"{error.filename or ''}: {error.strerror or error}".lstrip(": ")) from None


def print_assessment(assessment: Assessment) -> None:
    """The assessment for a person, in a screen or so."""
    console = out()
    table = Table(box=None, pad_edge=False)
    for title, justify in (("Competency", "left"), ("Score", "right"), ("Range", "right"), ("Status", "left")):
        table.add_column(title, justify="right" if justify == "right" else "left")
    for item in assessment.competencies:
        table.add_row(item.name, _number(item, "score"), _range(item), _status(item))
    overall = assessment.overall
    table.add_row("[bold]overall[/]", f"[bold]{_number(overall, 'score')}[/]", _range(overall), "")
    console.print(table)
    console.print()
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, value in _facts(assessment):
        facts.add_row(name, escape(value))
    console.print(facts)


def _facts(assessment: Assessment) -> Iterator[tuple[str, str]]:
    star = assessment.star
    if star.sentences:
        roles = " ".join(sentence.role for sentence in star.sentences)
        yield "STAR", f"{roles}  ({'complete' if star.complete else 'missing ' + ' '.join(star.missing)})"
    text = assessment.transcript.text
    if text:
        yield "Transcript", text if len(text) <= _TRANSCRIPT_CHARS else text[:_TRANSCRIPT_CHARS].rstrip() + " ..."
    for index, suggestion in enumerate(assessment.suggestions):
        yield "" if index else "Suggestions", f"- {suggestion}"
    for index, flag in enumerate(assessment.flags):
        yield "" if index else "Flags", f"{flag.kind}: {flag.quote}"
    # A modality that ran in full needs no words.
    gaps = [item for item in assessment.modalities if item.state != "ran" or item.reason]
    for index, modality in enumerate(gaps):
        why = ": ".join(part for part in (modality.reason, modality.message) if part)
        yield "" if index else "Modalities", f"{modality.name} {modality.state}{f' ({why})' if why else ''}"


def _number(message: Any, field: str) -> str:
    return f"{getattr(message, field):.1f}" if message.HasField(field) else "-"


def _range(message: Any) -> str:
    return f"{message.low:.1f} to {message.high:.1f}" if message.HasField("low") and message.HasField("high") else ""


def _status(item: CompetencyScore) -> str:
    return f"{item.status} ({item.reason})" if item.reason else item.status
