"""What the decoder makes of sound media."""

from __future__ import annotations

import gc
import threading
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from serving.adapters.media import DecodeConfig, PyAvDecoder
from serving.domain.answer import MediaKind
from serving.domain.media import AudioTrack, DecodeReport
from tests.media import Rgb, face_video, frame_number, numbered_frames, speech, speech_clip, write_media

AUDIO = [
    ("speech.mp3", "libmp3lame", 44_100, "stereo"),
    ("speech.mp3", "libmp3lame", 16_000, "mono"),
    ("speech.m4a", "aac", 48_000, "stereo"),
    ("speech.m4a", "aac", 8_000, "mono"),
    ("speech.wav", "pcm_s16le", 8_000, "mono"),
    ("speech.wav", "pcm_s16le", 16_000, "mono"),
    ("speech.wav", "pcm_f32le", 44_100, "stereo"),
    ("speech.flac", "flac", 22_050, "mono"),
    ("speech.ogg", "vorbis", 48_000, "stereo"),
    ("speech.ogg", "libopus", 48_000, "mono"),
    ("speech.webm", "libopus", 16_000, "mono"),
    ("speech.mkv", "flac", 48_000, "stereo"),
]
VIDEO = [
    ("face.mp4", "libx264", "aac", "h264"),
    ("face.mov", "libx264", "aac", "h264"),
    ("face.mkv", "libx264", "libopus", "h264"),
    ("face.webm", "libvpx", "libopus", "vp8"),
    ("face.webm", "libvpx-vp9", "libopus", "vp9"),
]


def audio_of(path: Path) -> AudioTrack:
    return PyAvDecoder().audio(path, threading.Event())


def frames_of(path: Path, config: DecodeConfig | None = None) -> tuple[list[Rgb], NDArray[np.float64], DecodeReport]:
    stream = PyAvDecoder(config).frames(path, threading.Event())
    batches = list(stream)
    return [rgb for batch in batches for rgb in batch.rgb], np.concatenate([b.time_s for b in batches]), stream.report


