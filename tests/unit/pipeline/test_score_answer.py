"""The order of steps, with fakes at the Protocols: what runs, what is left out, and what a failure costs."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from serving.domain.answer import Answer, MediaKind, MediaRef, Modality, ModalityPolicy
from serving.domain.assessment import Assessment, ModelVersion
from serving.domain.competency import Language, SignalWeight
from serving.domain.errors import InvalidRequest, ModelUnavailable, Overloaded, Reason
from serving.domain.media import AudioTrack, DecodeReport, FrameBatch, MediaInfo
from serving.domain.transcript import SegmentTranscript, Word
from serving.pipeline.concurrency import all_of, both, frames_of
from serving.pipeline.ports import HeadOutputs, SentenceBatch
from serving.pipeline.score_answer import ScoreAnswer

SECONDS = 4
DEFAULT = ModalityPolicy()
WORDS = [
    "I",
    "split",
    "the",
    "work",
    "into",
    "lists",
    "and",
    "in",
    "the",
    "end",
    "we",
    "sold",
    "forty",
    "tickets",
    "more",
    "than",
    "before.",
]


class FakeModels:
    """Hears `WORDS` in anything loud, sees no face; records which models were called."""

    def __init__(self) -> None:
        self.called: list[str] = []
        self.languages: list[Language | None] = []
        self.face_error: Exception | None = None
        self.heard: Language = "en"

    async def voice_probability(self, pcm: NDArray[np.int16]) -> NDArray[np.float32]:
        self.called.append("vad")
        return np.full(-(-len(pcm) // 512), 0.9, np.float32)

    async def transcribe(self, pcm: NDArray[np.int16], language: Language | None) -> SegmentTranscript:
        self.called.append("asr")
        self.languages.append(language)
        step = len(pcm) / 16_000 / len(WORDS)
        words = tuple(Word(word, i * step, (i + 0.8) * step, 0.9) for i, word in enumerate(WORDS))
        return SegmentTranscript(" ".join(WORDS), language or self.heard, 0.77, words)

    async def embed(self, sentences: Sequence[str]) -> NDArray[np.float32]:
        self.called.append("embed")
        rows = np.stack([np.random.default_rng(len(text)).normal(size=512) for text in sentences])
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    async def tag_star(self, batch: SentenceBatch) -> NDArray[np.float32]:
        self.called.append("star")
        return np.full((*batch.mask.shape, 5), 0.2, np.float32)

    async def judge_heads(self, batch: SentenceBatch) -> HeadOutputs:
        self.called.append("judge")
        nothing = np.zeros(batch.mask.shape, np.float32)
        shows = np.zeros((*batch.mask.shape, 9), np.float32)
        grade = np.full((len(batch.mask), 9, 5), 0.2, np.float32)
        relevant = np.ones(len(batch.mask), np.float32)
        return HeadOutputs(shows, shows, nothing, nothing, nothing, nothing, grade, relevant)

    async def score_points(self, features: NDArray[np.float32], competencies: Sequence[int]) -> NDArray[np.float32]:
        self.called.append("points")
        return np.full((len(features), 15), 0.25, np.float32)

    async def detect_faces(self, images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        self.called.append("detect")
        if self.face_error:
            raise self.face_error
        return np.zeros((len(images), 896, 16), np.float32), np.full((len(images), 896), -50, np.float32)

    async def face_mesh(self, crops: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        raise AssertionError("there is no face")

    async def expression(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        raise AssertionError("there is no face")

    async def body_pose(self, crops: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        raise AssertionError("there is no face")

    def versions(self, names: Sequence[str]) -> tuple[ModelVersion, ...]:
        return tuple(ModelVersion(name, "1", "0" * 64) for name in names)


class FakeFrames:
    """Grey pictures, a few at a time."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error
        self.report = DecodeReport(float(SECONDS), float(SECONDS))

    def __iter__(self) -> Iterator[FrameBatch]:
        if self._error:
            raise self._error
        for start in range(SECONDS):
            times = start + np.arange(3) / 3
            yield FrameBatch([np.full((48, 64, 3), 99, np.uint8)] * 3, times.astype(np.float64))


