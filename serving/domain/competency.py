"""The competencies that can be asked for, and the languages that can be scored."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

COMPETENCIES: Final[tuple[str, ...]] = (
    "communication",
    "teamwork",
    "problem_solving",
    "stress_resistance",
    "customer_orientation",
    "learning_agility",
    "leadership",
    "integrity_compliance",
)

Language = Literal["en", "zh"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh")


class StarRole(Enum):
    """Part of a behavioural answer that a sentence plays (Situation, Task, Action, Result)."""

    SITUATION = "S"
    TASK = "T"
    ACTION = "A"
    RESULT = "R"
    OTHER = "O"


@dataclass(frozen=True, slots=True)
class CompetencyAnchor:
    """What an answer of a level, 1 (lowest) to 5, sounds like."""

    level: int
    example: str


@dataclass(frozen=True, slots=True)
class CompetencyDefinition:
    """A competency that a caller defined: its rubric is all that is known of it.

    Attributes:
        language: of the texts; answers may be in another.
        indicators, contrary: sentences as candidates say them who show it, or the contrary.
        anchors: none, or one of each level in order.
    """

    name: str
    language: Language
    definition: str
    indicators: tuple[str, ...]
    contrary: tuple[str, ...] = ()
    anchors: tuple[CompetencyAnchor, ...] = ()


SIGNALS: Final[tuple[str, ...]] = ("pace", "fluency", "steadiness", "eye_contact", "smile", "gesture")


@dataclass(frozen=True, slots=True)
class SignalWeight:
    """Points out of 10 that the value 1 of a delivery or behaviour signal adds to a competency."""

    competency: str
    signal: str
    points: float
