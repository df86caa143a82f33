"""Features of an answer for one competency, 0..1 each: what a score is a sum of.

They are made of what a judge said about the sentences, of the sentences' wording, and of how much was said; nothing of
voice or face is among them. Sums saturate, so that the tenth number adds next to nothing: length and stuffing cannot
buy points. What any good story has (an own deed, a result, reasons) counts in the measure in which the answer bears on
the competency, so that a good story about something else does not lift every score alike.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from serving.domain.judgement import Judgement
from serving.signals.text.cues import COLUMNS
from serving.signals.text.star import ROLE_QUESTION

# Name and sensible direction: a feature can only push a score that way.
DIRECTIONS: Final = {
    "anchor_level": 1,  # expected anchor level of the competency's scale
    "shown": 1,  # the competency's behaviours in single sentences
    "agency": 1,  # deeds that are the speaker's own
    "specificity": 1,  # figures, times and places
    "result": 1,  # an outcome is told
    "quantification": 1,  # ... in figures
    "relevance": 1,  # to the question
    "structure": 1,  # situation or task, action, result, in that order
    "reasoning": 1,  # why things were done
    "reflection": 1,  # what was learned
    "contrary": -1,  # behaviours that speak against the competency
    "red_flag": -1,  # unethical behaviour, whatever the competency
    "padding": -1,  # share of what was said that tells nothing
    "repetition": -1,  # share of what was said that is flagged or said again
}
FEATURES: Final = tuple(DIRECTIONS)
GENERAL: Final = ("agency", "specificity", "result", "quantification", "structure", "reasoning", "reflection")

SHOWS, AGAINST, LEVEL = "shows/{}", "against/{}", "level/{}"  # a competency's questions
EMPTY, OWN, RELEVANT = "empty", "own", "relevant"  # questions about any answer
ETHICS: Final = "integrity_compliance"

_SHOWN_WEIGHTS = (0.5, 0.3, 0.2)  # of the three sentences that show most: one deed is half of the way
_AGAINST_WEIGHTS = (0.7, 0.3)
_BEARS, _ALWAYS = 0.5, 0.35  # how far a competency must be shown for a story to count in full; what counts anyway
_ROLE = {role: at for at, role in enumerate("STARO")}
_COLUMN = {name: at for at, name in enumerate(COLUMNS)}


@dataclass(frozen=True, slots=True)
class Material:
    """What the features of one answer are made of: the sentences that count, in order.

    Attributes:
        judgement: about exactly these sentences.
        cues: float32 [sentences, 20], see `cue_features`.
        units: words or characters of each, fillers left out, float64 [sentences].
        dropped: units of sentences that do not count (flagged, or said again).
        asked: whether there was a question; without one relevance is not judged.
    """

    judgement: Judgement
    cues: NDArray[np.float32]
    units: NDArray[np.float64]
    dropped: float
    asked: bool


def saturate(amount: float, scale: float) -> float:
    """0 at 0, towards 1 as the amount passes `scale` (63% there)."""
    return 1.0 - math.exp(-amount / scale)


def features_of(material: Material, competencies: Sequence[str]) -> NDArray[np.float32]:
    """The features of each competency in the order of `FEATURES`, float32 [competencies, 14]."""
    general = _general(material)
    return np.array([_feature_row(material, general, name) for name in competencies], dtype=np.float32)


def _feature_row(material: Material, general: Mapping[str, float], competency: str) -> list[float]:
    judged = material.judgement
    shown = _strongest(judged.statements[SHOWS.format(competency)], _SHOWN_WEIGHTS)
    bears = _ALWAYS + (1.0 - _ALWAYS) * min(1.0, shown / _BEARS)
    values = {name: value * bears if name in GENERAL else value for name, value in general.items()}
    values["anchor_level"] = (judged.level(LEVEL.format(competency)) - 1.0) / 4.0
    values["shown"] = shown
    values["contrary"] = _strongest(judged.statements[AGAINST.format(competency)], _AGAINST_WEIGHTS)
    return [min(1.0, max(0.0, values[name])) for name in FEATURES]


def _general(material: Material) -> dict[str, float]:
    judged, cues, units = material.judgement, material.cues.astype(np.float64), material.units
    roles = judged.choices[ROLE_QUESTION]
    told = 1.0 - judged.statements[EMPTY]
    said = float(units.sum())

    def cue(name: str) -> NDArray[np.float64]:
        column: NDArray[np.float64] = cues[:, _COLUMN[name]]
        return column

    results = roles[:, _ROLE["R"]] * told
    return {
        "agency": saturate(float((roles[:, _ROLE["A"]] * judged.statements[OWN] * told).sum()), 1.5),
        "specificity": saturate(float(((cue("number") + cue("occasion")) * told).sum()), 2.0),
        "result": saturate(float(results.sum()), 0.8),
        "quantification": saturate(float((cue("number") * results).sum()), 0.6),
        "relevance": float(judged.statements[RELEVANT][0]) if material.asked else 0.5,
        "structure": _structure(roles, told),
        "reasoning": saturate(float((cue("cause") * told).sum()), 1.2),
        "reflection": saturate(float((cue("reflect") * told).sum()), 0.8),
        "red_flag": _strongest(judged.statements[AGAINST.format(ETHICS)], _AGAINST_WEIGHTS),
        "padding": float((units * judged.statements[EMPTY]).sum()) / said if said else 0.0,
        "repetition": material.dropped / (said + material.dropped) if said + material.dropped else 0.0,
    }


def _structure(roles: NDArray[np.float64], told: NDArray[np.float64]) -> float:
    """How much of S-or-T, A and R is there, and how well they follow each other, 0..1.

    Order is the share of pairs of sentences, weighed by their certainty, that do not run backwards.
    """
    live = roles * told[:, None]
    parts = (live[:, :2].sum(), live[:, 2].sum(), live[:, 3].sum())
    complete = math.fsum(min(1.0, float(part)) for part in parts) / 3.0
    # Earlier mass of each stage against later mass of a lower one, in one pass.
    stages = np.stack([live[:, 0] + live[:, 1], live[:, 2], live[:, 3]], axis=1)
    before = np.cumsum(stages, axis=0) - stages
    forward = float((stages[:, 1] * before[:, 0] + stages[:, 2] * (before[:, 0] + before[:, 1])).sum())
    backward = float((stages[:, 0] * (before[:, 1] + before[:, 2]) + stages[:, 1] * before[:, 2]).sum())
    order = forward / (forward + backward) if forward + backward > 0 else 0.0
    return complete * order


def _strongest(strength: NDArray[np.float64], weights: Sequence[float]) -> float:
    """Weighted sum of the largest values; what is missing counts as none."""
    top = np.sort(strength)[::-1][: len(weights)]
    return math.fsum(float(value) * weight for value, weight in zip(top, weights, strict=False))
