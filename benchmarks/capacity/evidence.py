"""Figures of other benchmarks that the curves take in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.capacity.curves import Curves, Measured, Stage
from benchmarks.harness.core import BenchError, Modality

_MODELS: Final = {
    "vad": Stage.SPEECH,
    "asr_en": Stage.SPEECH,
    "asr_multilingual": Stage.SPEECH,
    "face_detector": Stage.FACE,
    "face_mesh": Stage.FACE,
    "face_expression": Stage.FACE,
    "body_pose": Stage.FACE,
    "sentence_encoder": Stage.LANGUAGE,
    "star_tagger": Stage.LANGUAGE,
    "answer_judge": Stage.LANGUAGE,
    "competency_scorer": Stage.LANGUAGE,
}


@dataclass(frozen=True, slots=True)
class StageTimes:
    """What the raw engines took for a few answers with every core loaded.

    Attributes:
        media_s: length of each answer.
        cpu_s: CPU seconds of all of them, by pass of the decoder and by model.
    """

    media_s: tuple[float, ...]
    cpu_s: Mapping[str, float]


def with_control_plane(curves: Curves, path: Path) -> Curves:
    """The curves, with what edge and Postgres take for an answer as `python -m benchmarks.control_plane` measured it.

    Raises:
        BenchError: the file cannot be read or is no such result.
    """
    content = _read(path)
    spent = content.get("cpu_ms_per_answer") if isinstance(content, dict) else None
    if not isinstance(spent, dict):
        raise BenchError(f"{path}: cpu_ms_per_answer: is missing; is it a result of the control plane's benchmark?")
    figures = {}
    for group in ("gateway", "postgres"):
        value = spent.get(group)
        if not isinstance(value, int | float) or value <= 0:
            raise BenchError(f"{path}: cpu_ms_per_answer.{group}: {value!r} is no time above 0")
        figures[group] = Measured(value=value / 1000, source=f"control plane with null models, {path.name}")
    return curves.model_copy(update={"edge_core_s": figures["gateway"], "database_core_s": figures["postgres"]})


def with_stages(curves: Curves, spent: Mapping[Modality, StageTimes]) -> Curves:
    """The curves, with the share of each stage in an answer's work; what no engine took is `rest`."""
    modalities = dict(curves.modalities)
    for kind, times in spent.items():
        curve = modalities[kind]
        work_s = sum(curve.work_core_s(media_s) for media_s in times.media_s)
        shares = dict.fromkeys(Stage, 0.0)
        for name, seconds in times.cpu_s.items():
            shares[stage_of(name)] += seconds / work_s
        # Engines in a tight loop may seem to take more than the whole, on a machine that something else was using.
        scale = max(1.0, sum(shares.values()))
        shares = {stage: share / scale for stage, share in shares.items()}
        shares[Stage.REST] += max(0.0, 1 - sum(shares.values()))
        modalities[kind] = curve.model_copy(update={"shares": shares})
    return curves.model_copy(update={"modalities": modalities})


def stage_of(name: str) -> Stage:
    """The stage of a pass of the decoder, or of a model of the repository."""
    if name.startswith("decode_"):
        return Stage.DECODE
    return _MODELS.get(name, Stage.REST)


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise BenchError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise BenchError(f"{path}: is no JSON: {error}") from error
