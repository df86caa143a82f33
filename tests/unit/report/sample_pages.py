"""A report and a candidate's feedback with everything on them."""

from __future__ import annotations

from datetime import UTC, datetime

from serving.domain.assessment import Assessment, OverallScore
from serving.domain.pages import AnswerShown, FeedbackPage, InterviewPage
from serving.domain.policy import DeniedByPolicy, PolicyDecision
from serving.domain.report import (
    CandidateFeedback,
    Contest,
    ContestState,
    Decision,
    Outcome,
    QuestionFeedback,
    Report,
    ReportAnswer,
    ReportCompetency,
    Review,
    Verdict,
)
from serving.domain.screening import Clause, Recommendation

INTERVIEW = "tenants/acme/interviews/i1"
_WHEN = datetime(2026, 11, 25, 14, 30, tzinfo=UTC)

POLICY = PolicyDecision(
    jurisdictions=("eu",),
    denied=(
        DeniedByPolicy("expression", "forbidden_in_jurisdiction", "eu", "Regulation (EU) 2024/1689, Art. 5(1)(f)"),
    ),
    media_retention_days=90,
    report_retention_days=365,
)

COMPETENCIES = (
    ReportCompetency("communication", 0.4, "scored", 7.3, 6.1, 8.4, 2),
    ReportCompetency("teamwork", 0.3, "scored", 6.2, 5.0, 7.5, 1),
    ReportCompetency("problem_solving", 0.2, "scored", 8.1, 7.2, 9.0, 1),
    ReportCompetency("leadership", 0.1, "insufficient_evidence"),
)

RULE = Recommendation(
    rule="tenants/acme/screeningRules/strong",
    display_name="Strong and cleared",
    expression="report.overall >= 7.0 && background_check.passed",
    recommends="review",
    value="unknown",
    clauses=(
        Clause("report.overall >= 7.0", "true", ("report.overall = 7.1",)),
        Clause("background_check.passed", "unknown", ("background_check.passed is not known",)),
    ),
)


def interview_page(*assessments: Assessment, **changes: object) -> InterviewPage:
    """A report over these answers, and over a question that was not answered."""
    shown = tuple(
        AnswerShown(f"{INTERVIEW}/answers/q{index}", one.question, one.competencies[0].name, "scored", one)
        for index, one in enumerate(assessments, start=1)
    )
    report = Report(
        name=f"{INTERVIEW}/reports/2",
        candidate="tenants/acme/candidates/c-4711",
        role_revision="tenants/acme/roles/clerk/revisions/1",
        role_display_name="Bank clerk",
        language="en",
        overall=OverallScore(7.1, 6.0, 8.2),
        competencies=COMPETENCIES,
        answers=tuple(ReportAnswer(f"q{index}", one.answer, one.state, 1) for index, one in enumerate(shown, start=1)),
        recommendations=(RULE,),
        policy=POLICY,
        cause="review:k1",
        create_time=_WHEN,
    )
    review = Review(Verdict.CORRECTED, "The recording says so.", "j.doe", "I led it.", None, report.name, _WHEN)
    values: dict[str, object] = {
        "report": report,
        "newest": True,
        "answers": (*shown, AnswerShown("", "What would you do differently today?", "leadership", "unanswered")),
        "decisions": (
            Decision(
                f"{INTERVIEW}/decisions/d1",
                Outcome.HOLD,
                "Waits for the check.",
                "m.mustermann",
                report.name,
                (),
                _WHEN,
            ),
        ),
        "contests": (
            Contest(
                f"{INTERVIEW}/contests/k1",
                f"{INTERVIEW}/reports/1",
                f"{INTERVIEW}/answers/q1",
                "I said “led”, not “let”.",
                ContestState.REVIEWED,
                review,
                _WHEN,
            ),
            Contest(f"{INTERVIEW}/contests/k2", report.name, "", "My microphone was broken.", create_time=_WHEN),
        ),
    }
    return InterviewPage(**{**values, **changes})  # type: ignore[arg-type]


def feedback_page(*assessments: Assessment, scores: bool = True, **changes: object) -> FeedbackPage:
    """A candidate's feedback on these answers, and on a question that was not answered."""
    questions = (
        *(
            QuestionFeedback(one.question, one.suggestions, one.transcript.text, f"q{index}")
            for index, one in enumerate(assessments, start=1)
        ),
        QuestionFeedback("What would you do differently today?", question_id="q9"),
    )
    feedback = CandidateFeedback(
        role_display_name="Bank clerk",
        language="en",
        questions=questions,
        competencies=COMPETENCIES if scores else (),
        policy=POLICY,
        contest_notice="You can contest it.",
    )
    return FeedbackPage(**{"feedback": feedback, "newest": True, "token": "abc.def", **changes})  # type: ignore[arg-type]
