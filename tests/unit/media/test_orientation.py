"""Pictures that were stored turned or mirrored come out upright."""

from __future__ import annotations

import struct
import threading
from pathlib import Path

import numpy as np
import pytest

from serving.adapters.media import PyAvDecoder
from serving.domain.answer import MediaKind
from tests.media import Rgb, astronaut, fit, write_media

ONE = 1 << 16
# Rows of the display matrix (a, b, c, d) and what a player does with the stored picture.
CASES = {
    "upright": ((ONE, 0, 0, ONE), 0, lambda rgb: rgb),
    "clockwise": ((0, ONE, -ONE, 0), 90, lambda rgb: np.rot90(rgb, -1)),
    "upside down": ((-ONE, 0, 0, -ONE), 180, lambda rgb: np.rot90(rgb, 2)),
    "counterclockwise": ((0, -ONE, ONE, 0), 270, lambda rgb: np.rot90(rgb, 1)),
    "mirrored": ((-ONE, 0, 0, ONE), 0, lambda rgb: rgb[:, ::-1]),
    "flipped": ((ONE, 0, 0, -ONE), 180, lambda rgb: rgb[::-1]),
    "transposed": ((0, ONE, ONE, 0), 270, lambda rgb: rgb.transpose(1, 0, 2)),
}


def with_matrix(path: Path, matrix: tuple[int, int, int, int]) -> Path:
    """Write the matrix into the track header (ISO/IEC 14496-12, 8.3.2)."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    a, b, c, d = matrix
    data[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


@pytest.fixture(scope="module")
def stored() -> Rgb:
    return fit(astronaut()[:400], (256, 160))


@pytest.mark.parametrize("name", CASES)
def test_a_picture_is_shown_as_its_display_matrix_says(tmp_path: Path, stored: Rgb, name: str) -> None:
    matrix, rotation_deg, shown = CASES[name]
    path = with_matrix(write_media(tmp_path / "face.mp4", pictures=[stored] * 10), matrix)
    info = PyAvDecoder().probe(path, MediaKind.DETECT)
    (batch,) = PyAvDecoder().frames(path, threading.Event())
    expected = shown(stored)
    assert info.rotation_deg == rotation_deg
    assert (info.height, info.width) == expected.shape[:2] == batch.rgb[0].shape[:2]
    assert np.abs(batch.rgb[0].astype(int) - expected).mean() < 6
