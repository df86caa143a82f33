"""Limits on what a caller may send, in one place; the published table in docs/limits.md is checked against it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Checked before and while decoding. Sizes are inclusive: a value equal to the limit passes."""

    text_chars: int = 20_000
    question_chars: int = 2_000
    sentences: int = 1_000
    role_chars: int = 200
    media_bytes: int = 200 * 1000 * 1000
    media_duration_s: float = 600.0
    video_pixels: int = 4096 * 2160  # DCI 4K; holds UHD (3840x2160) in either orientation
    video_frames: int = 600 * 120  # ten minutes at 120 frames a second
    chunk_bytes: int = 1024 * 1024
    inline_media_bytes: int = 16 * 1000 * 1000
    custom_competencies: int = 8
    competency_name_chars: int = 60
    definition_chars: int = 500
    indicators_min: int = 3
    indicators: int = 40
    indicator_chars: int = 300
    anchor_chars: int = 600
    signal_points: float = 2.0


LIMITS = Limits()
