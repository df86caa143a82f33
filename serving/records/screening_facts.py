"""What a screening rule may look at, out of a report and the candidate's file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from serving.domain.candidate import Candidate, Resume, WrittenTest
from serving.domain.report import Report
from serving.domain.screening import (
    BackgroundCheckFacts,
    ReportFacts,
    ResumeFacts,
    ScreeningFacts,
    WrittenTestFacts,
)
from serving.domain.submission import Submission

_MAX_SCORE: Final = 100.0  # of a written test that tells no other, see `WrittenTest`


def facts_of(report: Report, answers: Sequence[Submission], candidate: Candidate | None) -> ScreeningFacts:
    """The facts of an interview.

    Args:
        report: the report.
        answers: the interview's, of which it tells how many passages were flagged.
        candidate: the candidate's file as it is now, None where there is none.
    """
    check = candidate.background_check if candidate else None
    return ScreeningFacts(
        report=_report(report, sum(answer.standing.flag_count for answer in answers if answer.standing)),
        resume=_resume(candidate.resume if candidate else None),
        written_test=_written_test(candidate.written_test if candidate else None),
        background_check=BackgroundCheckFacts(passed=check.passed if check else None),
    )


def _report(report: Report, flag_count: int) -> ReportFacts:
    return ReportFacts(
        overall=report.overall.score,
        overall_low=report.overall.low,
        overall_high=report.overall.high,
        competencies={one.name: one.score for one in report.competencies if one.score is not None},
        scored_answer_count=sum(answer.state == "scored" for answer in report.answers),
        flag_count=flag_count,
        language=report.language,
    )


def _resume(resume: Resume | None) -> ResumeFacts:
    if resume is None:
        return ResumeFacts()
    return ResumeFacts(
        experience_years=resume.experience_years,
        degree=resume.degree or None,
        skills=resume.skills,
    )


def _written_test(test: WrittenTest | None) -> WrittenTestFacts:
    if test is None or test.score is None:
        return WrittenTestFacts()
    return WrittenTestFacts(score=test.score, share=test.score / (test.max_score or _MAX_SCORE))
