"""What scoring takes and gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from serving.domain.assessment import CompetencyScore, Flag, OverallScore, Star
from serving.domain.facts import Coherence, Delivery
from serving.domain.transcript import Transcript
from serving.signals.text.anchors import References


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    """What scores rest on.

    What the picture showed is not here, and how the answer was spoken (`delivery`) has no weight in any competency: of
    it only the recogniser's confidence is read, and it widens the range.

    Attributes:
        question: may be empty; then relevance is not judged.
        embeddings: float32 [sentences, 512], row i of `transcript.sentences[i]`, L2-normalised.
        question_embedding: float32 [512], None without a question.
    """

    transcript: Transcript
    question: str
    embeddings: NDArray[np.float32]
    question_embedding: NDArray[np.float32] | None
    references: References
    star: Star
    coherence: Coherence
    delivery: Delivery
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class ScoringResult:
    """Scores in the order in which the competencies were asked, and advice in the answer's language."""

    overall: OverallScore
    competencies: tuple[CompetencyScore, ...]
    suggestions: tuple[str, ...]
