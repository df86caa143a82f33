"""Typed questions about an answer, and the probabilities that a judge gives for each.

The form is one that small heads over embeddings and a large decision model can both fill: a state (what was asked and
said) and declared answers to choose from go in, a probability for every declared answer comes out. Nothing is
generated, so nothing can be talked into saying something else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from serving.domain.competency import Language


@dataclass(frozen=True, slots=True)
class Wording:
    """Cues that stand in one sentence, whatever stands around it (see `text/cues.py`).

    Attributes:
        roles: number of different cues for each of `ROLE_CUES`.
        facts: what each of `FACT_CUES` matched, in order.
    """

    roles: tuple[int, ...]
    facts: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class AnswerState:
    """What a judge looks at.

    Attributes:
        question: may be empty.
        sentences: in the neutral form (no names, gender, dialect ...), at least one.
        wording: cues of each sentence.
        embeddings: float32 [sentences, 512], L2-normalised, for judges that read vectors instead of words.
        question_embedding: float32 [512]; zeros without a question.
        fit: float32 [sentences, 9, 3], how each sentence lies to the rubric of each competency (see `rubric_fit`); the
            last place is for a competency that a caller defined, and zeros without one.
    """

    language: Language
    question: str
    sentences: tuple[str, ...]
    wording: tuple[Wording, ...]
    embeddings: NDArray[np.float32]
    question_embedding: NDArray[np.float32]
    fit: NDArray[np.float32]

    def only(self, kept: Sequence[int]) -> AnswerState:
        """The same answer with these sentences only, in the order given."""
        rows = np.asarray(kept, dtype=np.int64)
        return replace(
            self,
            sentences=tuple(self.sentences[at] for at in kept),
            wording=tuple(self.wording[at] for at in kept),
            embeddings=self.embeddings[rows],
            fit=self.fit[rows],
        )

    def without(self, at: int) -> AnswerState:
        """The same answer without sentence `at`."""
        return self.only([other for other in range(len(self.sentences)) if other != at])


@dataclass(frozen=True, slots=True)
class Choice:
    """Which one of `options` each sentence is."""

    name: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """Whether each sentence, or the answer as a `whole`, is such a one, told by `examples` of it in a language."""

    name: str
    examples: tuple[str, ...] = ()
    language: Language = "en"
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Grade:
    """Which of five anchors, from the lowest to the highest, the whole answer reaches."""

    name: str
    anchors: tuple[str, ...] = ()
    language: Language = "en"


Question = Choice | Statement | Grade


@dataclass(frozen=True, slots=True)
class Judgement:
    """Probabilities by the question's name.

    Attributes:
        choices: float64 [sentences, options], rows sum to 1.
        statements: float64 [sentences], or [1] where it is about the whole answer.
        grades: float64 [5], sums to 1.
    """

    choices: Mapping[str, NDArray[np.float64]]
    statements: Mapping[str, NDArray[np.float64]]
    grades: Mapping[str, NDArray[np.float64]]

    def level(self, name: str) -> float:
        """Expected level of a grade, 1..5."""
        return float(self.grades[name] @ np.arange(1.0, 6.0))
