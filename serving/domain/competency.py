"""The competencies that can be asked for, and the languages that can be scored."""

from __future__ import annotations

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
