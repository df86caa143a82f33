"""When the picture of bulk videos is left out, and of whose never."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from serving.domain.answer import Answer, MediaKind, MediaRef, Modality, ModalityPolicy
from serving.domain.competency import SignalWeight
from serving.domain.job import Lane, Rank
from serving.domain.media import MediaInfo
from serving.domain.submission import AnswerResult, Submission
from serving.pipeline import modalities
from serving.records.backlog import Backlog, Depth
from serving.records.ports import JobQueue
from serving.records.shedding import Shedding, without_picture

VIDEO = Answer("", None, ("teamwork",), media=MediaRef(Path("a.mp4"), 1, "", MediaKind.VIDEO))
BULK = Submission("tenants/t/interviews/i/answers/q1", "q1", media_sha256="0" * 64, rank=Rank.BULK)


class Clock:
    """Stands still until it is moved."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Season:
    """A backlog of bulk media as the test says it is."""

    def __init__(self, queue: JobQueue) -> None:
        self.clock = Clock()
        self.backlog = Backlog(queue)
        self.shedding = Shedding(self.backlog, 1_000.0, self.clock)

    def is_(self, count: int, rate: float, oldest_s: float = 0.0, after_s: float = 900.0) -> bool:
        """Whether pictures are left out in such a state, some time later."""
        self.clock.now += after_s
        self.backlog.depths = {(Lane.MEDIA, Rank.BULK): Depth(count, rate, oldest_s)}
        return self.shedding.active


class NoQueue:
    """Nothing is asked of it."""


@pytest.fixture
def season() -> Season:
    return Season(NoQueue())  # type: ignore[arg-type]


def test_it_begins_when_what_waits_would_be_late(season: Season) -> None:
    assert not season.is_(count=999, rate=1.0)
    assert season.is_(count=1_100, rate=1.0)


def test_it_begins_when_the_oldest_is_late_although_little_waits(season: Season) -> None:
    assert season.is_(count=3, rate=1.0, oldest_s=1_001.0)


def test_an_unknown_rate_begins_nothing(season: Season) -> None:
    assert not season.is_(count=100_000, rate=0.0)


def test_it_does_not_end_because_it_helps(season: Season) -> None:
    assert season.is_(count=1_100, rate=1.0)
    assert season.is_(count=1_000, rate=2.5)  # 400 s without the picture, 1,000 s with it
    assert season.is_(count=501, rate=2.5)
    assert not season.is_(count=499, rate=2.5)
    assert not season.is_(count=900, rate=1.0)


def test_a_state_holds_for_minutes(season: Season) -> None:
    assert season.is_(count=1_100, rate=1.0)
    assert season.is_(count=0, rate=1.0, after_s=299.0)
    assert not season.is_(count=0, rate=1.0, after_s=2.0)
    assert not season.is_(count=1_100, rate=1.0, after_s=299.0)
    assert season.is_(count=1_100, rate=1.0, after_s=2.0)


@pytest.mark.parametrize("rank", [Rank.LIVE, Rank.INTERACTIVE])
def test_it_is_never_for_answers_that_somebody_waits_for(season: Season, rank: Rank) -> None:
    season.is_(count=10_000, rate=1.0)
    assert season.shedding.applies(BULK, VIDEO, ())
    assert not season.shedding.applies(dataclasses.replace(BULK, rank=rank), VIDEO, ())


@pytest.mark.parametrize("signal", ["smile", "eye_contact", "gesture"])
def test_it_is_never_where_points_rest_on_the_picture(season: Season, signal: str) -> None:
    season.is_(count=10_000, rate=1.0)
    weighted = dataclasses.replace(VIDEO, signal_weights=(SignalWeight("teamwork", signal, 1.0),))
    assert not season.shedding.applies(BULK, weighted, ())
    by_voice = dataclasses.replace(VIDEO, signal_weights=(SignalWeight("teamwork", "pace", 1.0),))
    assert season.shedding.applies(BULK, by_voice, ())


def test_an_interview_is_treated_as_its_first_answer_was(season: Season) -> None:
    seen, left_out, text = (
        dataclasses.replace(BULK, result=AnswerResult(1, shed=shed)) for shed in (False, True, None)
    )
    waiting = BULK
    season.is_(count=10_000, rate=1.0)
    assert not season.shedding.applies(BULK, VIDEO, (text, waiting, seen))
    season.is_(count=0, rate=1.0)
    assert season.shedding.applies(BULK, VIDEO, (text, left_out))
    assert not season.shedding.applies(BULK, VIDEO, (text, waiting))


def test_other_reasons_and_what_is_not_there_are_stated_before_it() -> None:
    policy = without_picture(ModalityPolicy())
    assert dict(policy.denied) == {Modality.FACE: "shed_under_load", Modality.EXPRESSION: "not_allowed_by_policy"}
    left_out = dataclasses.replace(VIDEO, policy=policy)
    for has_video, kind, reason in (
        (True, MediaKind.VIDEO, "shed_under_load"),
        (False, MediaKind.VIDEO, "no_video_track"),
        (False, MediaKind.DETECT, "audio_answer"),
        (True, MediaKind.AUDIO, "audio_answer"),
    ):
        assert left_out.media is not None
        answer = dataclasses.replace(left_out, media=dataclasses.replace(left_out.media, kind=kind))
        info = MediaInfo("mp4", 5.0, has_audio=True, has_video=has_video)
        assert modalities.reason_to_skip(answer, info, Modality.FACE) == reason
        assert modalities.reason_to_skip(answer, info, Modality.SPEECH) == ""
    assert "no score rests on it" in modalities.skipped(Modality.FACE, modalities.SHED).message