class FakeDecoder:
    """A film of `SECONDS` whose sound takes a moment to decode."""

    def __init__(self) -> None:
        self.info = MediaInfo("mov", float(SECONDS), has_audio=True, has_video=True)
        self.audio_error: Exception | None = None
        self.frames_error: Exception | None = None
        self.cut_short = False
        self.decoding = threading.Event()
        self.audio_s = 0.0
        self.level = 9000

    def probe(self, path: Path, kind: MediaKind) -> MediaInfo:
        return self.info

    def audio(self, path: Path, cancel: threading.Event) -> AudioTrack:
        self.decoding.set()
        if self.audio_error:
            raise self.audio_error
        deadline = time.monotonic() + self.audio_s
        while time.monotonic() < deadline and not cancel.is_set():
            time.sleep(0.005)
        self.cut_short = cancel.is_set()
        pcm = np.full(16_000 * SECONDS, self.level, np.int16)
        return AudioTrack(pcm, DecodeReport(float(SECONDS), float(SECONDS)))

    def frames(self, path: Path, cancel: threading.Event) -> FakeFrames:
        return FakeFrames(self.frames_error)


@pytest.fixture
def models() -> FakeModels:
    return FakeModels()


@pytest.fixture
def decoder() -> FakeDecoder:
    return FakeDecoder()


def _film(
    language: Language | None = "en", policy: ModalityPolicy = DEFAULT, weights: tuple[SignalWeight, ...] = ()
) -> Answer:
    media = MediaRef(Path("film"), 9, "0" * 64)
    return Answer("Why?", language, ("teamwork",), media=media, policy=policy, signal_weights=weights)


async def _score(models: FakeModels, decoder: FakeDecoder, answer: Answer) -> Assessment:
    return await ScoreAnswer(models, decoder, "hash").run(answer)


def _states(assessment: Assessment) -> dict[str, tuple[str, str]]:
    return {report.name: (report.state.value, report.reason) for report in assessment.modalities}


@pytest.mark.parametrize("error", [ModelUnavailable("away"), Overloaded("full")])
async def test_face_models_that_are_away_leave_a_gap_and_every_word(
    models: FakeModels, decoder: FakeDecoder, error: Exception
) -> None:
    models.face_error, decoder.audio_s = error, 0.2
    assessment = await _score(models, decoder, _film())
    assert _states(assessment)["face"] == ("failed", "models_unavailable")
    assert _states(assessment)["speech"] == ("ran", "")
    assert not decoder.cut_short  # the sound was still being decoded when the face failed
    assert assessment.overall.score is not None
    assert "face_mesh" not in {model.name for model in assessment.provenance.models}


async def test_a_denied_modality_calls_none_of_its_models(models: FakeModels, decoder: FakeDecoder) -> None:
    denied = tuple((modality, "no_consent") for modality in (Modality.FACE, Modality.SPEECH))
    assessment = await _score(models, decoder, _film(policy=ModalityPolicy(denied)))
    assert models.called == []
    assert _states(assessment)["speech"] == _states(assessment)["face"] == ("skipped", "no_consent")
    assert [competency.score for competency in assessment.competencies] == [None]


async def test_media_of_which_nothing_decodes_is_the_callers_to_mend(models: FakeModels, decoder: FakeDecoder) -> None:
    unreadable = InvalidRequest("nothing", reason=Reason.MEDIA_UNREADABLE)
    decoder.audio_error = decoder.frames_error = unreadable
    with pytest.raises(InvalidRequest) as caught:
        await _score(models, decoder, _film())
    assert (caught.value.reason, caught.value.field) == (Reason.MEDIA_UNREADABLE, "media")


async def test_one_track_that_decodes_is_enough(models: FakeModels, decoder: FakeDecoder) -> None:
    decoder.frames_error = InvalidRequest("nothing", reason=Reason.MEDIA_UNREADABLE)
    assessment = await _score(models, decoder, _film())
    assert _states(assessment)["face"] == ("failed", "undecodable")
    assert assessment.transcript.words


async def test_a_limit_passed_while_decoding_fails_the_answer(models: FakeModels, decoder: FakeDecoder) -> None:
    decoder.frames_error = InvalidRequest("too long", reason=Reason.MEDIA_TOO_LONG)
    with pytest.raises(InvalidRequest) as caught:
        await _score(models, decoder, _film())
    assert caught.value.reason is Reason.MEDIA_TOO_LONG


async def test_silence_is_not_heard_by_any_model(models: FakeModels, decoder: FakeDecoder) -> None:
    decoder.level = 0
    assessment = await _score(models, decoder, _film())
    assert "asr" not in models.called
    assert "vad" not in models.called
    assert _states(assessment)["speech"] == ("failed", "silence")


