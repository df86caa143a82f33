"""All that the frames showed, put together as the domain's `Behavior`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from serving.domain.facts import Behavior, FriendlinessPoint, Gaze, HeadMovement
from serving.signals.face.body import Arms, measure_gestures
from serving.signals.face.head_pose import HeadPose
from serving.signals.face.smile import MouthShape, SmileLevel, find_smiles, smile_level
from serving.signals.face.timeline import Series, held_intervals, sampling_period, share_within, smooth

AWAY_YAW_DEG, AWAY_PITCH_DEG = 25.0, 20.0
"""Turned further than this from the candidate's usual direction, the head points off the screen: a 24-inch screen at
60 cm spans 24 degrees to each side and 14 up and down of its middle."""

CAMERA_YAW_DEG, CAMERA_PITCH_DEG = 10.0, 15.0
"""How far the usual direction may lie off the camera's axis before it counts as looking away itself: a webcam sits
above or beside the window that the candidate reads."""

MIN_FACE_FRAMES, MIN_FACE_SHARE = 2, 0.02
"""Least number and share of the frames that must show a face before anything is said of one. The detector's false
alarms come singly (a poster, a folded curtain), while a candidate in front of the camera is in most of the frames: 2%
of ten minutes are 12 seconds."""

MIN_AWAY_S = 0.6
MAX_STEP_S = 1.0
_GAZE_SMOOTHING_S = 0.7
_CURVE_STEP_S = 1.0  # the friendliness curve has at most one point a second


@dataclass(frozen=True, slots=True)
class FaceSample:
    """One frame's face, numbers only.

    Attributes:
        happy: the expression net's probability of a happy face, None where it did not run.
    """

    time_s: float
    mouth: MouthShape
    head: HeadPose
    happy: float | None = None


def shows_face(face_count: int, frame_count: int) -> bool:
    """Whether so many faces in so many frames are a candidate's and not false alarms."""
    return face_count >= max(MIN_FACE_FRAMES, MIN_FACE_SHARE * frame_count)


def summarise(times_s: Series, faces: Sequence[FaceSample], arms: Sequence[Arms]) -> Behavior:
    """Behaviour over an answer.

    Unless enough frames show a face (`shows_face`), nothing but `frame_count` and `face_ratio` is claimed: no smile, no
    gaze, no movement.

    Args:
        times_s: float64 [n], times of all sampled frames, ascending.
        faces: of the frames in which the candidate's face was found, ascending.
        arms: of the frames in which a pose was found, ascending.
    """
    if len(times_s) == 0:
        return Behavior()
    face_ratio = len(faces) / len(times_s)
    if not shows_face(len(faces), len(times_s)):
        return Behavior(frame_count=len(times_s), face_ratio=face_ratio)
    period_s = sampling_period(times_s)
    return Behavior(
        frame_count=len(times_s),
        face_ratio=face_ratio,
        smile=find_smiles([SmileLevel(face.time_s, smile_level(face.mouth, face.happy)) for face in faces], period_s),
        gesture=measure_gestures(arms),
        gaze=_gaze(faces, period_s),
        head_movement=_head_movement(faces),
        friendliness=_friendliness(faces),
    )


def _angles(faces: Sequence[FaceSample]) -> Series:
    return np.array([(f.head.yaw_deg, f.head.pitch_deg, f.head.roll_deg) for f in faces], np.float64)


def _gaze(faces: Sequence[FaceSample], period_s: float) -> Gaze:
    """Where the head points: the 468-point mesh has no iris, so eyes that wander in a still head go unseen."""
    times = np.array([face.time_s for face in faces], np.float64)
    angles = _angles(faces)
    limits = np.array([CAMERA_YAW_DEG, CAMERA_PITCH_DEG])
    usual = np.clip(np.median(angles[:, :2], axis=0), -limits, limits)
    off = np.abs(angles[:, :2] - usual) / (AWAY_YAW_DEG, AWAY_PITCH_DEG)
    turned = smooth(times, off.max(axis=1), _GAZE_SMOOTHING_S)
    intervals = held_intervals(
        times, turned, period_s=period_s, on=1.0, off=0.85, max_gap_s=MIN_AWAY_S, min_duration_s=MIN_AWAY_S
    )
    return Gaze(away_ratio=share_within(times, intervals), away_intervals=intervals)


def _head_movement(faces: Sequence[FaceSample]) -> HeadMovement:
    """Spread of the angles and mean speed between frames at most `MAX_STEP_S` apart; nothing from a single frame."""
    if len(faces) < 2:
        return HeadMovement()
    times = np.array([face.time_s for face in faces], np.float64)
    angles = _angles(faces)
    # Unwrapped, so that a head at 179 degrees of roll does not seem to spin.
    angles[:, 2] = np.degrees(np.unwrap(np.radians(angles[:, 2])))
    steps_s = np.diff(times)
    near = (steps_s > 0) & (steps_s <= MAX_STEP_S)
    turned = np.linalg.norm(np.diff(angles, axis=0), axis=1)[near]
    yaw, pitch, roll = angles.std(axis=0)
    return HeadMovement(
        yaw_deg=float(yaw),
        pitch_deg=float(pitch),
        roll_deg=float(roll),
        speed_deg_per_s=float((turned / steps_s[near]).mean()) if near.any() else None,
    )


def _friendliness(faces: Sequence[FaceSample]) -> tuple[FriendlinessPoint, ...]:
    """Mean probability of a happy face, second by second; empty where the expression net did not run."""
    seconds: dict[int, list[FaceSample]] = {}
    for face in faces:
        if face.happy is not None:
            seconds.setdefault(int(face.time_s / _CURVE_STEP_S), []).append(face)
    return tuple(
        FriendlinessPoint(
            offset_s=group[0].time_s,
            value=float(np.mean([face.happy for face in group if face.happy is not None])),
        )
        for group in seconds.values()
    )
