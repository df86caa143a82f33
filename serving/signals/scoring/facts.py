"""What scoring takes and gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from serving.domain.assessment import CompetencyScore, Contribution, Flag, OverallScore, Star
from serving.domain.facts import Delivery
from serving.domain.transcript import Transcript


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    """What scores rest on, apart from what the judge says.

    What voice and picture showed has no weight in any competency, unless the caller gave it one: then it is in
    `extra`. Of `delivery` only the recogniser's confidence is read besides, and it widens the range.

    Attributes:
        question: may be empty; then relevance is not judged.
        units: words or characters of each sentence, fillers left out.
        kept: sentences that count, in order: neither flagged nor said again.
        extra: contributions of weighted signals by competency.
    """

    transcript: Transcript
    question: str
    star: Star
    delivery: Delivery
    units: tuple[int, ...]
    kept: tuple[int, ...]
    flags: tuple[Flag, ...] = ()
    extra: Mapping[str, tuple[Contribution, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScoringResult:
    """Scores in the order in which the competencies were asked, and advice in the answer's language."""

    overall: OverallScore
    competencies: tuple[CompetencyScore, ...]
    suggestions: tuple[str, ...]
