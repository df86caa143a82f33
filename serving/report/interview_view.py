"""From a report to everything that the recruiter's page prints: the templates only place it."""

from __future__ import annotations

from dataclasses import dataclass

from serving.domain import names
from serving.domain.pages import AnswerShown, InterviewPage
from serving.domain.report import Contest, Decision, Report
from serving.domain.screening import Recommendation
from serving.report.charts import Radar, radar
from serving.report.formats import moment, number
from serving.report.result_view import CompetencyRow, PolicyView, competency_rows, policy_view
from serving.report.scores_view import ScoreView, listed, score_view
from serving.report.viewmodel import ReportView, build_view, tag_of
from serving.report.wording import Wording


@dataclass(frozen=True, slots=True)
class ClauseView:
    """A part of a rule; `value` is `true`, `false` or `unknown`."""

    expression: str
    value: str
    value_label: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuleView:
    name: str
    expression: str
    recommends: str
    value: str
    value_label: str
    clauses: tuple[ClauseView, ...]


@dataclass(frozen=True, slots=True)
class DecisionView:
    outcome: str
    facts: tuple[tuple[str, str], ...]
    reason: str


@dataclass(frozen=True, slots=True)
class ContestView:
    """A contest and its review; `verdict` is empty while it waits for one."""

    about: str
    time: str
    statement: str
    state: str
    verdict: str
    facts: tuple[tuple[str, str], ...]
    reason: str


@dataclass(frozen=True, slots=True)
class AnswerSection:
    """One answer; `view` is None where there is no assessment."""

    anchor: str
    question: str
    lang: str
    label: str
    state: str
    score: str
    view: ReportView | None


@dataclass(frozen=True, slots=True)
class InterviewView:
    """The page; `notices` say what a reader must know before the scores."""

    lang: str
    title: str
    role: str
    meta: tuple[tuple[str, str], ...]
    notices: tuple[str, ...]
    overall: ScoreView | None
    scored: int
    competencies: tuple[CompetencyRow, ...]
    radar: Radar | None
    radar_text: str
    rules: tuple[RuleView, ...]
    policy: PolicyView
    decisions: tuple[DecisionView, ...]
    contests: tuple[ContestView, ...]
    answers: tuple[AnswerSection, ...]


def build_interview_view(page: InterviewPage, t: Wording) -> InterviewView:
    """View of a page in the language of `t`."""
    report = page.report
    scored = [
        (
            t.name("competency", one.name),
            one.score,
            one.score if one.low is None else one.low,
            one.score if one.high is None else one.high,
        )
        for one in report.competencies
        if one.score is not None
    ]
    return InterviewView(
        lang=t.tag,
        title=f"{t('interview_title')} · {report.role_display_name}",
        role=report.role_display_name,
        meta=_meta(report, t),
        notices=tuple(_notices(page, t)),
        overall=score_view(report.overall.score, report.overall.low, report.overall.high),
        scored=len(scored),
        competencies=competency_rows(report.competencies, t),
        radar=radar(scored),
        radar_text=listed([(label, number(score)) for label, score, _, _ in scored], t),
        rules=tuple(_rule(one, t) for one in report.recommendations),
        policy=policy_view(report.policy, t),
        decisions=tuple(_decision(one, t) for one in page.decisions),
        contests=tuple(_contest(one, page, t) for one in page.contests),
        answers=tuple(_answer(index, one, report, t) for index, one in enumerate(page.answers, start=1)),
    )


def _meta(report: Report, t: Wording) -> tuple[tuple[str, str], ...]:
    return (
        (t("candidate"), names.id_of(report.candidate)),
        (t("date"), moment(report.create_time)),
        (t("language"), t.name("answer_language", report.language)),
        (t("report"), names.id_of(report.name)),
    )


def _notices(page: InterviewPage, t: Wording) -> list[str]:
    notices = [] if page.newest else [t("not_newest")]
    causes = page.report.cause.split(",")
    verdicts = [
        one.review.verdict.value
        for one in page.contests
        if f"review:{names.id_of(one.name)}" in causes and one.review and one.review.verdict
    ]
    retries = ["retry"] if any(cause.startswith("retry:") for cause in causes) else []
    return notices + [t.name("follows", word) for word in (*verdicts, *retries)]


def _rule(one: Recommendation, t: Wording) -> RuleView:
    clauses = tuple(
        ClauseView(clause.expression, clause.value, t.name("rule_value", clause.value), clause.facts)
        for clause in one.clauses
    )
    name = one.display_name or names.id_of(one.rule)
    recommends = t.name("recommends", one.recommends)
    return RuleView(name, one.expression, recommends, one.value, t.name("rule_value", one.value), clauses)


def _decision(one: Decision, t: Wording) -> DecisionView:
    facts = (
        (t("decider"), one.decider),
        (t("date"), moment(one.create_time)),
        (t("report"), names.id_of(one.report)),
    )
    return DecisionView(t.name("outcome", one.outcome.value if one.outcome else ""), facts, one.reason)


def _contest(one: Contest, page: InterviewPage, t: Wording) -> ContestView:
    question = next((shown.question for shown in page.answers if one.answer and shown.answer == one.answer), "")
    about = question or (t("one_answer") if one.answer else t("whole_report"))
    review = one.review
    state = t.name("contest_state", one.state.value)
    if review is None or review.verdict is None:
        return ContestView(about, moment(one.create_time), one.statement, state, "", (), "")
    facts = [(t("reviewer"), review.reviewer), (t("date"), moment(review.create_time))]
    if review.overruled_score is not None:
        facts.append((t("overall"), number(review.overruled_score)))
    if review.report:
        facts.append((t("following_report"), names.id_of(review.report)))
    verdict = t.name("verdict", review.verdict.value)
    return ContestView(about, moment(one.create_time), one.statement, state, verdict, tuple(facts), review.reason)


def _answer(index: int, one: AnswerShown, report: Report, t: Wording) -> AnswerSection:
    found = one.assessment
    return AnswerSection(
        anchor=f"answer-{index}",
        question=one.question or t("no_question"),
        lang=tag_of(found.language if found else report.language, t) if one.question else t.tag,
        label=t.name("competency", one.competency) if one.competency else "",
        state=t.name("answer_state", one.state),
        score=number(found.overall.score) if found and found.overall.score is not None else "",
        view=build_view(found, t, f"a{index}-") if found else None,
    )
