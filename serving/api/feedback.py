"""What a report's readers get to see beside it: the assessments of its answers, and the candidate's view of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from serving.domain import names
from serving.domain.competency import Language
from serving.domain.interview import Interview
from serving.domain.report import CandidateFeedback, QuestionFeedback, Report
from serving.domain.tenant import Tenant
from serving.records.ports import Transaction
from viva.v1 import assessment_pb2

CONTEST_NOTICE: Final[Mapping[Language, str]] = {
    "en": "If something was misunderstood or looks wrong to you, you can contest the result: say what and why, and a "
    "person will review it.",
    "zh": "如果您认为有内容被误解或结果有误，可以提出异议：请说明是哪一处以及理由，将由人工复核。",
}


async def assessments_of(tx: Transaction, report: Report) -> dict[str, assessment_pb2.Assessment]:
    """The assessments that a report rests on, by name of the answer; what was erased is not there."""
    wanted = [(one.answer, one.assessment_revision) for one in report.answers if one.assessment_revision]
    stored = await tx.assessments(wanted) if wanted else {}
    return {answer: assessment_pb2.Assessment.FromString(body) for (answer, _), body in stored.items()}


async def candidate_feedback(
    tx: Transaction, interview: Interview, report: Report, language: Language
) -> CandidateFeedback:
    """A report as its candidate may see it.

    Args:
        language: of the sentences that are ours; advice and transcripts are in the interview's.
    """
    tenant = await tx.get(Tenant, f"tenants/{names.tenant_of(report.name)}")
    found = await assessments_of(tx, report)
    asked = {question.question_id: question.text for question in interview.questions}
    return CandidateFeedback(
        role_display_name=report.role_display_name,
        language=language,
        questions=tuple(
            _question(one.question_id, asked.get(one.question_id, ""), found.get(one.answer)) for one in report.answers
        ),
        competencies=report.competencies if tenant.scores_shown_to_candidates else (),
        policy=report.policy,
        contest_notice=CONTEST_NOTICE[language],
    )


def _question(question_id: str, text: str, found: assessment_pb2.Assessment | None) -> QuestionFeedback:
    if found is None:
        return QuestionFeedback(question=text, question_id=question_id)
    return QuestionFeedback(text, tuple(found.suggestions), found.transcript.text, question_id)
