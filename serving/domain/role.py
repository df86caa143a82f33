"""Roles and their question banks. Field names equal those of viva/v1/roles.proto."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from serving.domain.competency import LANGUAGES, CompetencyDefinition, SignalWeight
from serving.domain.fields import given, output
from serving.domain.names import ID, SHA256

_ID_SAYS: Final = "1 to 60 characters of a-z, 0-9, _ and -"
QUESTION_CHARS: Final = 2_000


class RoleState(Enum):
    """Whether interviews may be made."""

    ACTIVE = "active"
    ARCHIVED = "archived"


class Structure(Enum):
    """Who chooses the questions."""

    STRUCTURED = "structured"  # every candidate gets the same
    SEMI_STRUCTURED = "semi_structured"  # follow-ups by what an answer lacked


class Mode(Enum):
    """How answers come."""

    RECORDED = "recorded"
    LIVE = "live"


class Lack(Enum):
    """What an answer may lack."""

    SITUATION = "situation"
    TASK = "task"
    ACTION = "action"
    RESULT = "result"
    EVIDENCE = "evidence"  # too short to be scored


@dataclass(frozen=True, slots=True)
class CompetencyWeight:
    """A competency and its part of the overall score; what counts is the share of the sum."""

    competency: str = given(chars=(1, 60))
    weight: float | None = given(None, value=(1e-6, 1e6))


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What to ask when an answer lacked something."""

    follow_up_id: str = given(chars=(1, 60), pattern=ID, says=_ID_SAYS)
    lack: Lack = given(Lack.RESULT)
    text: str = given(chars=(1, QUESTION_CHARS))


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a bank; `personal_text` is used where all of its slots were found in the résumé."""

    question_id: str = given(chars=(1, 60), pattern=ID, says=_ID_SAYS)
    competency: str = given(chars=(1, 60))
    language: str = given(chars=(1, 2), choices=LANGUAGES)
    text: str = given(chars=(1, QUESTION_CHARS))
    personal_text: str = given(chars=(0, QUESTION_CHARS))
    media_sha256: str = given(pattern=SHA256, says="64 lower-case hexadecimal digits")
    follow_ups: tuple[FollowUp, ...] = given((), count=(0, 10), unique=lambda one: one.follow_up_id)
    time_limit_seconds: int = given(0, value=(0, 600))


@dataclass(frozen=True, slots=True)
class RoleContent:
    """What is asked for a role, and what counts."""

    competencies: tuple[CompetencyWeight, ...] = given((), count=(1, 16), unique=lambda one: one.competency)
    languages: tuple[str, ...] = given((), count=(1, 2), choices=LANGUAGES, unique=str)
    questions: tuple[Question, ...] = given((), count=(1, 200), unique=lambda one: one.question_id)
    mode: Mode = given(Mode.RECORDED)
    structure: Structure = given(Structure.STRUCTURED)
    questions_per_competency: int = given(0, value=(0, 10))
    max_follow_ups: int | None = given(None, value=(0, 20))
    custom_competencies: tuple[CompetencyDefinition, ...] = given((), count=(0, 8))
    signal_weights: tuple[SignalWeight, ...] = given(())


@dataclass(frozen=True, slots=True)
class Role:
    """A job that is interviewed for, with its latest content."""

    name: str = given()
    display_name: str = given(chars=(1, 200))
    content: RoleContent = given(RoleContent())
    revision: str = output()
    state: RoleState = output(RoleState.ACTIVE)
    create_time: datetime | None = output(None)
    update_time: datetime | None = output(None)
    etag: str = given()


@dataclass(frozen=True, slots=True)
class RoleRevision:
    """The content of a role at one time. Never changes."""

    name: str = output()
    display_name: str = output()
    content: RoleContent = output(RoleContent())
    create_time: datetime | None = output(None)
