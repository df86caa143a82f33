"""GPU figures that others published. Each says where it is from and what it stands for; nothing else is derived."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from benchmarks.capacity.curves import Positive, Strict, Text
from benchmarks.harness.core import BenchError


class Figure(Strict):
    """A published figure.

    Attributes:
        value: seconds of audio recognised in a second (RTFx) by one GPU with full batches.
        source: who published it, and where.
        stands_for: model and conditions of the measurement, and what was computed from it.
    """

    value: Positive
    source: Text
    stands_for: Text


class Entry(Strict):
    """One GPU; None where no figure is known."""

    name: Text
    speech_rtfx: Figure | None


class Published(Strict):
    """Content of `published.json`."""

    format: Literal[1] = 1
    gpus: Annotated[Mapping[str, Entry], Field(min_length=1)]


class Gpu(Strict):
    """A GPU that can be planned with."""

    name: Text
    speech_rtfx: Positive
    label: Text


def read() -> Published:
    """The file that is installed with this package."""
    content = (files("benchmarks.capacity") / "data" / "published.json").read_bytes()
    return TypeAdapter(Published).validate_json(content)


def gpu(name: str) -> Gpu:
    """A GPU by its short name.

    Raises:
        BenchError: it is not in the file, or no speech figure of it is known.
    """
    gpus = read().gpus
    if name not in gpus:
        raise BenchError(f"no curves named {name}; known are cpu, {', '.join(gpus)}, or a FILE.json")
    speech = gpus[name].speech_rtfx
    if speech is None:
        known = ", ".join(key for key, entry in gpus.items() if entry.speech_rtfx)
        raise BenchError(f"{name}: speech on this GPU is not known, no figure of it is in the file; known are {known}")
    return Gpu(name=gpus[name].name, speech_rtfx=speech.value, label=f"{speech.stands_for} ({speech.source})")
