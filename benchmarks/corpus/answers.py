"""Written answers and the questions they answer: the labelled answers of this repository."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import Final

from deployments.models.catalogue import CHECKOUT
from serving.domain.competency import COMPETENCIES, Language

_FOLDER: Final = CHECKOUT / "tests/data/eval/dev"  # not the held-out answers: whoever tunes against those spoils them
_TOLERANCE: Final = 0.15  # sentences are not cut; a topic that comes no closer to the size is passed over
_JOINT: Final[dict[Language, str]] = {"en": " ", "zh": ""}


@dataclass(frozen=True, slots=True)
class Topic:
    """A question, the competency it is asked for, and answers to it, a tuple of sentences each."""

    question: str
    competency: str
    answers: tuple[tuple[str, ...], ...]

    def competencies(self, dice: random.Random) -> tuple[str, ...]:
        """One to three, this topic's own first: as many as an employer asks of one answer."""
        others = [name for name in COMPETENCIES if name != self.competency]
        return (self.competency, *dice.sample(others, dice.randrange(3)))


@cache
def topics(language: Language) -> tuple[Topic, ...]:
    """All questions with their answers, in the order of the file."""
    found: dict[tuple[str, str], list[tuple[str, ...]]] = {}
    with (_FOLDER / language / "answers.jsonl").open(encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            found.setdefault((line["question"], line["competency"]), []).append(tuple(line["sentences"]))
    return tuple(Topic(question, competency, tuple(answers)) for (question, competency), answers in found.items())


def compose(topic: Topic, language: Language, size: int, low: int, high: int, dice: random.Random) -> str | None:
    """An answer to `topic` of about `size`: whole sentences of its answers, each answer in its own order.

    Args:
        size, low, high: in words of English, in characters of Chinese.

    Returns:
        The text; None where the topic's sentences make none that is close enough and between the bounds.
    """
    shuffled = dice.sample(topic.answers, len(topic.answers))
    sentences = list(dict.fromkeys(sentence for answer in shuffled for sentence in answer))
    ends = list(accumulate(length([sentence], language) for sentence in sentences))
    nearest = min(range(len(ends)), key=lambda index: abs(ends[index] - size))
    close = abs(ends[nearest] - size) <= _TOLERANCE * size and low <= ends[nearest] <= high
    return _JOINT[language].join(sentences[: nearest + 1]) if close else None


def length(sentences: Sequence[str], language: Language) -> int:
    """Words of English, characters of Chinese."""
    return sum(len(sentence) if language == "zh" else len(sentence.split()) for sentence in sentences)
