"""Broken clocks, truncated files and flipped bits: a result that says how much it is, or a clear error."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from serving.adapters.media import PyAvDecoder
from serving.domain.answer import MediaKind
from serving.domain.errors import InvalidRequest, Reason
from serving.domain.limits import Limits
from tests.media import face_video, frame_number, numbered_frames, speech_clip, write_media

DECODER = PyAvDecoder(limits=Limits(media_duration_s=20.0))


def restamped(source: Path, target: Path, shift_s: Callable[[float], float | None]) -> Path:
    """Copy packets with other timestamps; None drops a packet."""
    with av.open(str(source)) as read, av.open(str(target), "w") as write:
        stream = read.streams[0]
        copy = write.add_stream_from_template(stream)
        for packet in read.demux(stream):
            if packet.pts is None or packet.dts is None or packet.time_base is None:
                continue
            shift = shift_s(float(packet.pts * packet.time_base))
            if shift is None:
                continue
            packet.pts += round(shift / packet.time_base)
            packet.dts += round(shift / packet.time_base)
            packet.stream = copy
            write.mux(packet)
    return target


def opus(folder: Path) -> Path:
    return speech_clip(folder / "source.mkv", 4.0, "libopus")


def test_a_gap_between_packets_becomes_silence(tmp_path: Path) -> None:
    path = restamped(opus(tmp_path), tmp_path / "gap.mkv", lambda time_s: 5.0 if time_s >= 2.0 else 0.0)
    track = DECODER.audio(path, threading.Event())
    assert track.duration_s == pytest.approx(9.0, abs=0.1)
    assert np.abs(track.pcm[int(2.1 * 16_000) : int(6.9 * 16_000)]).max() == 0
    assert np.abs(track.pcm[int(7.1 * 16_000) :]).max() > 1000
    assert not track.report.truncated
    assert track.report.decoded_s == pytest.approx(4.0, abs=0.1)  # five seconds of sound are not there
    assert track.report.error_count == 1


def test_silence_that_was_not_sent_is_no_loss(tmp_path: Path) -> None:
    # Discontinuous transmission: 0.4 s without a packet.
    path = restamped(opus(tmp_path), tmp_path / "dtx.mkv", lambda time_s: 0.4 if time_s >= 2.0 else 0.0)
    report = DECODER.audio(path, threading.Event()).report
    assert report.decoded_s == pytest.approx(4.4, abs=0.1)
    assert report.error_count == 0


def test_lost_packets_leave_the_rest_at_its_time(tmp_path: Path) -> None:
    source = opus(tmp_path)
    path = restamped(source, tmp_path / "lost.mkv", lambda time_s: None if 1.0 <= time_s < 1.5 else 0.0)
    whole, holed = (DECODER.audio(item, threading.Event()).pcm for item in (source, path))
    assert len(holed) == pytest.approx(len(whole), abs=400)
    one, other = (pcm[2 * 16_000 : 3 * 16_000].astype(float) for pcm in (whole, holed))
    correlation = np.correlate(one, other, "full") / (np.linalg.norm(one) * np.linalg.norm(other))
    assert abs(int(np.argmax(correlation)) - (len(one) - 1)) <= 16  # 1 ms, to which Matroska rounds
    assert correlation.max() > 0.99


@pytest.mark.parametrize("jump_s", [1e4, 1e6])
def test_a_jump_into_the_far_future_allocates_nothing(tmp_path: Path, jump_s: float) -> None:
    path = tmp_path / "jump.ts.mkv"
    restamped(opus(tmp_path), path, lambda time_s: jump_s if time_s >= 2.0 else 0.0)
    forget_duration(path)
    track = DECODER.audio(path, threading.Event())
    assert track.duration_s == pytest.approx(4.0, abs=0.1)
    assert track.report.error_count == 1


def test_a_video_clock_that_jumps_goes_on_from_the_last_frame(tmp_path: Path) -> None:
    source = write_media(
        tmp_path / "numbers.mkv", pictures=numbered_frames(90), video_options={"tune": "zerolatency", "g": "30"}
    )
    path = restamped(source, tmp_path / "jump.mkv", lambda time_s: 1e5 if time_s >= 1.5 else 0.0)
    forget_duration(path)
    batches = list(DECODER.frames(path, threading.Event()))
    times = np.concatenate([batch.time_s for batch in batches])
    assert times == pytest.approx(np.arange(9) / 3, abs=0.07)
    assert abs(frame_number(batches[0].rgb[6]) - 60) <= 2


def forget_duration(path: Path) -> None:
    """Turn Matroska's Duration element (44 89, a float of 8 bytes) into one of nothing known."""
    data = bytearray(path.read_bytes())
    at = data.index(b"\x44\x89\x88")
    data[at : at + 3] = b"\xec\x80\xec"  # two Void elements: one empty, one over the rest
    data[at + 2 : at + 11] = b"\xec\x87" + bytes(7)
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("name", "codec", "audio_codec", "container_options"),
    [
        ("face.webm", "libvpx", "libopus", {}),
        ("face.mkv", "libx264", "aac", {}),
        ("faststart.mp4", "libx264", "aac", {"movflags": "faststart"}),
        ("fragmented.mp4", "libx264", "aac", {"movflags": "frag_keyframe+empty_moov"}),
    ],
)
def test_half_a_file_gives_half_an_answer(
    tmp_path: Path, name: str, codec: str, audio_codec: str, container_options: dict[str, str]
) -> None:
    path = face_video(
        tmp_path / name,
        6.0,
        size=(160, 120),
        codec=codec,
        audio_codec=audio_codec,
        video_options={"g": "30"},
        container_options=container_options,
    )
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    track = DECODER.audio(path, threading.Event())
    stream = DECODER.frames(path, threading.Event())
    frame_count = sum(len(batch.rgb) for batch in stream)
    assert 1.0 < track.report.decoded_s < 5.0
    assert 3 < frame_count < 15
    assert track.report.truncated or stream.report.truncated
    if "fragmented" not in name:  # whose fragments declare no more than themselves
        assert track.report.truncated and stream.report.truncated
        assert track.report.expected_s == pytest.approx(6.0, abs=0.1)


