from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from serving.signals.face.smile import (
    GEOMETRY_THRESHOLD,
    MouthShape,
    SmileLevel,
    find_smiles,
    mouth_shape,
    smile_level,
)

if TYPE_CHECKING:
    from tests.unit.face.conftest import FaceMaker

PERIOD_S = 1 / 3


def levels(*values: float, period_s: float = PERIOD_S) -> list[SmileLevel]:
    return [SmileLevel(i * period_s, value) for i, value in enumerate(values)]


@pytest.mark.parametrize("roll_deg", [0, 30, -75, 170])
def test_the_mouth_is_measured_in_eye_distances_whatever_the_roll(faces: FaceMaker, roll_deg: float) -> None:
    mouth = mouth_shape(faces.mesh(roll_deg=roll_deg, mouth_width=0.6, lift=0.05, opening=0.08, scale=23))
    assert (mouth.width, mouth.lift, mouth.opening) == pytest.approx((0.6, 0.05, 0.08))
    assert mouth.geometry == pytest.approx(0.7)


def test_the_threshold_is_a_level_of_one_half() -> None:
    assert smile_level(MouthShape(GEOMETRY_THRESHOLD - 0.1, 0.05, 0.0)) == pytest.approx(0.5)
    assert smile_level(MouthShape(0.70, 0.09, 0.1)) > 0.95
    assert smile_level(MouthShape(0.52, 0.02, 0.0)) < 0.05


def test_a_wide_mouth_without_lifted_corners_is_no_smile() -> None:
    assert smile_level(MouthShape(0.95, 0.0, 0.4)) < 0.35


def test_an_open_round_mouth_is_no_smile() -> None:
    surprised = MouthShape(width=0.42, lift=0.08, opening=0.45)
    assert smile_level(surprised) < 0.1


def test_expression_and_geometry_share_the_verdict() -> None:
    smiling, neutral = MouthShape(0.70, 0.09, 0.1), MouthShape(0.5, 0.02, 0.0)
    assert smile_level(smiling, 1.0) > 0.95 and smile_level(neutral, 0.0) < 0.05
    assert smile_level(smiling, 0.0) == pytest.approx(smile_level(smiling) / 2)


def test_a_smiling_photo_is_one_smile_over_the_whole_video() -> None:
    smile = find_smiles(levels(*[0.97] * 30), PERIOD_S)
    assert smile.count == 1 and smile.total_seconds == pytest.approx(10.0)
    assert smile.intervals[0].start_offset_s == 0


def test_a_neutral_photo_is_none() -> None:
    assert find_smiles(levels(*[0.03] * 30), PERIOD_S).count == 0
    assert find_smiles([], PERIOD_S).total_seconds == 0


def test_a_level_that_trembles_about_the_threshold_is_one_smile() -> None:
    assert find_smiles(levels(*[0.52, 0.46] * 10), PERIOD_S).count == 1


def test_the_movements_of_speech_are_no_smiles() -> None:
    # "ee" every second sample or third, one frame long.
    assert find_smiles(levels(*[0.1, 0.9, 0.1, 0.1] * 8), PERIOD_S).count == 0
    assert find_smiles(levels(*[0.1, 0.1, 0.8] * 10), PERIOD_S).count == 0


def test_two_smiles_with_a_pause_are_two() -> None:
    smile = find_smiles(levels(*[0.1] * 6, *[0.9] * 6, *[0.1] * 9, *[0.9] * 9, *[0.1] * 6), PERIOD_S)
    assert smile.count == 2
    starts_s = [interval.start_offset_s for interval in smile.intervals]
    assert starts_s == pytest.approx([2, 7], abs=0.01)
    assert smile.total_seconds == pytest.approx(5.0, abs=0.01)


def test_a_dropped_frame_does_not_split_a_smile() -> None:
    seen = levels(*[0.9] * 12)
    assert find_smiles(seen[:5] + seen[6:], PERIOD_S).count == 1


def test_time_without_a_face_is_not_smiled_through() -> None:
    seen = [s for s in levels(*[0.9] * 60) if s.time_s < 4.99 or s.time_s > 14.99]
    smile = find_smiles(seen, PERIOD_S)
    assert smile.count == 2
    assert smile.total_seconds == pytest.approx(10.0, abs=0.01)


@pytest.mark.parametrize("rate", [1, 3, 5, 15, 30])
def test_the_count_does_not_depend_on_the_frame_rate(rate: int) -> None:
    times = np.arange(0, 30, 1 / rate)
    values = np.where((times % 10) < 4, 0.9, 0.1)
    smile = find_smiles([SmileLevel(float(t), float(v)) for t, v in zip(times, values, strict=True)], 1 / rate)
    assert smile.count == 3
    assert smile.total_seconds == pytest.approx(12.0, abs=0.01)
