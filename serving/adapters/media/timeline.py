"""Places decoded frames in time, whatever their timestamps say."""

from __future__ import annotations

import math
from typing import Final

from serving.adapters.media.faults import too_long

DURATION_GRACE_S: Final = 0.5
"""Codecs pad: an encoder's delay and last frame add up to 0.15 s to what was recorded (AAC at 8 kHz: 2112 + 1024
samples are 0.39 s). An answer of exactly the limit must pass."""

_JUMP_S: Final = 1.0  # a step larger than this, into time that the file does not have, is a broken clock


class Timeline:
    """Running clock of one track, in seconds from the start of the answer.

    A gap is kept (a muted microphone, a paused picture), but timestamps cannot stretch the answer past its declared
    end: beyond it, or backwards by more than `overlap_s`, the clock is taken to be broken and time goes on from the
    last good frame. So no timestamp can make the caller allocate more than `limit_s` seconds.

    Args:
        limit_s: duration limit.
        declared_end_s: end of the answer by the container, None when unknown.
        overlap_s: how far a frame may start before the end of its predecessor.
        longest_gap_s: a longer gap is a loss, although nothing failed to decode: the container's own reader steps
            over damage without a word. Infinite for a track that may pause.
    """

    def __init__(
        self, limit_s: float, declared_end_s: float | None, overlap_s: float, longest_gap_s: float = math.inf
    ) -> None:
        self._limit_s = limit_s
        known = limit_s if declared_end_s is None else declared_end_s
        self._believable_end_s = min(known, limit_s) + DURATION_GRACE_S
        self._overlap_s = overlap_s
        self._longest_gap_s = longest_gap_s
        self._shift_s = 0.0
        self._first_s: float | None = None
        self._lost_s = 0.0
        self._after_error = False
        self.end_s = 0.0
        self.jump_count = 0
        self.hole_count = 0

    @property
    def decoded_s(self) -> float:
        """Seconds covered so far, without what was lost to damage and without the time before the first frame."""
        return 0.0 if self._first_s is None else max(0.0, self.end_s - self._first_s - self._lost_s)

    def mark_error(self) -> None:
        """Something failed to decode: a gap before the next frame counts as lost."""
        self._after_error = True

    def estimate(self, time_s: float | None) -> float | None:
        """Where a timestamp of the container lies by what is known now; moves nothing."""
        return None if time_s is None else time_s + self._shift_s

    def place(self, time_s: float | None, span_s: float) -> float:
        """Start of a frame of `span_s` seconds stamped `time_s` (None: follows its predecessor).

        Raises:
            InvalidRequest: the frame ends after the duration limit.
        """
        start_s = self.end_s if time_s is None else time_s + self._shift_s
        backwards_s = self.end_s - start_s
        jumps_ahead = backwards_s < -_JUMP_S and start_s > self._believable_end_s
        if self._first_s is None and backwards_s > 0:
            start_s = 0.0  # priming samples before the start
        elif jumps_ahead or backwards_s > self._overlap_s:
            self._shift_s += backwards_s
            start_s = self.end_s
            self.jump_count += abs(backwards_s) > _JUMP_S
        if start_s + span_s > self._limit_s + DURATION_GRACE_S:
            raise too_long(self._limit_s, start_s + span_s)
        if self._first_s is None:
            self._first_s = self.end_s = start_s
        self._count_loss(start_s)
        self.end_s = max(self.end_s, start_s + span_s)
        return start_s

    def reach(self, time_s: float | None) -> None:
        """The track is intact up to this timestamp, although nothing there was asked to be decoded."""
        placed = self.estimate(time_s)
        if self._first_s is not None and placed is not None and placed <= self.end_s + _JUMP_S:
            self._count_loss(placed)
            self.end_s = max(self.end_s, placed)

    def _count_loss(self, start_s: float) -> None:
        gap_s = max(0.0, start_s - self.end_s)
        hole = gap_s > self._longest_gap_s and not self._after_error
        if hole or self._after_error:
            self._lost_s += gap_s
        self.hole_count += hole
        self._after_error = False