@pytest.mark.parametrize("name", ["speech.mp3", "speech.wav", "speech.flac"])
def test_half_of_a_sound_file_says_so(tmp_path: Path, name: str) -> None:
    codec = {"mp3": "libmp3lame", "wav": "pcm_s16le", "flac": "flac"}[name[-4:].strip(".")]
    path = speech_clip(tmp_path / name, 6.0, codec)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    report = DECODER.audio(path, threading.Event()).report
    assert 1.5 < report.decoded_s < 4.5
    assert report.expected_s == pytest.approx(6.0, abs=0.1)
    assert report.truncated


def test_an_mp4_that_lost_its_index_is_unreadable(tmp_path: Path) -> None:
    path = face_video(tmp_path / "face.mp4", 2.0, size=(160, 120))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(InvalidRequest) as caught:
        DECODER.probe(path, MediaKind.DETECT)
    assert caught.value.reason is Reason.MEDIA_UNREADABLE


def test_a_hole_in_the_middle_is_counted_and_stepped_over(tmp_path: Path) -> None:
    path = face_video(
        tmp_path / "face.webm", 6.0, size=(160, 120), codec="libvpx", audio_codec="libopus", video_options={"g": "30"}
    )
    data = bytearray(path.read_bytes())
    rng = np.random.default_rng(0)
    third = len(data) // 3
    data[third : third + len(data) // 10] = rng.bytes(len(data) // 10)
    path.write_bytes(data)
    track = DECODER.audio(path, threading.Event())
    stream = DECODER.frames(path, threading.Event())
    times = np.concatenate([batch.time_s for batch in stream])
    assert track.report.error_count + stream.report.error_count > 0
    assert track.report.decoded_s < 5.9
    assert track.duration_s > 5.5
    assert times[-1] > 5.0


FUZZED = [
    ("a.mp3", "libmp3lame", None),
    ("a.m4a", "aac", None),
    ("a.wav", "pcm_s16le", None),
    ("a.flac", "flac", None),
    ("a.ogg", "vorbis", None),
    ("b.ogg", "libopus", None),
    ("a.mp4", "aac", "libx264"),
    ("a.mov", "aac", "libx264"),
    ("a.webm", "libopus", "libvpx"),
    ("b.webm", "libopus", "libvpx-vp9"),
    ("a.mkv", "aac", "libx264"),
]


@pytest.mark.parametrize(("name", "audio_codec", "video_codec"), FUZZED)
def test_flipped_bytes_never_raise_anything_but_an_invalid_answer(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, audio_codec: str, video_codec: str | None
) -> None:
    path = tmp_path / name
    if video_codec:
        face_video(path, 1.0, size=(96, 64), codec=video_codec, audio_codec=audio_codec)
    else:
        speech_clip(path, 4.0, audio_codec, layout="stereo" if audio_codec == "vorbis" else "mono")
    capfd.readouterr()  # what the encoders said
    whole = path.read_bytes()
    outcomes = set()
    for seed in range(30):
        rng = np.random.default_rng(seed)
        data = np.frombuffer(whole, np.uint8).copy()
        # Headers matter most: half of the rounds hit the first kilobyte only.
        reach = min(len(data), 1024) if seed % 2 else len(data)
        flips = rng.integers(0, reach, 1 + seed // 3)
        data[flips] = rng.integers(0, 256, len(flips))
        path.write_bytes(data[: rng.integers(len(data) // 2, len(data))].tobytes() if seed % 5 == 0 else data.tobytes())
        outcomes.add(outcome(path))
    assert outcomes & {"sound", "pictures", "both"}
    assert capfd.readouterr() == ("", "")


def outcome(path: Path) -> str:
    """What could be had; anything but `InvalidRequest` fails the test."""
    got = []
    for name, decode in (
        ("probe", lambda: DECODER.probe(path, MediaKind.DETECT)),
        ("sound", lambda: DECODER.audio(path, threading.Event())),
        ("pictures", lambda: list(DECODER.frames(path, threading.Event()))),
    ):
        try:
            decode()
            got.append(name)
        except InvalidRequest as error:
            assert error.field == "media"
    return "both" if {"sound", "pictures"} <= set(got) else got[-1] if got else "nothing"
