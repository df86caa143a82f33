"""The golden set: real speech and faces of pinned packages, and texts of the labelled development answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deployments.evaluation import material
from deployments.evaluation.formats import Item, find_files, read_items
from deployments.evaluation.requests import Request, requests_of
from deployments.evaluation.stills import film_still
from deployments.models.catalogue import CHECKOUT
from serving.api import requests
from serving.domain.answer import Answer, MediaKind, MediaRef
from viva.v1.scoring_pb2 import AnswerConfig

TEXTS: Final = CHECKOUT / "tests" / "data" / "eval" / "dev"
_SHOWN: Final = 40  # characters of a text, as its name
_STILL_S: Final = 3.0
_NO_SHA256: Final = "0" * 64  # nobody reads the provenance of these


@dataclass(frozen=True, slots=True)
class Golden:
    """An answer, and a name by which people find it."""

    name: str
    answer: Answer


def golden_answers(folder: Path, texts: int, media: bool = True) -> list[Golden]:
    """Every recording and face, and `texts` texts of each language, evenly from all that there are.

    Args:
        folder: empty; media are written into it.
        media: without them only the models of language are compared.

    Raises:
        FetchError: a package cannot be had.
        OSError: the texts are not there: they come with the repository, not with an installed package.
    """
    made = []
    if media:
        material.write(folder)
        wanted = [request for item in _items(folder) for request in requests_of(item)]
        made = [_golden(request, folder / f"{place}.mp4") for place, request in enumerate(wanted)]
    for language in ("en", "zh"):
        all_texts = list(dict.fromkeys(request for item in _items(TEXTS / language) for request in requests_of(item)))
        if not all_texts:
            raise FileNotFoundError(f"{TEXTS / language}: holds no labelled answers")
        made += [_golden(request, folder) for request in _evenly(all_texts, texts)]
    return made


def _items(folder: Path) -> Iterator[Item]:
    for path in find_files(folder):
        yield from (item for item in read_items(path) if isinstance(item, Item))


def _evenly(all_texts: Sequence[Request], count: int) -> list[Request]:
    count = min(count, len(all_texts))
    return [all_texts[place * len(all_texts) // count] for place in range(count)]


def _golden(request: Request, film: Path) -> Golden:
    config = AnswerConfig(
        question=request.question,
        language=request.language,
        competencies=request.competencies,
        sentences=request.sentences,
    )
    if request.image is not None:
        film_still(request.image, film, _STILL_S)
        return Golden(request.image.name, requests.media_answer(config, _reference(film, MediaKind.VIDEO)))
    if request.audio is not None:
        return Golden(request.audio.name, requests.media_answer(config, _reference(request.audio, MediaKind.AUDIO)))
    return Golden(f"{request.language} {request.text[:_SHOWN]}…", requests.text_answer(config, request.text))


def _reference(path: Path, kind: MediaKind) -> MediaRef:
    return MediaRef(path, path.stat().st_size, _NO_SHA256, kind)
