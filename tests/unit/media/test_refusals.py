"""What is refused, and why it says so."""

from __future__ import annotations

import io
import struct
import threading
import wave
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from serving.adapters.media import PyAvDecoder
from serving.domain.answer import MediaKind
from serving.domain.errors import InvalidRequest, Reason
from serving.domain.limits import Limits
from tests.media import astronaut, face_video, speech_clip, write_media


def refusal(path: Path, limits: Limits | None = None, kind: MediaKind = MediaKind.DETECT) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        PyAvDecoder(limits=limits or Limits()).probe(path, kind)
    assert caught.value.field == "media"
    return caught.value


def refusal_of(call: Callable[[], object]) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        call()
    assert caught.value.field == "media"
    return caught.value


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_no_bytes_are_empty_media(tmp_path: Path) -> None:
    assert refusal(written(tmp_path / "a.mp4", b"")).reason is Reason.MEDIA_EMPTY


def test_a_missing_file_is_unreadable(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nothing.mp4").reason is Reason.MEDIA_UNREADABLE


@pytest.mark.parametrize(
    "data",
    [
        b"I led the team of five.\n" * 400,
        "\ufeff我负责这个项目。".encode("utf-16"),
        b"\x00" * 5000,
        b"\x00\x00\x00\x18ftypisom" + bytes(range(256)) * 20,
        b"\x1aE\xdf\xa3" + b"x" * 5000,
        b"RIFF\x00\x00\x00\x00WAVE",
        b"OggS" + b"\xff" * 3000,
        b"fLaC" + b"\xff" * 3000,
        b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f",
        b"\xff\xfb\x90\x00",
        b"\xff\xfe\xff\xfe" * 100,
        b"%PDF-1.7\n" + b"x" * 4000,
        b"\x1f\x8b\x08" + b"x" * 4000,
    ],
)
def test_what_is_no_media_is_unreadable_whatever_its_name(tmp_path: Path, data: bytes) -> None:
    assert refusal(written(tmp_path / "answer.mp4", data)).reason is Reason.MEDIA_UNREADABLE


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF"])
def test_a_picture_is_not_a_video(tmp_path: Path, form: str) -> None:
    if form == "AVIF" and ".avif" not in Image.registered_extensions():
        pytest.skip("this Pillow writes no AVIF")
    Image.fromarray(astronaut()).save(tmp_path / "a.mp4", form)
    assert refusal(tmp_path / "a.mp4").reason is Reason.MEDIA_IS_IMAGE


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{secret}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{secret}'\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n",
        "<?xml version='1.0'?><MPD><BaseURL>{secret}</BaseURL></MPD>",
        "{{1}}{{50}}{secret}\n",
    ],
)
@pytest.mark.parametrize("name", ["answer.mp4", "answer.m3u8", "answer.ffconcat"])
def test_a_list_of_other_files_opens_none_of_them(tmp_path: Path, playlist: str, name: str) -> None:
    secret = speech_clip(tmp_path / "secret.wav", 1.0, "pcm_s16le")
    path = written(tmp_path / name, playlist.format(secret=secret).encode())
    assert refusal(path).reason is Reason.MEDIA_UNREADABLE
    assert refusal_of(lambda: PyAvDecoder().audio(path, threading.Event())).reason is Reason.MEDIA_UNREADABLE


def test_a_name_like_a_protocol_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    speech_clip(tmp_path / "plain.wav", 0.5, "pcm_s16le").rename("concat:a|b.wav")
    assert PyAvDecoder().probe(Path("concat:a|b.wav"), MediaKind.DETECT).has_audio


def test_the_cover_of_a_song_is_no_video(tmp_path: Path) -> None:
    cover = io.BytesIO()
    Image.fromarray(astronaut()).save(cover, "JPEG")
    body = b"\x00image/jpeg\x00\x03\x00" + cover.getvalue()
    frame = b"APIC" + struct.pack(">I", len(body)) + b"\x00\x00" + body
    size = bytes(len(frame) >> shift & 0x7F for shift in (21, 14, 7, 0))
    song = speech_clip(tmp_path / "song.mp3", 1.0, "libmp3lame", container_options={"id3v2_version": "0"})
    tagged = written(tmp_path / "tagged.mp3", b"ID3\x03\x00\x00" + size + frame + song.read_bytes())
    with av.open(str(tagged)) as container:
        assert len(container.streams.video) == 1  # the cover is there
    info = PyAvDecoder().probe(tagged, MediaKind.VIDEO)
    assert (info.has_audio, info.has_video) == (True, False)
    assert info.duration_s == pytest.approx(1.0, abs=0.1)
    assert PyAvDecoder().audio(tagged, threading.Event()).duration_s == pytest.approx(1.0, abs=0.1)