def lag_s(pcm: NDArray[np.int16], said: NDArray[np.int16]) -> tuple[float, float]:
    """Delay of `pcm` (16 kHz) behind `said` (48 kHz), and their correlation there."""
    reference = said.reshape(-1, 3).mean(axis=1)
    length = 2 * max(len(pcm), len(reference))
    product = np.fft.rfft(pcm, length) * np.conj(np.fft.rfft(reference, length))
    correlation = np.fft.irfft(product) / (np.linalg.norm(pcm) * np.linalg.norm(reference))
    best = int(np.argmax(correlation))
    return (best - length if best > length // 2 else best) / 16_000, float(correlation[best])


@pytest.mark.parametrize(("name", "codec", "rate_hz", "layout"), AUDIO)
def test_every_sound_format_gives_the_words_at_their_time(
    tmp_path: Path, name: str, codec: str, rate_hz: int, layout: str
) -> None:
    path = speech_clip(tmp_path / name, 3.0, codec, rate_hz=rate_hz, layout=layout)
    info = PyAvDecoder().probe(path, MediaKind.DETECT)
    track = audio_of(path)
    assert (info.has_audio, info.has_video) == (True, False)
    assert info.duration_s == pytest.approx(3.0, abs=0.1)
    assert track.duration_s == pytest.approx(3.0, abs=0.1)
    assert track.pcm.dtype == np.int16
    assert (track.report.error_count, track.report.truncated) == (0, False)
    assert track.report.decoded_s == pytest.approx(3.0, abs=0.1)
    delay_s, likeness = lag_s(track.pcm, speech(3.0))
    assert abs(delay_s) < 0.03
    assert likeness > 0.9


@pytest.mark.parametrize(("name", "codec", "audio_codec", "codec_name"), VIDEO)
def test_every_video_format_gives_sound_and_pictures(
    tmp_path: Path, name: str, codec: str, audio_codec: str, codec_name: str
) -> None:
    path = face_video(tmp_path / name, 2.0, size=(320, 240), codec=codec, audio_codec=audio_codec)
    info = PyAvDecoder().probe(path, MediaKind.DETECT)
    assert (info.has_audio, info.has_video, info.video_codec) == (True, True, codec_name)
    assert (info.width, info.height, info.rotation_deg) == (320, 240, 0)
    frames, time_s, report = frames_of(path)
    assert [frame.shape for frame in frames] == [(240, 320, 3)] * 6
    assert time_s == pytest.approx(np.arange(6) / 3, abs=0.04)
    assert report.decoded_s == pytest.approx(2.0, abs=0.1)
    assert (report.error_count, report.truncated) == (0, False)
    assert audio_of(path).duration_s == pytest.approx(2.0, abs=0.1)


def test_a_video_without_sound_and_sound_kind_of_a_video_are_told_by_the_probe(tmp_path: Path) -> None:
    silent = face_video(tmp_path / "silent.mp4", 0.5, audio_codec=None, size=(64, 48))
    assert not PyAvDecoder().probe(silent, MediaKind.VIDEO).has_audio
    film = face_video(tmp_path / "film.mp4", 0.5, size=(64, 48))
    ignored = PyAvDecoder().probe(film, MediaKind.AUDIO)
    assert (ignored.has_audio, ignored.has_video, ignored.width) == (True, False, 0)
    podcast = speech_clip(tmp_path / "podcast.m4a", 0.5)
    assert PyAvDecoder().probe(podcast, MediaKind.VIDEO).has_audio


@pytest.mark.parametrize("preset", ["ultrafast", "medium"])  # without and with B-frames
@pytest.mark.parametrize("fps", [15, 24, 30])
def test_each_sample_is_the_first_frame_at_or_after_its_time(tmp_path: Path, fps: int, preset: str) -> None:
    path = write_media(
        tmp_path / "numbers.mp4", pictures=numbered_frames(4 * fps), fps=fps, video_options={"preset": preset}
    )
    frames, time_s, report = frames_of(path)
    due = np.arange(12) / 3
    assert [frame_number(frame) for frame in frames] == [int(np.ceil(moment * fps - 1e-6)) for moment in due]
    assert time_s == pytest.approx(np.ceil(due * fps - 1e-6) / fps)
    assert report.truncated is False


def test_a_variable_frame_rate_keeps_its_times(tmp_path: Path) -> None:
    times = [0.0, 0.02, 0.05, 0.9, 0.95, 1.0, 3.0, 3.01, 3.4]
    path = write_media(
        tmp_path / "vfr.mkv",
        pictures=numbered_frames(len(times)),
        times_s=times,
        video_options={"preset": "ultrafast", "tune": "zerolatency"},
    )
    frames, time_s, _ = frames_of(path)
    assert [frame_number(frame) for frame in frames] == [0, 3, 5, 6, 8]
    assert time_s == pytest.approx([0.0, 0.9, 1.0, 3.0, 3.4], abs=0.002)


def test_the_sampling_rate_and_batch_size_are_the_configured_ones(tmp_path: Path) -> None:
    path = write_media(tmp_path / "numbers.mp4", pictures=numbered_frames(60), fps=30)
    batches = list(PyAvDecoder(DecodeConfig(fps=10.0, batch_frames=8)).frames(path, threading.Event()))
    assert [len(batch.rgb) for batch in batches] == [8, 8, 4]
    assert [frame_number(frame) for batch in batches for frame in batch.rgb] == list(range(0, 60, 3))


@pytest.mark.parametrize(
    ("size", "expected"), [((1280, 720), (360, 640)), ((720, 1280), (640, 360)), ((96, 64), (64, 96))]
)
def test_large_pictures_are_scaled_down_and_small_ones_are_left(
    tmp_path: Path, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    path = face_video(tmp_path / "face.mp4", 0.2, size=size, audio_codec=None)
    frames, _, _ = frames_of(path)
    assert frames[0].shape == (*expected, 3)


def test_pixels_that_are_not_square_are_made_square(tmp_path: Path) -> None:
    for aspect, expected in ((Fraction(4, 3), (90, 160)), (Fraction(1, 2), (120, 80))):
        path = face_video(tmp_path / "wide.mp4", 0.2, size=(160, 120), audio_codec=None, pixel_aspect=aspect)
        assert frames_of(path)[0][0].shape == (*expected, 3)


def test_sound_that_begins_late_is_led_in_by_silence(tmp_path: Path) -> None:
    path = face_video(tmp_path / "late.mkv", 2.0, size=(64, 48), audio_start_s=0.5)
    track = audio_of(path)
    assert track.duration_s == pytest.approx(2.5, abs=0.1)
    assert lag_s(track.pcm, speech(2.0))[0] == pytest.approx(0.5, abs=0.03)
    assert track.report.decoded_s == pytest.approx(2.0, abs=0.1)


def test_two_decodes_of_one_file_are_equal(tmp_path: Path) -> None:
    path = face_video(tmp_path / "face.webm", 1.0, size=(160, 120), codec="libvpx", audio_codec="libopus")
    assert np.array_equal(audio_of(path).pcm, audio_of(path).pcm)
    for one, other in zip(frames_of(path)[0], frames_of(path)[0], strict=True):
        assert np.array_equal(one, other)


def test_a_cancelled_decode_ends_quietly(tmp_path: Path) -> None:
    path = face_video(tmp_path / "face.mp4", 2.0, size=(64, 48))
    cancel = threading.Event()
    stream = PyAvDecoder(DecodeConfig(batch_frames=1)).frames(path, cancel)
    taken = 0
    for _ in stream:
        taken += 1
        cancel.set()
    assert taken <= 2
    assert stream.report.truncated
    track = PyAvDecoder().audio(path, cancel)
    assert track.report.truncated and len(track.pcm) == 0


def test_pixels_do_not_wait_for_the_garbage_collector(tmp_path: Path) -> None:
    path = face_video(tmp_path / "face.mp4", 4.0, size=(64, 48), audio_codec=None)

    def alive() -> int:
        return sum(
            issubclass(type(item), av.VideoFrame) for item in gc.get_objects()
        )  # isinstance would wake lazy objects

    gc.collect()
    gc.disable()
    try:
        before = alive()
        assert sum(len(batch.rgb) for batch in PyAvDecoder().frames(path, threading.Event())) == 12
        assert alive() <= before + 2
    finally:
        gc.enable()


@pytest.mark.parametrize("bad", [{"fps": 0}, {"fps": 200.0}, {"frame_max_side": 1}, {"batch_frames": 0}])
def test_a_nonsensical_config_is_refused_at_once(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(bad))):
        DecodeConfig(**bad)  # type: ignore[arg-type]
