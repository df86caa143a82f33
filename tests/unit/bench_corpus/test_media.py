"""The media of a corpus, as the product decodes them."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from benchmarks.corpus.media import write
from benchmarks.corpus.plan import Planned
from benchmarks.corpus.speech import phrases, speak
from benchmarks.harness.core import Modality
from serving.adapters.media import PyAvDecoder
from serving.domain.answer import MediaKind

SECONDS = 11.3


def planned(modality: Modality, container: str, language: str = "en") -> Planned:
    framing = "near" if modality is Modality.VIDEO else ""
    return Planned("one", modality, language, "Why?", (), "", SECONDS, container, framing, "7 one")


@pytest.mark.parametrize("container", ["wav", "m4a", "webm"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_audio_answer_lasts_as_planned_and_is_heard(tmp_path: Path, container, language):
    path = write(planned(Modality.AUDIO, container, language), tmp_path)
    track = PyAvDecoder().audio(path, threading.Event())
    assert track.duration_s == pytest.approx(SECONDS, abs=0.06)
    assert (track.report.error_count, track.report.truncated) == (0, False)
    rms_dbfs = 20 * np.log10(np.sqrt(np.mean(np.square(track.pcm / 32768))))
    assert -40 < rms_dbfs < -15


@pytest.mark.parametrize(("container", "codec"), [("mp4", "h264"), ("webm", "vp8")])
def test_a_video_answer_is_720p_of_30_frames_a_second_with_its_sound(tmp_path: Path, container, codec):
    path = write(planned(Modality.VIDEO, container), tmp_path)
    decoder = PyAvDecoder()
    info = decoder.probe(path, MediaKind.VIDEO)
    assert (info.video_codec, info.width, info.height, info.has_audio) == (codec, 1280, 720, True)
    stream = decoder.frames(path, threading.Event())
    times = np.concatenate([batch.time_s for batch in stream])
    assert stream.report.decoded_s == pytest.approx(SECONDS, abs=0.06)
    assert (stream.report.error_count, stream.report.truncated) == (0, False)
    assert times == pytest.approx(np.arange(len(times)) / 3, abs=1 / 30)  # beyond the seam of the loop as well
    assert decoder.audio(path, threading.Event()).duration_s == pytest.approx(SECONDS, abs=0.06)
    assert path.stat().st_size * 8 / SECONDS == pytest.approx(2.6e6, rel=0.15)  # a recorder's default bit rate


def test_equal_seeds_speak_equal_samples_and_others_do_not():
    once = speak("en", 4, "1 a")
    assert np.array_equal(once, speak("en", 4, "1 a"))
    assert not np.array_equal(once, speak("en", 4, "1 b"))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_speech_has_pauses_and_differs_in_loudness(language):
    levels = []
    for seed in range(6):
        pcm = speak(language, 20, str(seed)).astype(np.float64)
        blocks = np.sqrt(np.mean(np.square(pcm.reshape(-1, 960)), axis=1))  # 20 ms
        loud = np.percentile(blocks, 95)
        quiet = np.mean(blocks < loud / 20)
        assert 0.08 < quiet < 0.6
        assert blocks.min() > 0  # a room is never digitally silent
        levels.append(20 * np.log10(loud))
    assert max(levels) - min(levels) > 4


def test_phrases_are_cut_where_the_speaker_pauses():
    voices = phrases("en")
    assert sum(map(len, voices)) > 15
    for phrase in (phrase for voice in voices for phrase in voice):
        assert phrase.pause >= 0.06 * 48_000
        assert abs(phrase.sound[0]) == abs(phrase.sound[-1]) == 0  # faded: no click
