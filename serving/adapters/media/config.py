"""How pictures are sampled."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DecodeConfig:
    """Sampling of the video track.

    Attributes:
        fps: pictures sampled a second, on a fixed grid from the start of the answer.
        frame_max_side: long side of a sampled picture in pixels; larger pictures are scaled down, none is scaled up.
        batch_frames: pictures handed over at once; bounds the memory of a pass to about
            `batch_frames * frame_max_side**2 * 3` bytes (20 MB by default).
    """

    fps: float = 3.0
    frame_max_side: int = 640
    batch_frames: int = 16

    def __post_init__(self) -> None:
        if not 0 < self.fps <= 120:
            raise ValueError(f"fps must be above 0 and at most 120, not {self.fps}")
        if not 16 <= self.frame_max_side <= 4096:
            raise ValueError(f"frame_max_side must be 16 to 4096 pixels, not {self.frame_max_side}")
        if not 1 <= self.batch_frames <= 256:
            raise ValueError(f"batch_frames must be 1 to 256, not {self.batch_frames}")
