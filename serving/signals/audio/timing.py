"""Pauses, rate, and the delivery facts put together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from serving.domain.competency import Language
from serving.domain.facts import Delivery, Filler, Interval
from serving.domain.transcript import Transcript
from serving.signals.audio.prosody import Prosody
from serving.signals.text.units import units

MIN_PAUSE_S: Final = 0.5  # a listener takes a silence of half a second for a pause
_MIN_ARTICULATED_S: Final = 1.0  # a rate over less speech is noise

_RATE_UNIT: Final[dict[Language, str]] = {"en": "words_per_minute", "zh": "characters_per_minute"}


def pauses(regions: Sequence[Interval], min_pause_s: float = MIN_PAUSE_S) -> tuple[Interval, ...]:
    """Silences of at least `min_pause_s` between neighbouring regions of speech."""
    gaps = [Interval(before.end_offset_s, after.start_offset_s) for before, after in pairwise(regions)]
    return tuple(gap for gap in gaps if gap.duration_s >= min_pause_s)


def articulated_s(regions: Sequence[Interval]) -> float:
    """Seconds of speech."""
    return sum(region.duration_s for region in regions)


def pause_ratio(regions: Sequence[Interval]) -> float | None:
    """Silence between the first and the last speech over that stretch, 0..1; None without speech."""
    if not regions:
        return None
    stretch_s = regions[-1].end_offset_s - regions[0].start_offset_s
    if stretch_s <= 0:
        return None
    return min(1.0, max(0.0, 1.0 - articulated_s(regions) / stretch_s))


def delivery_of_text(transcript: Transcript, fillers: Sequence[Filler]) -> Delivery:
    """What a written answer has of a delivery: its words and fillers."""
    return Delivery(
        word_count=len(units(transcript.text)),
        filler_count=len(fillers),
        fillers=tuple(fillers),
        speech_rate_unit=_RATE_UNIT[transcript.language],
    )


def delivery_of_speech(
    transcript: Transcript,
    fillers: Sequence[Filler],
    regions: Sequence[Interval],
    duration_s: float,
    prosody: Prosody | None,
) -> Delivery:
    """How a spoken answer was delivered.

    Args:
        regions: stretches of speech; empty for silence.
        duration_s: length of the whole answer.
        prosody: None when it was not measured.
    """
    word_count = len(units(transcript.text))
    spoken_s = articulated_s(regions)
    between = pauses(regions)
    measured = prosody or Prosody()
    rated = word_count > 0 and spoken_s >= _MIN_ARTICULATED_S
    return Delivery(
        word_count=word_count,
        filler_count=len(fillers),
        fillers=tuple(fillers),
        speech_rate=60 * word_count / spoken_s if rated else None,
        speech_rate_unit=_RATE_UNIT[transcript.language],
        duration_s=duration_s,
        articulated_s=spoken_s,
        pause_count=len(between),
        pause_ratio=pause_ratio(regions),
        longest_pause_s=max((pause.duration_s for pause in between), default=0.0) if regions else None,
        pauses=between,
        pitch_median_hz=measured.pitch_median_hz,
        pitch_variation_semitones=measured.pitch_variation_semitones,
        energy_variation_db=measured.energy_variation_db,
        word_probability=float(np.mean([word.probability for word in transcript.words])) if transcript.words else None,
    )
