"""`viva batch`."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from deployments.cli.answers import AnswerLine, BadLine, count_lines, read_answers
from deployments.cli.options import Server, policy_options, server_options
from deployments.cli.ordered import in_order
from deployments.cli.output import UsageFailure, connect, unreachable
from deployments.cli.progress import BatchProgress
from deployments.cli.results import ResultsError, ResultsFile, Stored, encode, error_record, read_stored

if TYPE_CHECKING:
    from viva_client import AsyncVivaClient

_CHANNELS: Final = 4
_ATTEMPTS: Final = 30  # about two minutes of a server that restarts, or that is full, before a line fails

Work = AnswerLine | BadLine | Stored


@click.command(
    epilog="""\b
Example:
  {"id": "a1", "language": "en", "question": "Why us?", "competencies": ["teamwork"], "text": "I led ..."}
  {"id": "a2", "language": "zh", "question": "...", "competencies": [], "video": "media/a2.mp4"}
  viva batch answers.jsonl -o results.jsonl
"""
)
@click.argument("answers", metavar="IN.jsonl", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("-o", "--output", required=True, metavar="OUT.jsonl", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--concurrency", type=click.IntRange(1, 256), default=8, show_default=True, help="Answers at once.")
@click.option("--retry-errors", is_flag=True, help="Score lines again that an earlier run left with an error.")
@policy_options
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=1),
    default=600,
    show_default=True,
    help="Seconds for one answer.",
)
@server_options(wait_s=15)
def batch(
    answers: Path,
    output: Path,
    concurrency: int,
    retry_errors: bool,
    allow: tuple[str, ...],
    deny: tuple[str, ...],
    timeout_s: float,
    server: Server,
) -> int:
    """Score the answers of IN.jsonl into OUT.jsonl, in the same order.

    A line in holds "id", "language", "question", "competencies", one of "text", "audio", "video" (a path, looked for
    beside IN.jsonl first), and optionally "role", "sentences", "custom_competencies" and "signal_weights". A line out
    is {"id", "assessment"} or {"id", "error": {"code", "reason", "message"}}; a bad line never stops the rest.

    Run the same command again after an interruption: it goes on where OUT.jsonl ends.

    Exit code: 0 every line was scored, 1 some have an error, 2 wrong usage or no server.
    """
    if output.exists() and output.samefile(answers):
        raise click.UsageError("IN and OUT are the same file")
    if both := sorted({*allow} & {*deny}):
        raise click.UsageError(f"{both[0]} is both allowed and denied")
    connect(server, failure=UsageFailure).close()
    run = BatchRun(answers, output, concurrency, timeout_s, allow, deny, server)
    try:
        if retry_errors:
            run.retry_errors()
        return 1 if run.append() else 0
    except ResultsError as error:
        raise UsageFailure(str(error)) from None


@dataclass(frozen=True)
class BatchRun:
    """One run over a file; the fields are the command's options."""

    answers: Path
    output: Path
    concurrency: int
    timeout_s: float
    allow: tuple[str, ...]
    deny: tuple[str, ...]
    server: Server

    def append(self) -> int:
        """Score what has no result yet. Returns how many results are errors, those of earlier runs included."""
        with ResultsFile(self.output) as results:
            kept = errors = end = 0
            for _, stored in self._pairs():
                kept, errors, end = kept + 1, errors + stored.failed, stored.end
            results.cut(end)
            with BatchProgress(count_lines(self.answers), self.output) as progress:
                progress.keep(kept, errors)
                asyncio.run(self._write(itertools.islice(self._lines(), kept, None), results, progress))
                return progress.errors

    def retry_errors(self) -> None:
        """Score again what has an error. OUT is replaced at the end, so an interruption leaves it as it was."""
        partial = self.output.with_name(f".{self.output.name}.retry")
        with ResultsFile(self.output):  # held against another run
            errors = sum(stored.failed for _, stored in self._pairs())
            if not errors:
                return
            try:
                with ResultsFile(partial) as results, BatchProgress(errors, self.output) as progress:
                    results.cut(0)
                    work = (line if stored.failed else stored for line, stored in self._pairs())
                    asyncio.run(self._write(work, results, progress))
                partial.replace(self.output)
            finally:
                partial.unlink(missing_ok=True)

    def _lines(self) -> Iterator[AnswerLine | BadLine]:
        return read_answers(self.answers, self.allow, self.deny)

    def _pairs(self) -> Iterator[tuple[AnswerLine | BadLine, Stored]]:
        """Each stored result with the line that it answers.

        Raises:
            ResultsError: they do not belong together.
        """
        lines = self._lines()
        for number, stored in enumerate(read_stored(self.output), start=1):
            line = next(lines, None)
            # A line that could not be read may have been corrected since, and with it its id.
            if line is None or (line.id != stored.id and stored.id is not None):
                now = "is no more" if line is None else f"is {line.id!r} (line {line.number})"
                raise ResultsError(
                    f"{self.output} holds {stored.id!r} on line {number}, which in {self.answers} {now}: the input "
                    "has changed; choose another OUT or delete it"
                )
            yield line, stored

    async def _write(self, work: Iterable[Work], results: ResultsFile, progress: BatchProgress) -> None:
        from viva_client import AsyncVivaClient, RetryPolicy

        client = AsyncVivaClient(
            self.server.address,
            api_key=self.server.api_key,
            tls=self.server.tls,
            channels=min(_CHANNELS, self.concurrency),
            timeout_s=self.timeout_s,
            retry=RetryPolicy(max_attempts=_ATTEMPTS),
        )

        async def run(item: Work) -> tuple[bytes, bool | None]:
            if isinstance(item, Stored):
                return item.raw, None
            record = await self._record(client, item)
            return encode(record), "error" in record

        async with client, aclosing(in_order(work, run, concurrency=self.concurrency)) as finished:
            async for raw, failed in finished:
                results.write(raw)
                if failed is not None:
                    progress.advance(failed)

    async def _record(self, client: AsyncVivaClient, line: AnswerLine | BadLine) -> dict[str, Any]:
        from viva_client import VivaError, assessment_to_dict

        if isinstance(line, BadLine):
            return error_record(line.id, line.code, line.reason, line.message)
        try:
            if line.media is not None:
                assessment = await client.score_media(line.media, line.options, kind=line.kind)
            else:
                assessment = await client.score_text(line.text or "", line.options)
        except VivaError as error:
            if error.unreachable:
                # Nothing is wrong with the line: it stays unwritten for the next run.
                raise unreachable(self.server, error, UsageFailure) from None
            return error_record(line.id, error.code.name, error.reason or error.code.name, error.message)
        except (OSError, ValueError) as error:
            message = f"line {line.number}: {error}"
            return error_record(line.id, "INVALID_ARGUMENT", "FIELD_INVALID", message)
        return {"id": line.id, "assessment": assessment_to_dict(assessment)}
