"""Candidate files. Field names equal those of viva/v1/candidates.proto."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from serving.domain.fields import given, output


@dataclass(frozen=True, slots=True)
class BackgroundCheck:
    """`passed` is None while the check runs."""

    passed: bool | None = given(None)
    provider: str = given(chars=(0, 200))
    complete_time: datetime | None = given(None)


@dataclass(frozen=True, slots=True)
class WrittenTest:
    """Points of a written test; `max_score` is 100 where it is None."""

    score: float | None = given(None, value=(0, 1e6))
    max_score: float | None = given(None, value=(1e-6, 1e6))


@dataclass(frozen=True, slots=True)
class Resume:
    """Facts and text of a résumé."""

    text: str = given(chars=(0, 50_000))
    experience_years: float | None = given(None, value=(0, 80))
    degree: str = given(chars=(0, 100))
    skills: tuple[str, ...] = given((), count=(0, 100), chars=(1, 100))


@dataclass(frozen=True, slots=True)
class Accommodations:
    """What a candidate needs."""

    extra_time_percent: int = given(0, value=(0, 400))
    text_instead_of_speech: bool = given(False)
    modalities_off: tuple[str, ...] = given((), choices=("speech", "face", "expression"), unique=str)


@dataclass(frozen=True, slots=True)
class LegalHold:
    """Why nothing of a candidate may be deleted."""

    reason: str = given(chars=(1, 500))
    set_time: datetime | None = output(None)


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is known of a candidate; None where the HR system told nothing.

    Attributes:
        erasure: name of the operation that erases the candidate just now, empty if none does; not part of the message.
    """

    name: str = given()
    background_check: BackgroundCheck | None = given(None)
    written_test: WrittenTest | None = given(None)
    resume: Resume | None = given(None)
    accommodations: Accommodations | None = given(None)
    legal_hold: LegalHold | None = output(None)
    erasure: str = output()
    create_time: datetime | None = output(None)
    update_time: datetime | None = output(None)
    etag: str = given()


@dataclass(frozen=True, slots=True)
class ErasureReceipt:
    """What was deleted of a candidate. Holds no data of theirs."""

    candidate_sha256: str = output()
    interview_count: int = output(0)
    answer_count: int = output(0)
    report_count: int = output(0)
    media_count: int = output(0)
    media_bytes: int = output(0)
    erase_time: datetime | None = output(None)
