"""`viva eval`."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from deployments.cli.options import Server, server_options
from deployments.cli.output import UsageFailure, connect, err, out, unreachable

if TYPE_CHECKING:
    from deployments.evaluation.formats import Item
    from deployments.evaluation.run import Evaluation

_CHANNELS: Final = 4
_ATTEMPTS: Final = 30
_SETS: Final = ("pairs", "discriminant", "answers", "attacks", "honest", "minimal", "noisy", "speech", "smiles")


@click.command(
    name="eval",
    epilog="""\b
Example:
  viva eval tests/data/eval/held_out
  viva eval mine/en/pairs.jsonl --json mine/pairs.json
The formats of the sets: docs/evaluation.md.
""",
)
@click.argument("sources", metavar="DIR...", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--set", "sets", multiple=True, type=click.Choice(_SETS), help="Only this set; may be repeated.")
@click.option(
    "--json",
    "output",
    default="out/eval.json",
    show_default=True,
    metavar="OUT.json",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the measures go as JSON.",
)
@click.option("--concurrency", type=click.IntRange(1, 256), default=8, show_default=True, help="Answers at once.")
@server_options(wait_s=15)
def evaluate(sources: tuple[Path, ...], sets: tuple[str, ...], output: Path, concurrency: int, server: Server) -> int:
    """Measure the scores on labelled answers: a table per language, and a JSON beside it.

    DIR holds sets of labelled lines (pairs.jsonl, answers.jsonl, attacks.jsonl ...), anywhere beneath it. A bad line is
    named with its number, and the rest runs.

    Exit code: 0 every line was used, 1 some were not, 2 wrong usage or no server.
    """
    from deployments.evaluation.formats import BadItem, Item, find_files, read_items

    files = [path for source in sources for path in find_files(source, sets or _SETS)]
    if not files:
        raise click.UsageError(f"no sets in {', '.join(map(str, sources))}; they are named {', '.join(_SETS)} (.jsonl)")
    lines = [line for path in files for line in read_items(path)]
    items = [line for line in lines if isinstance(line, Item)]
    errors = [line.message for line in lines if isinstance(line, BadItem)]
    connect(server, failure=UsageFailure).close()
    evaluation = asyncio.run(_run(items, concurrency, server))
    errors += evaluation.errors
    from deployments.evaluation.table import language_table

    for language, measured in evaluation.languages.items():
        out().print(language_table(language, measured))
    output.parent.mkdir(parents=True, exist_ok=True)
    document = {"sources": [str(path) for path in files], "languages": evaluation.languages, "errors": errors}
    output.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    for error in errors:
        err().print(error, markup=False, soft_wrap=True)
    err().print(f"{len(items)} lines, {len(errors)} with an error: {output}", markup=False, soft_wrap=True)
    return 1 if errors else 0


async def _run(items: list[Item], concurrency: int, server: Server) -> Evaluation:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    from deployments.evaluation.run import count_requests, evaluate
    from viva_client import AsyncVivaClient, RetryPolicy, VivaError

    client = AsyncVivaClient(
        server.address,
        api_key=server.api_key,
        tls=server.tls,
        channels=min(_CHANNELS, concurrency),
        timeout_s=600,
        retry=RetryPolicy(max_attempts=_ATTEMPTS),
    )
    console = err()
    columns = (TextColumn("scoring"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("scoring", total=count_requests(items))
        async with client:
            try:
                return await evaluate(client, items, concurrency, lambda: progress.advance(task))
            except VivaError as error:
                raise unreachable(server, error, UsageFailure) from None
