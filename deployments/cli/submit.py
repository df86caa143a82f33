"""`viva interviews submit`: many answers of interviews, handed over in batches."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import click

from deployments.cli.answers import count_lines
from deployments.cli.options import Server
from deployments.cli.output import err, out
from deployments.cli.resources import calling, on_server
from deployments.cli.scoring_bar import ScoringBar
from deployments.cli.submission import Batch, Outcome
from deployments.cli.submit_lines import batches, read_submit_lines
from deployments.cli.uploads import uploads

_UPLOADS: Final = 4  # at a time


@click.command(
    epilog="""\b
Example:
  {"interview": "5b1e", "question_id": "conflict", "text": "I led ..."}
  {"interview": "5b1e", "question_id": "failure", "media": "media/failure.mp4"}
  {"interview": "77c0", "question_id": "conflict", "uri": "https://media.acme.example/77c0.mp4"}
  viva interviews submit answers.jsonl --json > results.jsonl
"""
)
@click.argument(
    "answers", metavar="ANSWERS.jsonl", type=click.Path(path_type=Path, exists=True, dir_okay=False, readable=True)
)
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=1),
    default=86_400,
    show_default=True,
    help="Wait so long for the scores of a batch, seconds.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a line.")
@on_server
def submit(answers: Path, timeout_s: float, as_json: bool, server: Server) -> int:
    """Submit the answers of ANSWERS.jsonl, wait until they are scored, and say what became of each.

    A line in holds "interview", "question_id" and one of "text", "media" (a path, looked for beside ANSWERS.jsonl
    first) and "uri". A bad line never stops the rest. An answer that was handed over is scored whether or not anybody
    waits; given again, its line says that it is there.

    Exit code: 0 every answer was scored, 1 some were not, 2 wrong usage.
    """
    handed_over: list[Batch] = []
    failed = total = 0
    # The pool outlives the client, whose end cancels uploads: an interruption does not wait for them.
    with ThreadPoolExecutor(_UPLOADS, "viva-upload") as pool, calling(server) as client:
        for lines in batches(read_submit_lines(answers)):
            batch = Batch(lines)
            with uploads(client) as upload:
                batch.prepare(pool, upload)
            batch.hand_over(client)
            handed_over.append(batch)
        bar = ScoringBar(count_lines(answers))
        for batch in handed_over:
            with bar:  # which takes standard output while it is there
                batch.wait(client, timeout_s, bar)
            for outcome in batch.outcomes():
                total += 1
                failed += outcome.error is not None
                _print(outcome, as_json)
    err().print(f"{total} answers, {failed} not scored")
    return 1 if failed else 0


def _print(outcome: Outcome, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(outcome.record(), ensure_ascii=False))
    else:
        out().print(f"line {outcome.line.number}: {outcome.text}", markup=False, soft_wrap=True)
