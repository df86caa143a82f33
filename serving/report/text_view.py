"""View of the words: STAR timeline and table, transcript with its marks, keywords and coherence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from serving.domain.assessment import Assessment
from serving.domain.competency import StarRole
from serving.domain.transcript import Sentence, StarSentence
from serving.report.charts import Span
from serving.report.evidence import EvidenceIndex
from serving.report.formats import clock, clock_span, known, number, percent
from serving.report.highlight import Group, Marks, Range, TextMap, doubted_words, lines_of
from serving.report.timeline import Block, Timeline, position_ticks, time_ticks, timeline
from serving.report.wording import Wording

_LANES: Final = tuple(StarRole)


@dataclass(frozen=True, slots=True)
class StarRow:
    """A sentence of the STAR table; `place` is its time, or its share of the text."""

    letter: str
    label: str
    place: str
    confidence: str
    text: str


@dataclass(frozen=True, slots=True)
class StarView:
    """`chart` is None without sentences; `missing` pairs an absent part with what it should hold."""

    chart: Timeline | None
    by_time: bool
    chart_text: str
    rows: tuple[StarRow, ...]
    complete: bool
    missing: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class LineView:
    """A sentence of the transcript; `letter` is empty where its STAR part is unknown."""

    time: str
    letter: str
    label: str
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class TranscriptView:
    lines: tuple[LineView, ...]
    spoken: bool
    has_evidence: bool
    has_fillers: bool
    has_doubts: bool


@dataclass(frozen=True, slots=True)
class Likeness:
    """A coherence value with what it means."""

    label: str
    help: str
    value: str
    span: Span


def star_view(assessment: Assessment, duration_s: float | None, t: Wording) -> StarView:
    """Place every sentence by its time, or by its share of the text when one has no time."""
    sentences = assessment.star.sentences
    by_time = bool(duration_s) and all(_timed(sentence) for sentence in sentences)
    total = duration_s if by_time and duration_s else float(sum(len(s.text) for s in sentences))
    places = _time_places(sentences) if by_time else _text_places(sentences)
    rows = tuple(
        StarRow(
            letter=sentence.role.value,
            label=t.name("star", sentence.role.value),
            place=clock_span(*place) if by_time else _shares(place, total),
            confidence=percent(sentence.probability),
            text=sentence.text,
        )
        for sentence, place in zip(sentences, places, strict=True)
    )
    lanes = [
        (
            t.name("star", role.value),
            role.value.lower(),
            [
                Block(Span.of(*place, 0.0, total), f"{row.place} · {row.label}")
                for sentence, place, row in zip(sentences, places, rows, strict=True)
                if sentence.role is role
            ],
        )
        for role in _LANES
    ]
    counts = " ".join(t("star_count", role=label, count=str(len(blocks))) for label, _, blocks in lanes)
    ticks = time_ticks(total) if by_time else position_ticks()
    return StarView(
        chart=timeline(lanes, ticks) if rows and total > 0 else None,
        by_time=by_time,
        chart_text=t("star_chart_time" if by_time else "star_chart_text", values=counts),
        rows=rows,
        complete=assessment.star.complete,
        missing=tuple(_missing(name, t) for name in assessment.star.missing),
    )


def _timed(sentence: StarSentence) -> bool:
    return known(sentence.start_offset_s) is not None and known(sentence.end_offset_s) is not None


def _time_places(sentences: Sequence[StarSentence]) -> list[tuple[float, float]]:
    return [(s.start_offset_s or 0.0, s.end_offset_s or 0.0) for s in sentences]


def _text_places(sentences: Sequence[StarSentence]) -> list[tuple[float, float]]:
    places, cursor = [], 0
    for sentence in sentences:
        places.append((float(cursor), float(cursor + len(sentence.text))))
        cursor += len(sentence.text)
    return places


def _shares(place: tuple[float, float], total: float) -> str:
    return f"{percent(place[0] / total)}–{percent(place[1] / total)}" if total > 0 else ""


def _missing(name: str, t: Wording) -> tuple[str, str]:
    letter = name[:1].upper()
    help_text = t.groups["star_help"].get(letter, "") if t.groups["star"].get(name) else ""
    return t.name("star", name), help_text


def transcript_view(assessment: Assessment, text: TextMap, evidence: EvidenceIndex, t: Wording) -> TranscriptView:
    """Lines of the transcript with evidence, fillers and doubted words marked, and the STAR part of each."""
    marks = Marks(evidence.ranges, _fillers(assessment, text), doubted_words(text.words))
    lines = lines_of(assessment.transcript)
    roles = _roles(lines, assessment.star.sentences)
    return TranscriptView(
        lines=tuple(
            LineView(
                time=clock(line.start_offset_s) if line.start_offset_s is not None else "",
                letter=role.value if role else "",
                label=t.name("star", role.value) if role else "",
                groups=marks.groups(text.text, line.start, line.end),
            )
            for line, role in zip(lines, roles, strict=True)
        ),
        spoken=assessment.media.kind != "text",
        has_evidence=bool(marks.evidence),
        has_fillers=bool(marks.fillers),
        has_doubts=bool(marks.doubted),
    )


def _fillers(assessment: Assessment, text: TextMap) -> tuple[Range, ...]:
    found: list[Range] = []
    for filler in assessment.delivery.fillers:
        place = text.find(filler.text, filler.start_offset_s, taken=found)
        if place is not None:
            found.append(place)
    return tuple(found)


def _roles(lines: Sequence[Sentence], sentences: Sequence[StarSentence]) -> list[StarRole | None]:
    """STAR part of each line: both run along the answer, so a repeated sentence takes the next one's part."""
    roles: list[StarRole | None] = []
    cursor = 0
    for line in lines:
        match = next((i for i in range(cursor, len(sentences)) if _same(sentences[i].text, line.text)), None)
        roles.append(sentences[match].role if match is not None else None)
        cursor = cursor if match is None else match + 1
    return roles


def _same(first: str, second: str) -> bool:
    return first.split() == second.split()


def keyword_view(assessment: Assessment) -> tuple[tuple[str, int], ...]:
    """Keywords in order with the number of their mentions."""
    counts = Counter(mention.text.casefold() for mention in assessment.keyword_mentions)
    return tuple((keyword, counts[keyword.casefold()]) for keyword in assessment.keywords)


def coherence_view(assessment: Assessment, t: Wording) -> tuple[Likeness, ...]:
    """The coherence values that are known."""
    detail = assessment.coherence_detail
    values = (
        ("overall", detail.overall if detail.overall is not None else assessment.coherence),
        ("question", detail.question),
        ("sentences", detail.sentences),
    )
    return tuple(
        Likeness(
            t(f"coherence_{name}"),
            t(f"coherence_{name}_help"),
            number(value, 2),
            Span.of(0.0, value, 0.0, 1.0),
        )
        for name, value in values
        if value is not None and known(value) is not None
    )