def test_a_codec_outside_the_list_is_unreadable(tmp_path: Path) -> None:
    path = face_video(tmp_path / "a.mkv", 0.5, size=(64, 48), codec="ffv1", audio_codec=None)
    assert refusal(path).reason is Reason.MEDIA_UNREADABLE


def test_asking_for_sound_where_there_is_none_is_a_missing_track(tmp_path: Path) -> None:
    path = face_video(tmp_path / "a.mp4", 0.5, size=(64, 48), audio_codec=None)
    assert refusal(path, kind=MediaKind.AUDIO).reason is Reason.MEDIA_NO_TRACK
    assert refusal_of(lambda: PyAvDecoder().audio(path, threading.Event())).reason is Reason.MEDIA_NO_TRACK
    sound = speech_clip(tmp_path / "a.m4a", 0.5)
    frames = PyAvDecoder().frames(sound, threading.Event())
    assert refusal_of(lambda: list(frames)).reason is Reason.MEDIA_NO_TRACK


def test_sound_of_no_samples_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 16_000, 0, "NONE", ""))
    assert refusal_of(lambda: PyAvDecoder().audio(path, threading.Event())).reason is Reason.MEDIA_EMPTY


def test_bytes_over_the_limit_are_refused_and_bytes_at_it_are_not(tmp_path: Path) -> None:
    path = speech_clip(tmp_path / "a.wav", 0.5, "pcm_s16le")
    size = path.stat().st_size
    PyAvDecoder(limits=Limits(media_bytes=size)).probe(path, MediaKind.DETECT)
    error = refusal(path, Limits(media_bytes=size - 1))
    assert error.reason is Reason.MEDIA_TOO_LARGE
    assert error.metadata == {"limit": str(size - 1), "actual": str(size)}


@pytest.mark.parametrize("name", ["a.mp4", "a.webm"])
def test_a_declared_duration_over_the_limit_is_refused_before_decoding(tmp_path: Path, name: str) -> None:
    codecs = {"codec": "libvpx", "audio_codec": "libopus"} if name.endswith("webm") else {}
    path = face_video(tmp_path / name, 3.0, size=(64, 48), **codecs)
    PyAvDecoder(limits=Limits(media_duration_s=3.0)).probe(path, MediaKind.DETECT)
    error = refusal(path, Limits(media_duration_s=2.0))
    assert error.reason is Reason.MEDIA_TOO_LONG
    assert error.metadata["limit"] == "2"


def test_a_container_that_lies_about_its_duration_is_caught_at_the_limit(tmp_path: Path) -> None:
    path = face_video(tmp_path / "a.webm", 4.0, size=(64, 48), codec="libvpx", audio_codec="libopus")
    data = path.read_bytes()
    at = data.index(b"\x44\x89\x88") + 3
    path.write_bytes(data[:at] + struct.pack(">d", 500.0) + data[at + 8 :])  # milliseconds
    decoder = PyAvDecoder(limits=Limits(media_duration_s=2.0))
    assert decoder.probe(path, MediaKind.DETECT).duration_s == pytest.approx(0.5)
    assert refusal_of(lambda: decoder.audio(path, threading.Event())).reason is Reason.MEDIA_TOO_LONG
    assert refusal_of(lambda: list(decoder.frames(path, threading.Event()))).reason is Reason.MEDIA_TOO_LONG


def test_an_mp3_is_not_refused_for_an_estimated_duration(tmp_path: Path) -> None:
    song = speech_clip(tmp_path / "a.mp3", 3.0, "libmp3lame", container_options={"write_xing": "0"})
    assert PyAvDecoder().probe(song, MediaKind.DETECT).duration_s is None
    decoder = PyAvDecoder(limits=Limits(media_duration_s=2.0))
    assert decoder.probe(song, MediaKind.DETECT).has_audio
    assert refusal_of(lambda: decoder.audio(song, threading.Event())).reason is Reason.MEDIA_TOO_LONG


