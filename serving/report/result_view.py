"""What the recruiter's and the candidate's page have in common: competencies over all answers, and the policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from serving.domain.answer import Modality
from serving.domain.policy import PolicyDecision
from serving.domain.report import ReportCompetency
from serving.report.formats import percent
from serving.report.scores_view import ScoreView, score_view
from serving.report.wording import Wording


@dataclass(frozen=True, slots=True)
class CompetencyRow:
    """A competency over all answers to its questions; without a score where there was too little to judge."""

    label: str
    weight: str
    score: ScoreView | None
    answers: str


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """Whether a signal may be looked at; `state` is `ran` or `skipped`, `source` the provision that says so."""

    label: str
    state: str
    state_label: str
    reason: str
    source: str


@dataclass(frozen=True, slots=True)
class PolicyView:
    rows: tuple[PolicyRow, ...]
    facts: tuple[tuple[str, str], ...]


def competency_rows(competencies: Sequence[ReportCompetency], t: Wording) -> tuple[CompetencyRow, ...]:
    """Rows in the order of the role."""
    return tuple(
        CompetencyRow(
            label=t.name("competency", one.name),
            weight=percent(one.weight),
            score=score_view(one.score, one.low, one.high),
            answers=str(one.answer_count),
        )
        for one in competencies
    )


def policy_view(policy: PolicyDecision, t: Wording) -> PolicyView:
    """What may be looked at, for how long it is kept, and whose law decided."""
    facts = (
        (t("jurisdictions"), ", ".join(one.upper() for one in policy.jurisdictions) or t("jurisdictions_none")),
        (t("media_kept"), t("days", count=str(policy.media_retention_days))),
        (t("report_kept"), t("days", count=str(policy.report_retention_days))),
    )
    return PolicyView(tuple(_row(policy, modality.value, t) for modality in Modality), facts)


def _row(policy: PolicyDecision, modality: str, t: Wording) -> PolicyRow:
    label = t.name("modality", modality)
    denied = next((one for one in policy.denied if one.modality == modality), None)
    if denied is None:
        return PolicyRow(label, "ran", t("allowed"), t("allowed_why"), "")
    # Where no jurisdiction decided, the source is a document of ours, of no use to a reader of the page.
    source = f"{denied.jurisdiction.upper()} · {denied.source}" if denied.jurisdiction else ""
    return PolicyRow(label, "skipped", t("denied"), t.name("reason", denied.reason), source)
