from __future__ import annotations

import numpy as np
import pytest

from serving.signals.face.detection import Face
from serving.signals.face.search import LEAST_FACE, MAX_LOOKS, Look, after_look, closer_looks, wide_search
from serving.signals.face.tracking import MEMORY_S, CandidateTracker


def face(x: float, y: float, side: float, roll: float = 0.0) -> Face:
    half = side / 2
    across = np.array([np.cos(roll), np.sin(roll)]) * side / 4
    center = np.array([x, y])
    keypoints = np.stack([center - across, center + across, *[center] * 4])
    return Face(0.9, np.array([(x - half, y - half), (x + half, y + half)]), keypoints)


def test_the_larger_and_more_central_face_is_the_candidates() -> None:
    tracker = CandidateTracker()
    near, far = face(320, 240, 120), face(320, 200, 60)
    assert tracker.choose([far, near], 640, 480, 0.0) is near
    middle, edge = face(320, 240, 100), face(600, 40, 105)
    assert CandidateTracker().choose([edge, middle], 640, 480, 0.0) is middle


def test_the_candidate_stays_the_candidate_when_someone_larger_walks_in() -> None:
    tracker = CandidateTracker()
    tracker.choose([face(250, 240, 100)], 640, 480, 0.0)
    same, visitor = face(255, 242, 100), face(400, 240, 160)
    assert tracker.choose([visitor, same], 640, 480, 0.33) is same


def test_a_face_long_gone_no_longer_draws_the_choice() -> None:
    tracker = CandidateTracker()
    tracker.choose([face(250, 240, 100)], 640, 480, 0.0)
    assert tracker.last(MEMORY_S) is not None
    assert tracker.last(MEMORY_S + 0.1) is None
    visitor = face(400, 240, 160)
    assert tracker.choose([face(255, 242, 100), visitor], 640, 480, MEMORY_S + 1) is visitor


def test_an_unsure_face_loses_to_a_smaller_sure_one_unless_it_was_the_candidates() -> None:
    large, small = face(320, 240, 200), face(100, 100, 60)
    profile = Face(0.6, large.box, large.keypoints)
    assert CandidateTracker().choose([profile, small], 640, 480, 0.0) is small
    tracker = CandidateTracker()
    tracker.choose([large], 640, 480, 0.0)
    assert tracker.choose([profile, small], 640, 480, 0.3) is profile


def test_no_faces_no_choice() -> None:
    assert CandidateTracker().choose([], 640, 480, 0.0) is None


def test_large_upright_faces_need_no_second_look() -> None:
    assert closer_looks([face(320, 240, 200)], 640, 480) == []


def test_small_and_tilted_faces_get_a_second_look_turned_upright() -> None:
    small, tilted = face(100, 100, 40), face(320, 240, 200, roll=0.6)
    looks = closer_looks([small, tilted], 640, 480)
    assert [look.face for look in looks] == [tilted, small]
    assert abs(looks[0].region.angle_rad - 0.6) < 1e-9 and looks[1].region.side == 120


def test_a_crowd_costs_a_bounded_number_of_looks() -> None:
    assert len(closer_looks([face(30 * i, 50, 20 + i) for i in range(12)], 640, 480)) == MAX_LOOKS


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (720, 1280), (640, 480), (500, 500), (1920, 300)])
def test_a_wide_search_shows_every_small_face_whole_and_large_enough(width: int, height: int) -> None:
    out, *squares = wide_search(width, height)
    assert out.region.side > max(width, height)
    assert len(squares) <= 20
    side = LEAST_FACE * max(width, height)
    for x in np.linspace(side / 2, width - side / 2, 40):
        for y in np.linspace(side / 2, height - side / 2, 40):
            whole = [
                look.region.side
                for look in squares
                if max(abs(look.region.center_x - x), abs(look.region.center_y - y))
                <= (look.region.side - side) / 2 + 1e-6
            ]
            assert whole and side / min(whole) * 128 >= 13.9


def test_a_second_look_places_its_own_face_and_no_other() -> None:
    first, other = face(100, 100, 40), face(400, 100, 60)
    look = Look(first.region(3.0), first)
    better, stranger = face(104, 101, 36), face(150, 100, 36)
    assert after_look([first, other], look, [stranger, better]) == [better, other]
    assert after_look([first, other], look, [stranger]) == [first, other]
    assert after_look([], Look(look.region), [better]) == [better]


def test_a_wide_search_takes_sure_faces_only() -> None:
    square = wide_search(1280, 720)[1]
    sure = face(200, 200, 60)
    unsure = Face(0.6, sure.box, sure.keypoints)
    assert after_look([], square, [unsure, sure]) == [sure]
