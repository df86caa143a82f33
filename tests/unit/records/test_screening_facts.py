from __future__ import annotations

import pytest

from serving.domain.assessment import OverallScore
from serving.domain.candidate import BackgroundCheck, Candidate, Resume, WrittenTest
from serving.domain.report import Report, ReportAnswer, ReportCompetency
from serving.domain.screening import (
    BackgroundCheckFacts,
    ReportFacts,
    ResumeFacts,
    ScreeningFacts,
    WrittenTestFacts,
)
from serving.domain.submission import AnswerResult, AnswerState, Submission
from serving.records.screening_facts import facts_of

REPORT = Report(
    language="en",
    overall=OverallScore(7.4, 6.9, 7.9),
    competencies=(
        ReportCompetency("teamwork", status="scored", score=6.1),
        ReportCompetency("leadership", status="insufficient_evidence"),
        ReportCompetency("integrity_compliance", status="scored", score=0.0),
    ),
    answers=(
        ReportAnswer("q1", state="scored"),
        ReportAnswer("q2", state="failed"),
        ReportAnswer("q3", state="scored"),
        ReportAnswer("q4", state="unanswered"),
        ReportAnswer("q5", state="cancelled"),
    ),
)


ANSWERS = (
    Submission("a/1", state=AnswerState.SCORED, result=AnswerResult(1, flag_count=2)),
    Submission("a/2", state=AnswerState.FAILED, result=AnswerResult(1, flag_count=4)),  # scored again, in vain
    Submission("a/3", state=AnswerState.SCORED, result=AnswerResult(2, flag_count=1)),
    Submission("a/4", state=AnswerState.CANCELLED),
)


def test_the_facts_of_a_report_are_its_scores_and_counts() -> None:
    assert facts_of(REPORT, ANSWERS, None).report == ReportFacts(
        overall=7.4,
        overall_low=6.9,
        overall_high=7.9,
        competencies={"teamwork": 6.1, "integrity_compliance": 0.0},  # a competency without a score is not known
        scored_answer_count=2,
        flag_count=3,
        language="en",
    )


def test_a_report_without_scores_leaves_them_unknown() -> None:
    assert facts_of(Report(), (), None) == ScreeningFacts()


def test_the_facts_of_a_candidate_come_from_their_file() -> None:
    candidate = Candidate(
        background_check=BackgroundCheck(passed=False),
        written_test=WrittenTest(score=45.0, max_score=60.0),
        resume=Resume(text="...", experience_years=0.0, degree="BSc", skills=("go", "sql")),
    )
    facts = facts_of(REPORT, (), candidate)
    assert facts.background_check == BackgroundCheckFacts(passed=False)
    assert facts.written_test == WrittenTestFacts(score=45.0, share=0.75)
    assert facts.resume == ResumeFacts(experience_years=0.0, degree="BSc", skills=("go", "sql"))


@pytest.mark.parametrize("candidate", [None, Candidate(), Candidate(resume=Resume(), written_test=WrittenTest())])
def test_what_the_file_does_not_tell_is_not_known(candidate: Candidate | None) -> None:
    facts = facts_of(REPORT, (), candidate)
    assert facts.resume == ResumeFacts(experience_years=None, degree=None, skills=())
    assert facts.written_test == WrittenTestFacts(score=None, share=None)
    assert facts.background_check.passed is None


def test_a_background_check_that_runs_is_not_known() -> None:
    assert (
        facts_of(REPORT, (), Candidate(background_check=BackgroundCheck(provider="x"))).background_check.passed is None
    )


def test_a_written_test_is_out_of_100_points_unless_it_tells_otherwise() -> None:
    facts = facts_of(REPORT, (), Candidate(written_test=WrittenTest(score=0.0)))
    assert facts.written_test == WrittenTestFacts(score=0.0, share=0.0)
    assert facts_of(REPORT, (), Candidate(written_test=WrittenTest(score=80.0))).written_test.share == 0.8
