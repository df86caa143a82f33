"""View of delivery and of behaviour on camera: tiles with units and plain words, lanes, and their tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from serving.domain.assessment import Assessment
from serving.domain.facts import Delivery, Filler, Interval
from serving.report.charts import Span
from serving.report.formats import clock, known, number, percent
from serving.report.timeline import Block, Curve, Timeline, curve, interval_blocks, time_ticks, timeline
from serving.report.wording import Wording

_FILLER_TICK: Final = 0.006  # share of the width of a filler's mark: a real one is too short to be seen

# Signals to which a competency model may give points, by what they are facts of.
DELIVERY_SIGNALS: Final = frozenset({"pace", "fluency", "steadiness"})
BEHAVIOR_SIGNALS: Final = frozenset({"eye_contact", "smile", "gesture"})


@dataclass(frozen=True, slots=True)
class Tile:
    """One fact: `value` with its `unit`, and what it means in plain words."""

    label: str
    value: str
    unit: str
    help: str


@dataclass(frozen=True, slots=True)
class StretchRow:
    """A row of the table beside a timeline."""

    what: str
    start: str
    end: str
    seconds: str


@dataclass(frozen=True, slots=True)
class CurveView:
    """The friendliness curve and its text."""

    curve: Curve
    text: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class FactsView:
    """A section of facts. `chart` is None when no fact has a place in time."""

    intro: str
    tiles: tuple[Tile, ...]
    chart: Timeline | None
    chart_text: str
    rows: tuple[StretchRow, ...]
    in_score: bool
    curve: CurveView | None = None


def delivery_view(assessment: Assessment, duration_s: float | None, t: Wording) -> FactsView:
    """Facts of the voice; of a written answer only what can be counted in its words."""
    delivery = assessment.delivery
    spoken = delivery.duration_s is not None or delivery.speech_rate is not None
    timed = [f for f in delivery.fillers if f.start_offset_s is not None]
    chart = None
    if duration_s and (delivery.pauses or timed):
        lanes = [
            (t("pauses"), "pause", interval_blocks(delivery.pauses, duration_s)),
            (t("fillers"), "filler", _filler_blocks(timed, duration_s)),
        ]
        chart = timeline(lanes, time_ticks(duration_s))
    intro = "delivery_intro" if spoken else "delivery_intro_text"
    return FactsView(
        intro=t(intro if delivery.word_count else "delivery_none"),
        tiles=tuple(_delivery_tiles(delivery, spoken, assessment.language, t)),
        chart=chart,
        chart_text=t("delivery_chart_desc", pauses=str(len(delivery.pauses)), fillers=str(len(timed))),
        rows=_rows([(t("pause"), delivery.pauses)]) + tuple(_filler_row(filler) for filler in timed),
        in_score=_in_score(assessment, DELIVERY_SIGNALS),
    )


def _delivery_tiles(delivery: Delivery, spoken: bool, language: str, t: Wording) -> list[Tile]:
    unit_of_text = t("u_characters" if language == "zh" else "u_words")
    rate_unit = "m_rate_characters" if delivery.speech_rate_unit.startswith("char") else "m_rate_words"
    tiles = [
        _tile(t, "m_rate", delivery.speech_rate, 0, t(rate_unit)),
        Tile(t("m_words"), str(delivery.word_count), unit_of_text, t("m_words_help")),
    ]
    if delivery.articulated_s is not None:
        total = number(delivery.duration_s)
        spoken_of = t("m_spoken_of", total=total) if delivery.duration_s is not None else t("u_seconds")
        tiles.append(_tile(t, "m_spoken", delivery.articulated_s, 1, spoken_of))
    if spoken:
        tiles.append(Tile(t("m_pauses"), str(delivery.pause_count), "", t("m_pauses_help")))
    tiles += [
        _share_tile(t, "m_pause_share", delivery.pause_ratio),
        _tile(t, "m_longest", delivery.longest_pause_s, 1, t("u_seconds")),
        Tile(t("m_fillers"), str(delivery.filler_count), "", t("m_fillers_help")),
        _tile(t, "m_pitch", delivery.pitch_median_hz, 0, t("u_hertz")),
        _tile(t, "m_pitch_var", delivery.pitch_variation_semitones, 1, t("u_semitones")),
        _tile(t, "m_energy", delivery.energy_variation_db, 1, t("u_decibel")),
        _share_tile(t, "m_asr", delivery.word_probability),
    ]
    return [] if delivery.word_count == 0 else [tile for tile in tiles if tile is not None]


def behavior_view(assessment: Assessment, duration_s: float | None, t: Wording) -> FactsView:
    """Facts of the picture; none at all when no face was seen, as then there is nothing to count."""
    behavior = assessment.behavior
    if behavior.frame_count == 0 or not behavior.face_ratio:
        intro = t("behavior_none" if behavior.face_ratio is None else "behavior_no_face")
        return FactsView(intro, (), None, "", (), _in_score(assessment, BEHAVIOR_SIGNALS))
    smiles, away = behavior.smile.intervals, behavior.gaze.away_intervals
    gestures = behavior.gesture.intervals
    named = [(t("lane_smile"), smiles), (t("lane_away"), away), (t("lane_gesture"), gestures)]
    chart = None
    if duration_s and (smiles or away or gestures):
        kinds = ("smile", "away", "gesture")
        lanes = [
            (label, kind, interval_blocks(stretches, duration_s))
            for (label, stretches), kind in zip(named, kinds, strict=True)
        ]
        chart = timeline(lanes, time_ticks(duration_s))
    return FactsView(
        intro=t("behavior_intro"),
        tiles=tuple(_behavior_tiles(assessment, t)),
        chart=chart,
        chart_text=t(
            "behavior_chart_desc",
            smiles=str(len(smiles)),
            away=str(len(away)),
            gestures=str(len(gestures)),
        ),
        rows=_rows(named),
        in_score=_in_score(assessment, BEHAVIOR_SIGNALS),
        curve=_curve(assessment, duration_s, t),
    )


def _behavior_tiles(assessment: Assessment, t: Wording) -> list[Tile]:
    behavior, head = assessment.behavior, assessment.behavior.head_movement
    tiles = [
        _share_tile(t, "m_face", behavior.face_ratio),
        Tile(t("m_smiles"), str(behavior.smile.count), "", t("m_smiles_help")),
        _tile(t, "m_smile_time", behavior.smile.total_seconds, 1, t("u_seconds")),
        _share_tile(t, "m_away", behavior.gaze.away_ratio),
        _tile(t, "m_head", head.speed_deg_per_s, 1, t("u_deg_per_s")),
        _tile(t, "m_head_yaw", head.yaw_deg, 1, t("u_deg"), "m_head_axis_help"),
        _tile(t, "m_head_pitch", head.pitch_deg, 1, t("u_deg"), "m_head_axis_help"),
        _tile(t, "m_head_roll", head.roll_deg, 1, t("u_deg"), "m_head_axis_help"),
        _tile(t, "m_gesture", behavior.gesture.amplitude, 2, t("u_shoulders")),
    ]
    return [tile for tile in tiles if tile is not None]


def _tile(t: Wording, key: str, value: float | None, digits: int, unit: str, help_key: str = "") -> Tile | None:
    """Tile of a number, or nothing where there is no number: an absent fact is never shown as zero."""
    if known(value) is None:
        return None
    return Tile(t(key), number(value, digits), unit, t(help_key or f"{key}_help"))


def _share_tile(t: Wording, key: str, ratio: float | None) -> Tile | None:
    return None if known(ratio) is None else Tile(t(key), percent(ratio), "", t(f"{key}_help"))


def _filler_blocks(fillers: Sequence[Filler], duration_s: float) -> tuple[Block, ...]:
    least = duration_s * _FILLER_TICK
    blocks = []
    for filler in fillers:
        start = filler.start_offset_s or 0.0
        end = max(filler.end_offset_s or start, start + least)
        blocks.append(Block(Span.of(start, end, 0.0, duration_s), f"{clock(start)} · {filler.text}"))
    return tuple(blocks)


def _filler_row(filler: Filler) -> StretchRow:
    start, end = filler.start_offset_s, filler.end_offset_s
    length = number(end - start) if start is not None and end is not None else ""
    return StretchRow(filler.text, clock(start), clock(end) if end is not None else "", length)


def _rows(named: Sequence[tuple[str, Sequence[Interval]]]) -> tuple[StretchRow, ...]:
    return tuple(
        StretchRow(label, clock(item.start_offset_s), clock(item.end_offset_s), number(item.duration_s))
        for label, stretches in named
        for item in stretches
    )


def _curve(assessment: Assessment, duration_s: float | None, t: Wording) -> CurveView | None:
    points = assessment.behavior.friendliness
    if len(points) < 2 or not duration_s:
        return None
    drawn = curve(points, duration_s)
    values = [value for _, value in drawn.rows]
    text = t(
        "friendliness_desc",
        first=percent(values[0]),
        last=percent(values[-1]),
        low=percent(min(values)),
        high=percent(max(values)),
    )
    return CurveView(drawn, text, tuple((at, percent(value)) for at, value in drawn.rows))


def _in_score(assessment: Assessment, signals: frozenset[str]) -> bool:
    """Whether a contribution of any competency comes from one of `signals`."""
    names = {f"signal_{name}" for name in signals}
    return any(part.name in names for competency in assessment.competencies for part in competency.contributions)