def test_a_sample_rate_of_one_hertz_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = speech_clip(tmp_path / "a.wav", 0.2, "pcm_s16le")
    data = bytearray(path.read_bytes())
    at = data.index(b"fmt ") + 12
    data[at : at + 8] = struct.pack("<II", 1, 2)
    path.write_bytes(data)
    assert refusal(path).reason is Reason.MEDIA_TOO_LONG
    generous = PyAvDecoder(limits=Limits(media_duration_s=1e6))
    assert refusal_of(lambda: generous.audio(path, threading.Event())).reason is Reason.MEDIA_UNREADABLE


def test_frames_over_the_limit_are_refused_by_declaration_and_by_count(tmp_path: Path) -> None:
    limits = Limits(video_frames=20)
    declared = face_video(tmp_path / "a.mp4", 1.0, size=(64, 48), audio_codec=None)
    error = refusal(declared, limits)
    assert (error.reason, error.metadata["limit"], error.metadata["actual"]) == (Reason.MEDIA_TOO_LONG, "20", "30")
    counted = face_video(tmp_path / "a.mkv", 1.0, size=(64, 48), audio_codec=None)
    frames = PyAvDecoder(limits=limits).frames(counted, threading.Event())
    assert refusal_of(lambda: list(frames)).reason is Reason.MEDIA_TOO_LONG


def test_declared_pixels_over_the_limit_are_refused(tmp_path: Path) -> None:
    path = face_video(tmp_path / "a.mp4", 0.2, size=(128, 96), audio_codec=None)
    PyAvDecoder(limits=Limits(video_pixels=128 * 96)).probe(path, MediaKind.DETECT)
    error = refusal(path, Limits(video_pixels=128 * 96 - 1))
    assert error.reason is Reason.MEDIA_TOO_MANY_PIXELS
    assert error.metadata == {"limit": str(128 * 96 - 1), "actual": str(128 * 96)}


def growing(folder: Path, size: tuple[int, int]) -> Path:
    """VP8 of 160x96 that goes on in another size, which its header does not tell."""
    parts = []
    for index, sides in enumerate(((160, 96), size)):
        rgb = np.full((sides[1], sides[0], 3), 90 + 50 * index, np.uint8)
        parts.append(write_media(folder / f"{index}.webm", pictures=[rgb] * 30, video_codec="libvpx"))
    path = folder / "growing.webm"
    with av.open(str(path), "w") as out:
        copy = None
        for index, part in enumerate(parts):
            with av.open(str(part)) as read:
                copy = copy or out.add_stream_from_template(read.streams.video[0])
                for packet in read.demux(video=0):
                    if packet.pts is None or packet.dts is None:
                        continue
                    packet.pts += index * 1000
                    packet.dts += index * 1000
                    packet.stream = copy
                    out.mux(packet)
    return path


def test_pictures_that_grow_over_the_limit_are_refused_while_decoding(tmp_path: Path) -> None:
    decoder = PyAvDecoder(limits=Limits(video_pixels=160 * 96))
    path = growing(tmp_path, (192, 112))
    assert decoder.probe(path, MediaKind.DETECT).width == 160
    error = refusal_of(lambda: list(decoder.frames(path, threading.Event())))
    assert (error.reason, error.metadata["actual"]) == (Reason.MEDIA_TOO_MANY_PIXELS, str(192 * 112))


def test_pictures_that_explode_are_never_allocated(tmp_path: Path) -> None:
    stream = PyAvDecoder(limits=Limits(video_pixels=160 * 96)).frames(growing(tmp_path, (1280, 720)), threading.Event())
    assert {frame.shape for batch in stream for frame in batch.rgb} == {(96, 160, 3)}
    assert stream.report.error_count >= 30


def test_pictures_may_change_their_size_below_the_limit(tmp_path: Path) -> None:
    batches = list(PyAvDecoder().frames(growing(tmp_path, (320, 192)), threading.Event()))
    assert [[frame.shape for frame in batch.rgb] for batch in batches] == [[(96, 160, 3)] * 3, [(192, 320, 3)] * 3]
