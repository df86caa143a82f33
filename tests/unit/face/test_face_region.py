from __future__ import annotations

import math

import numpy as np
import pytest

from serving.signals.face.region import Letterbox, SquareRegion, crop


def gradient(width: int, height: int) -> np.ndarray:
    """Red is x, green is y, in steps of one a pixel (both below 256)."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x, y, np.full_like(x, 7)], axis=-1).astype(np.uint8)


def test_an_upright_crop_of_its_own_size_is_a_copy() -> None:
    frame = gradient(200, 150)
    np.testing.assert_array_equal(crop(frame, SquareRegion(100, 70, 64), 64), frame[38:102, 68:132])


def test_a_quarter_turn_turns_the_pixels() -> None:
    frame = gradient(120, 120)
    turned = crop(frame, SquareRegion(60, 60, 40, math.pi / 2), 40)
    # Clockwise by 90 degrees: the crop's x axis runs down the frame, its y axis to the left.
    np.testing.assert_allclose(turned, np.rot90(frame[40:80, 40:80], 1), atol=1)


@pytest.mark.parametrize("angle", [0.0, 0.3, -1.1, 2.5])
@pytest.mark.parametrize("side", [48.0, 96.0, 170.0])
def test_a_crop_shows_what_to_frame_says(angle: float, side: float) -> None:
    frame = gradient(250, 250)
    region = SquareRegion(120.5, 130.25, side, angle)
    pixels = crop(frame, region, 48).astype(float)
    inner = np.array([(10, 20), (24, 24), (40, 8), (30, 41)])
    places = region.to_frame(inner + 0.5, 48)
    seen = np.array([pixels[y, x, :2] for x, y in inner])
    np.testing.assert_allclose(seen, places - 0.5, atol=1.2)


def test_outside_the_frame_is_black() -> None:
    frame = np.full((50, 50, 3), 200, np.uint8)
    corner = crop(frame, SquareRegion(0, 0, 40), 40)
    assert not corner[:20].any() and not corner[:, :20].any()
    assert (corner[21:, 21:] == 200).all()
    assert not crop(frame, SquareRegion(500, 500, 40), 40).any()


def test_a_shrunken_crop_averages_fine_texture() -> None:
    board = np.indices((240, 240)).sum(axis=0) % 2 * 255
    frame = np.repeat(board[..., None], 3, axis=2).astype(np.uint8)
    shrunk = crop(frame, SquareRegion(120, 120, 192), 48)
    assert np.abs(shrunk.astype(int) - 127).max() <= 3


def test_a_grey_crop_weighs_the_channels_as_bt601() -> None:
    frame = np.broadcast_to(np.array([200, 100, 50], np.uint8), (80, 80, 3))
    grey = crop(frame, SquareRegion(40, 40, 64), 64, grey=True)
    assert grey.shape == (64, 64) and grey.dtype == np.uint8
    assert np.abs(grey.astype(float) - (0.299 * 200 + 0.587 * 100 + 0.114 * 50)).max() <= 1


def test_depth_is_scaled_but_not_turned() -> None:
    points = SquareRegion(50, 60, 384, 1.0).to_frame(np.array([[96.0, 96.0, 10.0]]), 192)
    np.testing.assert_allclose(points, [[50, 60, 20]])


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (720, 1280), (177, 144), (100, 100), (2000, 3)])
def test_letterboxed_corners_come_back_to_the_frames_corners(width: int, height: int) -> None:
    box = Letterbox(width, height, 128)
    left, top = box.offset
    inner_width, inner_height = box.inner
    corners = np.array([[left, top], [left + inner_width, top + inner_height]], float)
    np.testing.assert_allclose(box.to_frame(corners), [[0, 0], [width, height]])


def test_a_letterbox_keeps_the_mean_and_blackens_the_bars() -> None:
    frame = np.random.default_rng(2).integers(0, 256, (360, 640, 3), dtype=np.uint8)
    image = Letterbox(640, 360, 128).apply(frame)
    assert not image[:28].any() and not image[100:].any()
    assert image[28:100].mean() == pytest.approx(frame.mean(), abs=1)
    assert image[28:100].std() < 20  # 25 noisy pixels in one: a point sampler would keep the noise's 74
