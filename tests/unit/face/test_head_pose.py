from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from serving.signals.face.head_pose import CANONICAL, LANDMARKS, head_pose, head_rotation

if TYPE_CHECKING:
    from tests.unit.face.conftest import FaceMaker


@pytest.mark.parametrize(
    ("yaw", "pitch", "roll"),
    [(0, 0, 0), (30, 0, 0), (-45, 0, 0), (0, 20, 0), (0, -35, 0), (0, 0, 25), (20, -15, 10), (-60, 30, -40)],
)
def test_a_rotated_canonical_face_gives_its_angles(faces: FaceMaker, yaw: float, pitch: float, roll: float) -> None:
    pose = head_pose(faces.mesh(yaw, pitch, roll))
    assert (pose.yaw_deg, pose.pitch_deg, pose.roll_deg) == pytest.approx((yaw, pitch, roll), abs=1e-6)


def test_place_and_size_do_not_matter(faces: FaceMaker) -> None:
    near = head_rotation(faces.mesh(25, 10, 5, scale=40, center=(900, 100)))
    far = head_rotation(faces.mesh(25, 10, 5, scale=2, center=(10, 700)))
    np.testing.assert_allclose(near, far, atol=1e-9)


def test_expressions_do_not_turn_the_head(faces: FaceMaker) -> None:
    still = head_pose(faces.mesh(12, 5, 3))
    laughing = head_pose(faces.mesh(12, 5, 3, mouth_width=0.9, lift=0.2, opening=0.4))
    assert laughing == still


def test_noise_of_a_pixel_moves_the_angles_by_little(faces: FaceMaker) -> None:
    noise = np.random.default_rng(1).normal(0, 1.0, (468, 3))
    pose = head_pose(faces.mesh(20, -10, 5) + noise)
    assert (pose.yaw_deg, pose.pitch_deg, pose.roll_deg) == pytest.approx((20, -10, 5), abs=3)


def test_the_fit_is_a_rotation_even_for_a_mirrored_face(faces: FaceMaker) -> None:
    mirrored = faces.mesh(10, 0, 0) * (-1, 1, 1)
    assert np.linalg.det(head_rotation(mirrored)) == pytest.approx(1)


def test_the_canonical_landmarks_are_symmetric_and_unique() -> None:
    assert len(set(LANDMARKS.tolist())) == len(LANDMARKS) == 33
    assert CANONICAL[:, 0].sum() == pytest.approx(0)