async def test_the_first_segment_decides_the_language_and_english_is_heard_again(
    models: FakeModels, decoder: FakeDecoder
) -> None:
    assessment = await _score(models, decoder, _film(language=None))
    assert models.languages == [None, "en"]
    assert assessment.transcript.language_probability == 0.77
    models.languages.clear()
    models.heard = "zh"
    assert (await _score(models, decoder, _film(language=None))).language == "zh"
    assert models.languages == [None]


async def test_a_language_that_was_named_is_certain(models: FakeModels, decoder: FakeDecoder) -> None:
    assert (await _score(models, decoder, _film())).transcript.language_probability == 1.0


async def test_delivery_moves_a_score_only_where_the_caller_gave_it_points(
    models: FakeModels, decoder: FakeDecoder
) -> None:
    plain = await _score(models, decoder, _film())
    weights = (SignalWeight("teamwork", "fluency", 1.5),)
    weighted = await _score(models, decoder, _film(weights=weights))
    parts = [{part.name: part.points for part in a.competencies[0].contributions} for a in (plain, weighted)]
    assert "signal_fluency" not in parts[0]
    assert parts[1]["signal_fluency"] == 1.5
    assert plain.asked.signal_weights == () and weighted.asked.signal_weights == weights
    assert plain.provenance.input_sha256 != weighted.provenance.input_sha256


async def test_an_assessment_says_what_was_asked_and_on_what_it_was_made(
    models: FakeModels, decoder: FakeDecoder
) -> None:
    assessment = await _score(models, decoder, _film(language=None))
    assert assessment.asked.language == ""
    assert [(item.name, item.reason) for item in assessment.asked.denied] == [("expression", "not_allowed_by_policy")]
    assert assessment.provenance.instruction_set
    assert {"star_tagger", "answer_judge", "competency_scorer"} <= {m.name for m in assessment.provenance.models}


async def test_cancelling_stops_the_decoder(models: FakeModels, decoder: FakeDecoder) -> None:
    decoder.audio_s = 30.0
    call = asyncio.create_task(_score(models, decoder, _film()))
    await asyncio.to_thread(decoder.decoding.wait)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    deadline = time.monotonic() + 5
    while not decoder.cut_short and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
    assert decoder.cut_short


async def test_the_first_failure_cancels_and_awaits_the_rest() -> None:
    ended: list[str] = []

    async def slow() -> None:
        try:
            await asyncio.sleep(30)
        finally:
            ended.append("slow")

    async def failing() -> None:
        raise ValueError("first")

    for work in (lambda: all_of([slow(), failing()]), lambda: both(slow(), failing())):
        with pytest.raises(ValueError, match="first"):
            await work()
    assert ended == ["slow", "slow"]


async def test_nothing_is_decoded_while_all_cores_are_taken(models: FakeModels, decoder: FakeDecoder) -> None:
    cores = asyncio.Semaphore(1)
    use_case = ScoreAnswer(models, decoder, "hash", core=cores)
    async with cores:
        text = await use_case.run(Answer("Why?", "en", ("teamwork",), text="I split the work into lists."))
        assert text.competencies  # which takes no core
        film = asyncio.create_task(use_case.run(_film()))
        await asyncio.sleep(0.05)
        assert not decoder.decoding.is_set()
        assert models.called.count("detect") == 0
    assert _states(await film)["speech"][0] == "ran"
    assert "detect" in models.called
    assert not cores.locked()


@pytest.mark.parametrize("fault", [InvalidRequest("no", reason=Reason.MEDIA_TOO_LONG), RuntimeError("bug")])
async def test_a_step_that_fails_leaves_its_core_to_others(
    models: FakeModels, decoder: FakeDecoder, fault: Exception
) -> None:
    cores = asyncio.Semaphore(1)
    decoder.frames_error = fault
    with pytest.raises(type(fault)):
        await ScoreAnswer(models, decoder, "hash", core=cores).run(_film())
    assert not cores.locked()


async def test_frames_that_wait_for_a_core_are_given_up_at_once() -> None:
    cores, cancel = asyncio.Semaphore(2), threading.Event()
    frames = frames_of(FakeFrames(), cancel, cores)
    await anext(frames)
    await asyncio.sleep(0.05)  # the second is decoded ahead
    async with cores, cores:
        await anext(frames)
        async with asyncio.timeout(5):
            await frames.aclose()
    assert cancel.is_set() and not cores.locked()


async def test_frames_that_are_not_read_to_the_end_stop_the_decoder() -> None:
    cancel = threading.Event()
    frames = frames_of(FakeFrames(), cancel)
    await anext(frames)
    await frames.aclose()
    with pytest.raises(StopAsyncIteration):
        await anext(frames)
