"""Answers that were handed over, and their media. Field names equal those of viva/v1/answers.proto."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from serving.domain.answer import MediaKind
from serving.domain.fields import given, output
from serving.domain.job import Rank
from serving.domain.names import SHA256
from serving.domain.role import Lack


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
class CompetencyResult:
    """A competency's score out of 10 in one answer; None where it could not be scored."""

    name: str
    status: str
    score: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class AnswerResult:
    """What a report needs of an assessment, which is kept in whole elsewhere.

    Attributes:
        revision: which assessment of the answer it is, from 1.
        lacks: what the answer lacked, the most useful to ask for first.
        shed: whether its picture was left out because of load; None where none could have been looked at.
    """

    revision: int
    competencies: tuple[CompetencyResult, ...] = ()
    flag_count: int = 0
    lacks: tuple[Lack, ...] = ()
    shed: bool | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """An answer to a question of an interview. Exactly one of `text`, `media_sha256` and `media_uri` is set.

    Attributes:
        corrected_text: what was said, as a person found; scored in place of the content. Not part of the message.
        result: of the last assessment, None before there was one; not part of the message. See `standing`.
        rank: how soon it is scored; not part of the message.
        cause: why it is scored again although there is a report, as `Report.cause` will say; empty otherwise. Not part
            of the message.
    """

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
    result: AnswerResult | None = output(None)
    rank: Rank = output(Rank.INTERACTIVE)
    corrected_text: str | None = output(None)
    cause: str = output()

    @property
    def standing(self) -> AnswerResult | None:
        """The result that counts in reports: that of a scored answer.

        An answer that is scored again has none until that has succeeded. What a person has corrected, or wants tried
        again, does not count as it was.
        """
        return self.result if self.state is AnswerState.SCORED else None

    @property
    def scored_text(self) -> str | None:
        """The words that are scored, None where they are still to be recognised in media."""
        return self.text if self.corrected_text is None else self.corrected_text


@dataclass(frozen=True, slots=True)
class Media:
    """Media that is stored, once by its content; `storage_class` is not part of the message."""

    size_bytes: int = output(0)
    sha256: str = output()
    create_time: datetime | None = output(None)
    storage_class: str = output("default")


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload that is not committed."""

    name: str = output()
    size_bytes: int = output(0)
