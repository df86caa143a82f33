"""Runs the lines of labelled sets through a server."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from deployments.cli.ordered import in_order
from deployments.evaluation.formats import Item
from deployments.evaluation.requests import Request, Scored, read_assessment, requests_of
from deployments.evaluation.stills import film_still
from deployments.evaluation.summary import Result, summarise

if TYPE_CHECKING:
    from viva_client import AsyncVivaClient

_STILL_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came of a run.

    Attributes:
        languages: language -> set -> measures, as plain JSON values.
        errors: what is wrong with single lines, `FILE:LINE: message` each.
    """

    languages: dict[str, dict[str, dict[str, object]]]
    errors: tuple[str, ...]


async def evaluate(
    client: AsyncVivaClient, items: Sequence[Item], concurrency: int, done: Callable[[], None]
) -> Evaluation:
    """Score every request once and measure each set in each language.

    Args:
        done: called after each request.

    Raises:
        VivaError: the server cannot be reached; what it has against one line is an error of that line.
    """
    wanted = list(dict.fromkeys(request for item in items for request in requests_of(item)))
    found: dict[Request, Scored | str] = {}
    with tempfile.TemporaryDirectory(prefix="viva-eval-") as folder:

        async def run(numbered: tuple[int, Request]) -> tuple[Request, Scored | str]:
            number, request = numbered
            return request, await _ask(client, request, Path(folder) / f"{number}.mp4")

        async with aclosing(in_order(enumerate(wanted), run, concurrency=concurrency)) as finished:
            async for request, scored in finished:
                found[request] = scored
                done()
    results: list[Result] = []
    errors: list[str] = []
    for item in items:
        answers = [found[request] for request in requests_of(item)]
        refused = [answer for answer in answers if isinstance(answer, str)]
        if refused:
            errors.append(f"{item.where}: {refused[0]}")
        else:
            results.append((item, tuple(answer for answer in answers if isinstance(answer, Scored))))
    return Evaluation(_by_language(results), tuple(errors))


def count_requests(items: Sequence[Item]) -> int:
    """Calls that `evaluate` makes."""
    return len({request for item in items for request in requests_of(item)})


def _by_language(results: Sequence[Result]) -> dict[str, dict[str, dict[str, object]]]:
    languages: dict[str, dict[str, dict[str, object]]] = {}
    for language, name in sorted({(item.language, item.set) for item, _ in results}):
        chosen = [result for result in results if (result[0].language, result[0].set) == (language, name)]
        languages.setdefault(language, {})[name] = summarise(name, chosen)
    return languages


async def _ask(client: AsyncVivaClient, request: Request, film: Path) -> Scored | str:
    """The assessment's facts, or why the server refused it."""
    from viva_client import AnswerOptions, VivaError

    options = AnswerOptions(
        question=request.question,
        language=request.language,
        competencies=request.competencies,
        sentences=request.sentences,
    )
    try:
        if request.image is not None:
            await asyncio.to_thread(film_still, request.image, film, _STILL_S)
            assessment = await client.score_media(film, options, kind="video")
        elif request.audio is not None:
            assessment = await client.score_media(request.audio, options, kind="audio")
        else:
            assessment = await client.score_text(request.text, options)
    except VivaError as error:
        if error.unreachable:
            raise
        return str(error)
    except (OSError, ValueError) as error:
        return str(error)
    return read_assessment(assessment)
