"""What a command names, as what a plan takes."""

from __future__ import annotations

import math
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

from benchmarks.capacity import published
from benchmarks.capacity.curves import Curves, load
from benchmarks.capacity.published import Gpu
from benchmarks.harness.core import BenchError, Modality

CPU: Final = "cpu"


def curves_of(name: str, gpu: str | None = None) -> tuple[Curves, Gpu | None]:
    """Curves of `cpu` or of a file, and a GPU that speech runs on: the one given, or the one that `name` names.

    A GPU's name stands for the curves of `cpu` with that GPU: speech as published, all else as measured.

    Raises:
        BenchError: nothing has that name, or the GPU's figure is not known.
    """
    if name.endswith(".json"):
        return load(Path(name)), published.gpu(gpu) if gpu else None
    if gpu and name != CPU:
        raise BenchError(f"no curves named {name}; beside --gpu known are {CPU}, or a FILE.json")
    device = published.gpu(gpu or name) if gpu or name != CPU else None
    with as_file(files("benchmarks.capacity") / "data" / "cpu.json") as path:
        return load(path), device


def mix_of(text: str) -> dict[Modality, float]:
    """`text=0.2,audio=0.3,video=0.5` as shares that sum to 1.

    Raises:
        BenchError: an unknown modality, one named twice, or weights that are no weights.
    """
    weights: dict[Modality, float] = {}
    for part in text.split(","):
        name, _, number = part.strip().partition("=")
        try:
            kind, weight = Modality(name), float(number)
        except ValueError:
            raise BenchError(f"mix: {part.strip()!r} must look like video=0.5, with text, audio or video") from None
        if kind in weights or not math.isfinite(weight) or weight < 0:
            raise BenchError(f"mix: {part.strip()!r} must name each modality once, with a weight of at least 0")
        weights[kind] = weight
    total = sum(weights.values())
    if total <= 0:
        raise BenchError(f"mix: {text!r} has no weight above 0")
    return {kind: weight / total for kind, weight in weights.items() if weight}


def check_covered(curves: Curves, mix: dict[Modality, float]) -> None:
    """Raise BenchError when the curves lack a modality of the mix."""
    for kind in mix:
        if kind not in curves.modalities:
            known = ", ".join(one.value for one in curves.modalities)
            raise BenchError(f"mix: the curves have no {kind.value} answers, only {known}")
