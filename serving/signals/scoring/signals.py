"""Facts of delivery and behaviour as values 0..1, for roles whose competency model gives them points.

By default nothing here is used: voice and face say little about competence (Hickman et al. 2022) and much about
disability, culture and equipment. Where a role asks for it, each value is 1 in the usual range of fluent interview
speech and falls to 0 outside; the bounds are conventions, not findings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from serving.domain.assessment import Contribution
from serving.domain.competency import SignalWeight
from serving.domain.facts import Behavior, Delivery

# Words or characters a minute of speech: 0 below the first and above the last, 1 between the middle two.
_PACE: Final = {"words_per_minute": (60.0, 110.0, 180.0, 260.0), "characters_per_minute": (100.0, 180.0, 300.0, 420.0)}
_FILLERS_PER_UNIT: Final = 0.1  # fillers a word or character at which fluency is 0
_PAUSE_RATIO: Final = 0.5  # share of silence at which steadiness is 0
_SMILE_RATIO: Final = 0.3  # share of time smiling from which the value is 1
SAMPLES_PER_S: Final = 3.0  # pictures that are looked at, see `DecodeConfig`
_GESTURE: Final = 1.0  # shoulder widths a second from which the value is 1


def signal_values(delivery: Delivery, behavior: Behavior) -> dict[str, float]:
    """The values that are known, by names of `SIGNALS`; a text answer has none, sound alone none of the picture's."""
    found: dict[str, float] = {}
    if delivery.speech_rate is not None and delivery.speech_rate_unit in _PACE:
        found["pace"] = _trapezoid(delivery.speech_rate, _PACE[delivery.speech_rate_unit])
    if delivery.duration_s is not None and delivery.word_count:
        found["fluency"] = _clip(1.0 - delivery.filler_count / delivery.word_count / _FILLERS_PER_UNIT)
    if delivery.pause_ratio is not None:
        found["steadiness"] = _clip(1.0 - delivery.pause_ratio / _PAUSE_RATIO)
    if behavior.gaze.away_ratio is not None:
        found["eye_contact"] = _clip(1.0 - behavior.gaze.away_ratio)
    if behavior.face_ratio and behavior.frame_count:
        looked_at_s = behavior.frame_count / SAMPLES_PER_S
        found["smile"] = _clip(behavior.smile.total_seconds / looked_at_s / _SMILE_RATIO)
    if behavior.gesture.amplitude is not None:
        found["gesture"] = _clip(behavior.gesture.amplitude / _GESTURE)
    return found


def signal_contributions(
    competency: str, weights: Sequence[SignalWeight], values: dict[str, float]
) -> tuple[Contribution, ...]:
    """Points of the weighted signals of one competency that are known, named `signal_<name>`."""
    return tuple(
        Contribution(f"signal_{weight.signal}", weight.points * values[weight.signal])
        for weight in weights
        if weight.competency == competency and weight.signal in values
    )


def _trapezoid(value: float, bounds: tuple[float, float, float, float]) -> float:
    lowest, low, high, highest = bounds
    return _clip(min((value - lowest) / (low - lowest), (highest - value) / (highest - high)))


def _clip(value: float) -> float:
    return min(1.0, max(0.0, value))
