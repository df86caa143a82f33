"""What a labelled line asks of the server, and what it keeps of the answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from deployments.evaluation.formats import COMPETENCIES, Item

# The two answers of a line, by set.
SIDES: Final[Mapping[str, tuple[str, str]]] = {
    "pairs": ("better", "worse"),
    "discriminant": ("a", "b"),
    "attacks": ("honest", "attack"),
    "minimal": ("a", "b"),
    "noisy": ("clean", "noisy"),
}


@dataclass(frozen=True, slots=True)
class Request:
    """One call. Equal requests are sent once."""

    language: str
    question: str = ""
    text: str = ""
    sentences: tuple[str, ...] = ()
    competencies: tuple[str, ...] = ()
    audio: Path | None = None
    image: Path | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """One competency's, None where not scored."""

    score: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Scored:
    """What the measures need of one assessment."""

    scores: Mapping[str, Score]
    roles: tuple[str, ...]
    complete: bool
    flagged: bool
    transcript: str
    smile_s: float
    duration_s: float


def requests_of(item: Item) -> tuple[Request, ...]:
    """The calls of one line, in the order in which `summary` expects their results."""
    fields = item.fields
    if item.set in SIDES:
        names: tuple[str, ...] = (fields["competency"],) if "competency" in fields else ()
        if item.set == "discriminant":
            names = (fields["first"], fields["second"])
        return tuple(
            Request(item.language, fields["question"], fields[side], competencies=names) for side in SIDES[item.set]
        )
    if item.set == "answers":
        sentences = tuple(fields["sentences"])
        text = ("" if item.language == "zh" else " ").join(sentences)
        levels = fields.get("levels") or {}
        # All are asked, so that the correlations between competencies are those of every answer.
        names = COMPETENCIES if levels else COMPETENCIES[:1]
        return (Request(item.language, fields["question"], text, sentences, names),)
    if item.set == "honest":
        asked = fields.get("question", "")
        return (Request(item.language, asked, fields["honest"], competencies=COMPETENCIES[:1]),)
    if item.set == "speech":
        return (Request(item.language, competencies=COMPETENCIES[:1], audio=item.folder / fields["audio"]),)
    return (Request(item.language, competencies=COMPETENCIES[:1], image=item.folder / fields["image"]),)


def read_assessment(assessment: Any) -> Scored:
    """Keep what the measures need of a `viva.v1.Assessment`."""

    def number(message: Any, name: str) -> float | None:
        return float(getattr(message, name)) if message.HasField(name) else None

    return Scored(
        scores={
            item.name: Score(number(item, "score"), number(item, "low"), number(item, "high"))
            for item in assessment.competencies
        },
        roles=tuple(sentence.role for sentence in assessment.star.sentences),
        complete=assessment.star.complete,
        flagged=bool(assessment.flags),
        transcript=assessment.transcript.text,
        smile_s=assessment.behavior.smile.total_seconds,
        duration_s=number(assessment.media, "duration_s") or 0.0,
    )
