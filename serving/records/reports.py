"""Reports: what the answers of an interview come to together."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from statistics import fmean

from serving.domain import names
from serving.domain.assessment import OverallScore, ScoreStatus
from serving.domain.candidate import Candidate
from serving.domain.interview import Interview
from serving.domain.report import Report, ReportAnswer, ReportCompetency
from serving.domain.role import RoleContent, RoleRevision
from serving.domain.screening import Recommendation, ScreeningRule
from serving.domain.submission import CompetencyResult, Submission
from serving.records import events
from serving.records.ports import Transaction
from serving.records.screening_facts import facts_of
from serving.records.screening_ports import RuleEngine


async def write_report(
    tx: Transaction,
    interview: Interview,
    answers: Sequence[Submission],
    rules: RuleEngine,
    cause: str = "",
    overall: float | None = None,
) -> Report:
    """Store the next report of an interview, with what the screening rules recommend.

    Args:
        interview: locked, so that reports count up by one.
        answers: all of the interview's, each at its end.
        cause: why it follows another report, empty for the first.
        overall: a person's score out of 10, instead of the one that the answers come to.
    """
    revision = await tx.get(RoleRevision, interview.role_revision)
    number = int(names.id_of(interview.report)) + 1 if interview.report else 1
    competencies = competencies_of(revision.content, answers)
    by_question = {answer.question_id: answer for answer in answers}
    report = Report(
        name=f"{interview.name}/reports/{number}",
        candidate=interview.candidate,
        role_revision=interview.role_revision,
        role_display_name=revision.display_name,
        language=interview.language,
        overall=overall_of(competencies) if overall is None else OverallScore(overall, overall, overall),
        competencies=competencies,
        answers=tuple(
            _report_answer(question.question_id, by_question.get(question.question_id))
            for question in interview.questions
        ),
        policy=interview.policy,
        cause=cause,
    )
    report = await tx.insert(dataclasses.replace(report, recommendations=await recommend(tx, report, answers, rules)))
    await tx.emit(events.report_created(report, interview, tx.now))
    return report


async def recommend(
    tx: Transaction, report: Report, answers: Sequence[Submission], rules: RuleEngine
) -> tuple[Recommendation, ...]:
    """What each rule of the tenant that is for the role says of a report."""
    candidate = await tx.find(Candidate, report.candidate)
    facts = facts_of(report, answers, candidate)
    role = names.parent_of(report.role_revision)
    stored = await tx.children(ScreeningRule, f"tenants/{names.tenant_of(report.name)}")
    return tuple(rules.apply(rule, facts) for rule in stored if rule.role in ("", role))


def competencies_of(content: RoleContent, answers: Sequence[Submission]) -> tuple[ReportCompetency, ...]:
    """The role's competencies, each the mean over the answers that scored it.

    The ends of a range are the means of the ends: an answer's range says how far another rater may be from it, and
    raters who are strict with one answer are strict with the next, so ranges do not shrink with answers.
    """
    weights = {one.competency: 1.0 if one.weight is None else one.weight for one in content.competencies}
    total = sum(weights.values())
    return tuple(_competency(name, weight / total, _scored(answers, name)) for name, weight in weights.items())


def overall_of(competencies: Sequence[ReportCompetency]) -> OverallScore:
    """Weighted mean of the competencies that were scored; their weights are taken to sum to one."""
    scored = [one for one in competencies if one.score is not None]
    total = sum(one.weight for one in scored)
    if not scored:
        return OverallScore()

    def mean(values: Sequence[float | None]) -> float:
        return sum(one.weight * (value or 0.0) for one, value in zip(scored, values, strict=True)) / total

    return OverallScore(
        mean([one.score for one in scored]), mean([one.low for one in scored]), mean([one.high for one in scored])
    )


def _competency(name: str, weight: float, scored: Sequence[CompetencyResult]) -> ReportCompetency:
    if not scored:
        return ReportCompetency(name, weight, ScoreStatus.INSUFFICIENT_EVIDENCE.value)
    return ReportCompetency(
        name=name,
        weight=weight,
        status=ScoreStatus.SCORED.value,
        score=fmean(one.score or 0.0 for one in scored),
        low=fmean(one.low or 0.0 for one in scored),
        high=fmean(one.high or 0.0 for one in scored),
        answer_count=len(scored),
    )


def _scored(answers: Sequence[Submission], competency: str) -> list[CompetencyResult]:
    return [
        one
        for answer in answers
        if answer.standing
        for one in answer.standing.competencies
        if one.name == competency and one.status == ScoreStatus.SCORED.value
    ]


def _report_answer(question_id: str, answer: Submission | None) -> ReportAnswer:
    if answer is None:
        return ReportAnswer(question_id, state="unanswered")
    revision = answer.standing.revision if answer.standing else 0
    return ReportAnswer(question_id, answer.name, answer.state.value, revision)
