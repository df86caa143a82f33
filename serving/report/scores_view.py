"""View of the scores: header, radar and bars, and what each score is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from serving.domain.assessment import Assessment, CompetencyScore
from serving.report.charts import Radar, ScoreBar, Span, Waterfall, radar, waterfall
from serving.report.evidence import EvidenceIndex, is_scored
from serving.report.formats import clock_span, known, number
from serving.report.wording import Wording


@dataclass(frozen=True, slots=True)
class ScoreView:
    """A score with its range, as text and as a bar."""

    score: str
    low: str
    high: str
    bar: ScoreBar


@dataclass(frozen=True, slots=True)
class DimensionView:
    label: str
    score: str
    span: Span


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """A quote with its number, its time (empty when it has none) and the part that it supports.

    `first` marks the first card that shows the number: links from the transcript lead there.
    """

    number: int
    quote: str
    time: str
    supports: str
    in_transcript: bool
    first: bool


@dataclass(frozen=True, slots=True)
class ConcernView:
    """A quote that lowered the score, its time (empty when it has none) and the part that it lowered."""

    quote: str
    time: str
    lowered: str


@dataclass(frozen=True, slots=True)
class CompetencyView:
    """A competency; without a score where the evidence did not suffice, and then `reason` says why."""

    anchor: str
    label: str
    score: ScoreView | None
    reason: str
    waterfall: Waterfall | None
    dimensions: tuple[DimensionView, ...]
    evidence: tuple[EvidenceView, ...]
    concerns: tuple[ConcernView, ...]


@dataclass(frozen=True, slots=True)
class ScoresView:
    """Everything about scores; `radar` is None with fewer than three scored competencies."""

    overall: ScoreView | None
    scored: int
    asked: int
    competencies: tuple[CompetencyView, ...]
    radar: Radar | None
    radar_text: str


def score_view(score: float | None, low: float | None, high: float | None) -> ScoreView | None:
    """View of a score; a missing bound of the range falls on the score itself."""
    if score is None or known(score) is None:
        return None
    bottom = score if low is None or known(low) is None else low
    top = score if high is None or known(high) is None else high
    return ScoreView(number(score), number(bottom), number(top), ScoreBar.of(score, bottom, top))


def scores_view(assessment: Assessment, evidence: EvidenceIndex, t: Wording, prefix: str) -> ScoresView:
    """View of the overall score and of every asked competency, in the order in which they were asked.

    Args:
        prefix: of the page's ids.
    """
    views = tuple(
        _competency(f"{prefix}competency-{index}", item, evidence, t)
        for index, item in enumerate(assessment.competencies, start=1)
    )
    scored = [
        (view.label, item.score, *_range(item))
        for view, item in zip(views, assessment.competencies, strict=True)
        if view.score is not None and item.score is not None
    ]
    overall = assessment.overall
    return ScoresView(
        overall=score_view(overall.score, overall.low, overall.high),
        scored=len(scored),
        asked=len(views),
        competencies=views,
        radar=radar(scored),
        radar_text=listed([(label, number(score)) for label, score, _, _ in scored], t),
    )


def _range(item: CompetencyScore) -> tuple[float, float]:
    score = item.score or 0.0
    low = score if item.low is None or known(item.low) is None else item.low
    high = score if item.high is None or known(item.high) is None else item.high
    return low, high


def listed(pairs: Sequence[tuple[str, str]], t: Wording) -> str:
    """The values of a chart as text, for readers who do not see it."""
    return " ".join(t("value_pair", name=name, score=value) for name, value in pairs)


def _competency(anchor: str, item: CompetencyScore, evidence: EvidenceIndex, t: Wording) -> CompetencyView:
    score = score_view(item.score, item.low, item.high) if is_scored(item) else None
    return CompetencyView(
        anchor=anchor,
        label=t.name("competency", item.name),
        score=score,
        reason=t.name("reason", item.reason) if item.reason else "",
        waterfall=_waterfall(item, t) if score is not None else None,
        dimensions=tuple(
            DimensionView(t.name("dimension", side.name), number(side.score), Span.of(0.0, side.score))
            for side in item.dimensions
            if score is not None and known(side.score) is not None
        ),
        evidence=tuple(
            EvidenceView(
                number=evidence.number(quote),
                quote=quote.quote,
                time=clock_span(quote.start_offset_s, quote.end_offset_s),
                supports=t.part(quote.contribution) if quote.contribution else "",
                in_transcript=evidence.found(quote),
                first=evidence.first(quote),
            )
            for quote in (item.evidence if score is not None else ())
        ),
        concerns=tuple(
            ConcernView(
                quote.quote,
                clock_span(quote.start_offset_s, quote.end_offset_s),
                t.part(quote.contribution) if quote.contribution else "",
            )
            for quote in (item.concerns if score is not None else ())
        ),
    )


def _waterfall(item: CompetencyScore, t: Wording) -> Waterfall | None:
    parts = [
        (part.name, t.part(part.name), part.points) for part in item.contributions if known(part.points) is not None
    ]
    return waterfall(parts, item.score) if parts and item.score is not None else None
