"""Screening rules and what they recommend. Field names equal those of viva/v1/screening.proto."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from serving.domain.fields import given, output

RECOMMENDATIONS: Final = ("advance", "review")  # and never a rejection


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """A report as a rule sees it; None is a fact that is not known."""

    overall: float | None = given(None)
    overall_low: float | None = given(None)
    overall_high: float | None = given(None)
    competencies: Mapping[str, float] = field(default_factory=dict)
    scored_answer_count: int = given(0)
    flag_count: int = given(0)
    language: str = given()


@dataclass(frozen=True, slots=True)
class ResumeFacts:
    """A résumé as a rule sees it."""

    experience_years: float | None = given(None)
    degree: str | None = given(None)
    skills: tuple[str, ...] = given((), count=(0, 100), chars=(1, 100))


@dataclass(frozen=True, slots=True)
class WrittenTestFacts:
    """A written test as a rule sees it; `share` of the most points, 0 to 1."""

    score: float | None = given(None)
    share: float | None = given(None)


@dataclass(frozen=True, slots=True)
class BackgroundCheckFacts:
    """A background check as a rule sees it; None while it runs."""

    passed: bool | None = given(None)


@dataclass(frozen=True, slots=True)
class ScreeningFacts:
    """What a rule may look at."""

    report: ReportFacts = given(ReportFacts())
    resume: ResumeFacts = given(ResumeFacts())
    written_test: WrittenTestFacts = given(WrittenTestFacts())
    background_check: BackgroundCheckFacts = given(BackgroundCheckFacts())


@dataclass(frozen=True, slots=True)
class ScreeningTest:
    """A case that a rule must pass whenever it is stored."""

    facts: ScreeningFacts = given(ScreeningFacts())
    expected: bool = given(False)


@dataclass(frozen=True, slots=True)
class ScreeningRule:
    """A rule in CEL, such as `report.overall >= 8.0 && background_check.passed`."""

    name: str = given()
    display_name: str = given(chars=(1, 200))
    expression: str = given(chars=(1, 2_000))
    recommends: str = given(choices=RECOMMENDATIONS)
    role: str = given(chars=(0, 200))
    tests: tuple[ScreeningTest, ...] = given((), count=(0, 50))
    create_time: datetime | None = output(None)
    update_time: datetime | None = output(None)
    etag: str = given()


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of an expression as it is joined by `&&` and `||`; `value` is `true`, `false` or `unknown`."""

    expression: str = output()
    value: str = output()
    facts: tuple[str, ...] = output(())


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What a rule recommends, and why."""

    rule: str = output()
    display_name: str = output()
    expression: str = output()
    recommends: str = output()
    value: str = output()
    clauses: tuple[Clause, ...] = output(())
