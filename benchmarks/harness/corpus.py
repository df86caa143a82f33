"""A corpus of answers on disk: its manifest, read strictly, and what is drawn from it.

A corpus is a folder with `corpus.json` (a `Manifest`) and the media files that it names.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from benchmarks.harness.core import BenchError, Modality, Sample

MANIFEST: Final = "corpus.json"

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]  # beside the manifest, never elsewhere


class Entry(BaseModel):
    """One answer, with the fields of `Sample`.

    Attributes:
        file: name of the media file; None for text.
        sha256: of the file's bytes; of the text in UTF-8.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    sample_id: Annotated[str, Field(min_length=1, max_length=200)]
    modality: Modality
    language: Literal["en", "zh"]
    question: Annotated[str, Field(min_length=1, max_length=2_000)]
    competencies: tuple[str, ...]
    text: str = ""
    file: FileName | None = None
    duration_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    sha256: Sha256

    @model_validator(mode="after")
    def _has_what_it_is(self) -> Entry:
        if self.modality is Modality.TEXT:
            if not self.text or self.file is not None or self.duration_s:
                raise ValueError("a text answer has a text, and neither file nor duration")
        elif self.text or self.file is None or not self.duration_s:
            raise ValueError("an audio or video answer has a file and a duration, and no text")
        return self


class Manifest(BaseModel):
    """Content of `corpus.json`.

    Attributes:
        settings: what the plan was drawn from; for people and reports, nothing reads it back.
        plan_sha256: of the plan, which equal settings repeat with every version of every encoder.
        versions: of the libraries that encoded the media; others may give other bytes for the same plan.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    settings: dict[str, Any]
    plan_sha256: Sha256
    versions: dict[str, str]
    samples: Annotated[tuple[Entry, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_each_answer_once(self) -> Manifest:
        ids = [entry.sample_id for entry in self.samples]
        if len(set(ids)) < len(ids):
            raise ValueError(f"sample_id {max(ids, key=ids.count)!r} is there twice")
        return self


@dataclass(frozen=True, slots=True)
class Corpus:
    """Answers that lie ready to be sent.

    Attributes:
        settings, plan_sha256, versions: of the manifest.
        sha256: of the manifest's bytes, and so of every answer in it.
    """

    folder: Path
    samples: tuple[Sample, ...]
    settings: Mapping[str, Any]
    plan_sha256: str
    versions: Mapping[str, str]
    sha256: str

    def draw(self, count: int, seed: int, mix: Mapping[Modality, float] | None = None) -> tuple[Sample, ...]:
        """`count` answers in the order in which they are sent; equal arguments give equal answers.

        Modalities are drawn independently of each other. Within one, every answer comes once before any comes again.

        Args:
            mix: relative weight of each modality; by default how often the corpus has it.

        Raises:
            BenchError: the mix has no weight, a negative one, or one for a modality that the corpus lacks.
        """
        decks = {modality: [s for s in self.samples if s.modality is modality] for modality in Modality}
        weights = {modality: float(len(deck)) for modality, deck in decks.items()} if mix is None else dict(mix)
        if any(not 0 <= weight < math.inf for weight in weights.values()) or not any(weights.values()):
            raise BenchError(f"mix: weights must be finite, at least 0 and not all 0, not {_listed(weights)}")
        for modality, weight in weights.items():
            if weight and not decks[modality]:
                raise BenchError(f"mix: {self.folder} has no {modality.value} answers")
        dice = random.Random(f"draw {seed}")
        dealers = {modality: _deal(decks[modality], random.Random(f"{modality.value} {seed}")) for modality in weights}
        drawn = dice.choices(list(weights), list(weights.values()), k=count)
        return tuple(next(dealers[modality]) for modality in drawn)


def load(folder: Path) -> Corpus:
    """Read a corpus and check every byte of it.

    Raises:
        BenchError: no manifest, one that does not follow the format, a file that is missing or another one.
    """
    path = folder / MANIFEST
    try:
        content = path.read_bytes()
    except OSError as error:
        hint = f"make one with `viva bench corpus {folder}`"
        raise BenchError(f"no corpus at {folder}: {path.name}: {error.strerror}; {hint}") from error
    try:
        manifest = Manifest.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "manifest"
        raise BenchError(f"{path}: {where}: {first['msg']}") from error
    return Corpus(
        folder=folder,
        samples=tuple(_sample(folder, entry) for entry in manifest.samples),
        settings=manifest.settings,
        plan_sha256=manifest.plan_sha256,
        versions=manifest.versions,
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _sample(folder: Path, entry: Entry) -> Sample:
    path = None if entry.file is None else folder / entry.file
    try:
        digest = hashlib.sha256(entry.text.encode()).hexdigest() if path is None else _sha256_of(path)
    except OSError as error:
        raise BenchError(f"{folder / MANIFEST}: {entry.sample_id}: {path}: {error.strerror}") from error
    if digest != entry.sha256:
        raise BenchError(f"{folder / MANIFEST}: {entry.sample_id}: the content is another one than when it was written")
    return Sample(
        sample_id=entry.sample_id,
        modality=entry.modality,
        language=entry.language,
        question=entry.question,
        competencies=entry.competencies,
        text=entry.text,
        path=path,
        duration_s=entry.duration_s,
    )


def _sha256_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _deal(deck: list[Sample], dice: random.Random) -> Iterator[Sample]:
    """The whole deck in a new order each time, for ever."""
    return chain.from_iterable(dice.sample(deck, len(deck)) for _ in iter(int, 1))


def _listed(weights: Mapping[Modality, float]) -> str:
    return ", ".join(f"{modality.value}={weight:g}" for modality, weight in weights.items())
