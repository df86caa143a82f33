from __future__ import annotations

import math

import numpy as np
import pytest

from serving.signals.face.detection import ANCHORS, Face, decode, overlap


def raw(*faces: tuple[int, float, tuple[float, float], float]) -> tuple[np.ndarray, np.ndarray]:
    """Detector tensors with faces given as (anchor, logit, centre, side); eyes level, a quarter side out."""
    regressors, logits = np.zeros((896, 16), np.float32), np.full(896, -50, np.float32)
    for anchor, logit, center, side in faces:
        shift = np.asarray(center) - ANCHORS[anchor]
        eyes = [shift + np.array([x, -side / 4]) for x in (-side / 4, side / 4)]
        regressors[anchor] = np.concatenate([shift, (side, side), *eyes, *[shift] * 4])
        logits[anchor] = logit
    return regressors, logits


def same(points: np.ndarray) -> np.ndarray:
    return points


def test_anchors_are_the_short_range_grid() -> None:
    assert ANCHORS.shape == (896, 2)
    np.testing.assert_allclose(ANCHORS[[0, 1, 2, 511, 512, 517, 518, 895]],
        [(4, 4), (4, 4), (12, 4), (124, 124), (8, 8), (8, 8), (24, 8), (120, 120)])  # fmt: skip


def test_one_sure_anchor_is_one_face_where_it_says() -> None:
    (face,) = decode(*raw((100, 2.0, (50, 40), 30)), same)
    assert face.score == pytest.approx(1 / (1 + math.exp(-2)))
    np.testing.assert_allclose(face.box, [(35, 25), (65, 55)], atol=1e-5)
    np.testing.assert_allclose(face.keypoints[:2], [(42.5, 32.5), (57.5, 32.5)], atol=1e-5)
    assert face.side == pytest.approx(30) and face.roll_rad == pytest.approx(0)


def test_unsure_anchors_are_no_face() -> None:
    assert decode(*raw((100, -0.01, (50, 40), 30)), same) == []


def test_overlapping_boxes_are_averaged_by_their_scores() -> None:
    high, low = 1 / (1 + math.exp(-3)), 1 / (1 + math.exp(-1))
    (face,) = decode(*raw((7, 1.0, (54, 40), 30), (9, 3.0, (50, 40), 30)), same)
    assert face.score == pytest.approx(high)
    assert face.center[0] == pytest.approx((50 * high + 54 * low) / (high + low), abs=1e-5)


def test_distant_faces_stay_apart_surest_first() -> None:
    faces = decode(*raw((3, 1.0, (20, 20), 20), (500, 4.0, (90, 90), 30)), same)
    assert [round(float(face.center[0])) for face in faces] == [90, 20]


def test_absurd_tensors_break_nothing() -> None:
    regressors = np.random.default_rng(3).normal(0, 1e4, (896, 16)).astype(np.float32)
    for face in decode(regressors, np.full(896, 200, np.float32), same):
        assert np.isfinite(face.box).all() and face.side >= 0


def test_overlap_is_intersection_over_union() -> None:
    box = np.array([(0, 0), (2, 2)], float)
    others = np.array([[(0, 0), (2, 2)], [(1, 0), (3, 2)], [(5, 5), (6, 6)], [(1, 1), (1, 1)]], float)
    np.testing.assert_allclose(overlap(box, others), [1, 1 / 3, 0, 0])


def test_a_region_turns_with_the_face() -> None:
    keypoints = np.array([(40, 40), (60, 60), *[(50, 50)] * 4], float)
    face = Face(0.9, np.array([(30, 30), (70, 70)], float), keypoints)
    region = face.region(1.5)
    assert region.side == pytest.approx(60) and region.angle_rad == pytest.approx(math.pi / 4)
    assert face.region(1.5, upright=False).angle_rad == 0
