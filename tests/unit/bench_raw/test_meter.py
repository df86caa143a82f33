"""CPU seconds go to their stage."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmarks.raw import meter as meters
from benchmarks.raw.decoding import MeteredDecoder
from benchmarks.raw.meter import StageMeter
from serving.domain.media import DecodeReport, FrameBatch


class Clock:
    """A thread's CPU time, which passes when work is done."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def thread_time(self) -> float:
        return self.now_s

    def work(self, seconds: float) -> None:
        self.now_s += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(meters, "time", clock)
    return clock


def test_stages_add_up_until_they_are_taken(clock: Clock) -> None:
    meter = StageMeter()
    for stage, seconds in (("vad", 1.0), ("asr", 4.0), ("vad", 2.0)):
        with meter.stage(stage):
            clock.work(seconds)
        clock.work(100.0)
    assert meter.take() == {"vad": 3.0, "asr": 4.0}
    assert meter.take() == {}


def test_a_stage_that_fails_has_cost_what_it_cost(clock: Clock) -> None:
    meter = StageMeter()
    with pytest.raises(ZeroDivisionError), meter.stage("asr"):
        clock.work(1.0)
        raise ZeroDivisionError
    assert meter.take() == {"asr": 1.0}


def test_frames_count_while_they_are_decoded_and_not_while_they_are_used(clock: Clock) -> None:
    class Frames:
        report = DecodeReport(1.0, 1.0)

        def __iter__(self) -> Iterator[FrameBatch]:
            for at in range(2):
                clock.work(1.0)
                yield FrameBatch([np.zeros((2, 2, 3), np.uint8)], np.array([float(at)]))
            clock.work(0.5)

    meter, inner = StageMeter(), SimpleNamespace(frames=lambda path, cancel: Frames())
    decoder: Any = MeteredDecoder(inner, meter)  # type: ignore[arg-type]
    stream = decoder.frames(Path("x"), threading.Event())
    times = []
    for batch in stream:
        clock.work(10.0)
        times.append(float(batch.time_s[0]))
    assert times == [0.0, 1.0]
    assert stream.report.decoded_s == 1.0
    assert meter.take() == {"decode_video": 2.5}
