"""Answers that were handed over, and their media. Field names equal those of viva/v1/answers.proto."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from serving.domain.answer import MediaKind
from serving.domain.fields import given, output
from serving.domain.names import SHA256


class AnswerState(Enum):
    """Where an answer stands. SCORED, FAILED and CANCELLED are final, but FAILED can be tried again by a person."""

    QUEUED = "queued"
    RUNNING = "running"
    SCORED = "scored"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an answer failed for good: a canonical code's number, a reason of the catalogue, a sentence."""

    code: int = output(0)
    reason: str = output()
    message: str = output()


@dataclass(frozen=True, slots=True)
class Submission:
    """An answer to a question of an interview. Exactly one of `text`, `media_sha256` and `media_uri` is set."""

    name: str = given()
    question_id: str = given(chars=(1, 60))
    text: str | None = given(None)
    media_sha256: str | None = given(None, pattern=SHA256, says="64 lower-case hexadecimal digits")
    media_uri: str | None = given(None, chars=(1, 2_000))
    kind: MediaKind = given(MediaKind.DETECT)
    state: AnswerState = output(AnswerState.QUEUED)
    error: Failure | None = output(None)
    attempt_count: int = output(0)
    create_time: datetime | None = output(None)
    end_time: datetime | None = output(None)


@dataclass(frozen=True, slots=True)
class Media:
    """Media that is stored, once by its content."""

    size_bytes: int = output(0)
    sha256: str = output()
    create_time: datetime | None = output(None)


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload that is not committed."""

    name: str = output()
    size_bytes: int = output(0)
