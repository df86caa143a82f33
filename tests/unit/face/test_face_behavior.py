from __future__ import annotations

import math

import numpy as np
import pytest

from serving.signals.face.behavior import FaceSample, summarise
from serving.signals.face.body import Arms, arms_from_pose, body_region, measure_gestures
from serving.signals.face.detection import Face
from serving.signals.face.head_pose import HeadPose
from serving.signals.face.region import SquareRegion
from serving.signals.face.smile import MouthShape

NEUTRAL = MouthShape(0.5, 0.02, 0.0)
TIMES = np.arange(30) / 3


def looking(yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> HeadPose:
    return HeadPose(yaw, pitch, roll)


def samples(heads: list[HeadPose], happy: float | None = None) -> list[FaceSample]:
    return [FaceSample(float(t), NEUTRAL, head, happy) for t, head in zip(TIMES, heads, strict=False)]


def arms(time_s: float, wrist: tuple[float, float], shift: float = 0.0) -> Arms:
    shoulders = np.array([(200.0 + shift, 100.0), (100.0 + shift, 100.0)])
    return Arms(time_s, shoulders, np.array([(wrist[0] + shift, wrist[1]), (math.nan, math.nan)]))


def test_without_frames_nothing_is_said() -> None:
    behavior = summarise(np.empty(0), [], [])
    assert behavior.face_ratio is None and behavior.frame_count == 0


def test_without_a_face_only_its_absence_is_said() -> None:
    behavior = summarise(TIMES, [], [arms(0, (150, 200)), arms(1, (180, 200))])
    assert behavior.face_ratio == 0.0 and behavior.frame_count == 30
    assert behavior.smile.count == 0
    assert behavior.gaze.away_ratio is None and behavior.gesture.amplitude is None
    assert behavior.head_movement.yaw_deg is None and behavior.friendliness == ()


def test_a_face_in_part_of_the_frames_is_a_ratio() -> None:
    assert summarise(TIMES, samples([looking()] * 12), []).face_ratio == pytest.approx(0.4)


def test_a_head_turned_for_two_seconds_looks_away_for_two_seconds() -> None:
    heads = [looking(45) if 3 <= t < 5 else looking(2) for t in TIMES]
    gaze = summarise(TIMES, samples(heads), []).gaze
    (interval,) = gaze.away_intervals
    assert (interval.start_offset_s, interval.end_offset_s) == pytest.approx((3, 5))
    assert gaze.away_ratio == pytest.approx(6 / 30)


def test_a_camera_above_the_screen_is_not_looking_away() -> None:
    assert summarise(TIMES, samples([looking(5, -22)] * 30), []).gaze.away_ratio == 0


def test_a_head_turned_all_along_looks_away_all_along() -> None:
    assert summarise(TIMES, samples([looking(60)] * 30), []).gaze.away_ratio == 1


def test_a_glance_of_one_frame_is_not_looking_away() -> None:
    heads = [looking(50) if i == 10 else looking() for i in range(30)]
    assert summarise(TIMES, samples(heads), []).gaze.away_intervals == ()


def test_head_movement_is_spread_and_speed() -> None:
    heads = [looking(6.0 * (i % 2)) for i in range(30)]
    movement = summarise(TIMES, samples(heads), []).head_movement
    assert movement.yaw_deg == pytest.approx(3) and movement.pitch_deg == 0
    assert movement.speed_deg_per_s == pytest.approx(18)


def test_a_gap_in_time_has_no_speed() -> None:
    far = [FaceSample(0.0, NEUTRAL, looking()), FaceSample(9.0, NEUTRAL, looking(40))]
    assert summarise(TIMES, far, []).head_movement.speed_deg_per_s is None


def test_a_full_roll_does_not_spin() -> None:
    heads = [looking(roll=179 if i % 2 else -179) for i in range(30)]
    assert summarise(TIMES, samples(heads), []).head_movement.speed_deg_per_s == pytest.approx(6)


def test_friendliness_comes_from_the_expression_net_alone() -> None:
    assert summarise(TIMES, samples([looking()] * 30), []).friendliness == ()
    curve = summarise(TIMES, samples([looking()] * 30, happy=0.25), []).friendliness
    assert [point.offset_s for point in curve] == pytest.approx(list(range(10)))
    assert {point.value for point in curve} == {0.25}


def test_wrists_are_measured_in_shoulder_widths_a_second() -> None:
    gesture = measure_gestures([arms(t, (150 + 80 * (t % 2), 300)) for t in range(6)])
    assert gesture.amplitude == pytest.approx(0.8)
    (interval,) = gesture.intervals
    assert (interval.start_offset_s, interval.end_offset_s) == (0, 5)


def test_a_swaying_body_is_no_gesture() -> None:
    gesture = measure_gestures([arms(t, (150, 300), shift=40 * (t % 2)) for t in range(6)])
    assert gesture.amplitude == pytest.approx(0) and gesture.intervals == ()


def test_unseen_wrists_and_long_gaps_have_no_amplitude() -> None:
    assert measure_gestures([arms(t, (math.nan, math.nan)) for t in range(6)]).amplitude is None
    assert measure_gestures([arms(0, (150, 300)), arms(10, (250, 300))]).amplitude is None
    assert measure_gestures([]).amplitude is None


def test_a_pose_keeps_only_limbs_that_are_seen_inside_the_frame() -> None:
    landmarks = np.zeros((39, 5), np.float32)
    landmarks[[11, 12, 15, 16], :2] = [(160, 100), (96, 100), (170, 240), (90, 120)]
    landmarks[:, 3] = 0.9
    landmarks[16, 3] = 0.2
    seen = arms_from_pose(landmarks, SquareRegion(256, 128, 512), 512, 340, 1.5)
    np.testing.assert_allclose(seen.shoulders, [(320, 72), (192, 72)])
    assert np.isnan(seen.wrists).all()  # one below the frame, one not visible


def test_the_bodys_region_lies_below_the_face() -> None:
    face = Face(0.9, np.array([(90.0, 40.0), (150.0, 100.0)]), np.zeros((6, 2)))
    region = body_region(face)
    assert region.center_x == 120 and region.center_y > 100 and region.angle_rad == 0
    assert region.center_y - region.side / 2 < 40  # the whole head is in
