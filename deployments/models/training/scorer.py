"""Fits the additive model over features and the ranges around its scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import lsq_linear

from deployments.models.training.labelled import LabelledAnswer
from serving.domain.competency import COMPETENCIES
from serving.signals.scoring.features import DIRECTIONS, FEATURES
from serving.signals.scoring.ranges import POINTS_PER_LEVEL

RAMPS: Final = 4
_RIDGE = 1.0  # pulls heights of ramps that the data say little about towards none
_FOCUS = 3.0  # weight of the competency that a question asks about, against the seven others
_CONTRAST = 4.0  # weight of a difference between two competencies of one answer
_PAIR = 1.5  # weight of a difference between two answers to the same question
# No labelled answer repeats itself or is flagged, so this is a decision and not an estimate: an answer that is flagged
# throughout loses so many points.
REPETITION_POINTS: Final = 2.5
FLOOR: Final = 0.6  # points of spread that every score has


@dataclass(frozen=True, slots=True)
class ScorerWeights:
    """As `deployments.models.convert.heads.competency_scorer` reads them.

    Attributes:
        base: float32 [9]. height: float32 [9, features, ramps]; the last row is for competencies of a caller's own.
    """

    base: NDArray[np.float32]
    height: NDArray[np.float32]

    def points(self, rows: NDArray[np.float32], places: Sequence[int]) -> NDArray[np.float32]:
        """What the model gives: float32 [n, 1 + features]."""
        chosen = list(places)
        heights = (ramps_of(rows) * self.height[chosen]).sum(axis=2)
        found: NDArray[np.float32] = np.concatenate([self.base[chosen][:, np.newaxis], heights], axis=1).astype(
            np.float32
        )
        return found


def ramps_of(rows: NDArray[np.float32]) -> NDArray[np.float64]:
    """How far each ramp has risen, float64 [n, features, ramps]."""
    risen: NDArray[np.float64] = np.clip(rows[..., np.newaxis].astype(np.float64) * RAMPS - np.arange(RAMPS), 0.0, 1.0)
    return risen


def points_of(levels: NDArray[np.float32]) -> NDArray[np.float64]:
    """Score out of 10 that anchor levels 1..5 stand for."""
    return POINTS_PER_LEVEL * levels.astype(np.float64) - 1.0


def fit_scorer(answers: Sequence[LabelledAnswer], rows: NDArray[np.float32]) -> ScorerWeights:
    """Least squares with the sign of every height held to its feature's direction.

    One set of curves serves all competencies (their own meaning is in the features); only the base differs.

    Args:
        rows: float32 [answers, 8, features], of heads that had not seen the answer.
    """
    count = len(COMPETENCIES)
    width = len(FEATURES) * RAMPS
    design, truth, weight = [], [], []
    raised = ramps_of(rows).reshape(len(answers), count, width)
    target = np.stack([points_of(answer.levels) for answer in answers])
    for at, answer in enumerate(answers):
        for place, name in enumerate(COMPETENCIES):
            design.append(np.concatenate([np.eye(count)[place], raised[at, place]]))
            truth.append(target[at, place])
            weight.append(_FOCUS if name == answer.competency else 1.0)
        place = COMPETENCIES.index(answer.competency)
        for other in range(count):
            if other != place:
                design.append(
                    np.concatenate([np.eye(count)[place] - np.eye(count)[other], raised[at, place] - raised[at, other]])
                )
                truth.append(target[at, place] - target[at, other])
                weight.append(_CONTRAST)
    for first, second in _same_question(answers):
        place = COMPETENCIES.index(answers[first].competency)
        design.append(np.concatenate([np.zeros(count), raised[first, place] - raised[second, place]]))
        truth.append(target[first, place] - target[second, place])
        weight.append(_PAIR)
    design += list(np.concatenate([np.zeros((width, count)), _RIDGE * np.eye(width)], axis=1))
    truth += [0.0] * width
    weight += [1.0] * width
    root = np.sqrt(np.array(weight))
    signs = np.repeat([DIRECTIONS[name] for name in FEATURES], RAMPS)
    lower = np.concatenate([np.full(count, -np.inf), np.where(signs > 0, 0.0, -np.inf)])
    upper = np.concatenate([np.full(count, np.inf), np.where(signs > 0, np.inf, 0.0)])
    solved = lsq_linear(np.array(design) * root[:, None], np.array(truth) * root, (lower, upper), tol=1e-10)
    base, heights = solved.x[:count], solved.x[count:].reshape(len(FEATURES), RAMPS)
    heights[np.abs(heights) < 1e-3] = 0.0
    heights[FEATURES.index("repetition")] = -REPETITION_POINTS / RAMPS
    return ScorerWeights(
        np.append(base, base.mean()).astype(np.float32),
        np.broadcast_to(heights, (count + 1, *heights.shape)).astype(np.float32),
    )


def _same_question(answers: Sequence[LabelledAnswer]) -> list[tuple[int, int]]:
    groups: dict[str, list[int]] = {}
    for at, answer in enumerate(answers):
        groups.setdefault(answer.group, []).append(at)
    return [pair for group in groups.values() for pair in combinations(group, 2)]


def range_factor(errors: NDArray[np.float64], spreads: NDArray[np.float64], coverage: float = 0.9) -> float:
    """Half-width over spread that holds `coverage` of the errors (split conformal, with its small-sample term).

    Args:
        errors: float64 [n], absolute, in points, of answers that the models had not seen. spreads: float64 [n].
    """
    ratio = np.sort(errors / spreads)
    at = min(len(ratio) - 1, int(np.ceil((len(ratio) + 1) * coverage)) - 1)
    return float(ratio[at])
