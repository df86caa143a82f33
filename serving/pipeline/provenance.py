"""What made an assessment, and what it was made of."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import platform
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from serving.domain.answer import Answer, MediaKind
from serving.domain.assessment import Asked, DeniedModality, MediaSummary, ModelVersion, Provenance
from serving.domain.media import DecodeReport, MediaInfo
from serving.pipeline import tracing

# Raised with every change that can move a score or a fact.
PIPELINE_VERSION: Final = "0.2.0"


def of(answer: Answer, models: tuple[ModelVersion, ...], config_sha256: str) -> Provenance:
    """Provenance of one assessment."""
    content = answer.media.sha256 if answer.media else hashlib.sha256((answer.text or "").encode()).hexdigest()
    digest = sha256_of(
        {
            "content": content,
            "kind": answer.media.kind.value if answer.media else "text",
            "question": answer.question,
            "language": answer.language,
            "competencies": answer.competencies,
            "role": answer.role,
            "sentences": ["".join(sentence.split()) for sentence in answer.sentences],  # white space may differ
            "denied": [(modality.value, reason) for modality, reason in answer.policy.denied],
            "definitions": [dataclasses.asdict(definition) for definition in answer.definitions],
            "signal_weights": [dataclasses.asdict(weight) for weight in answer.signal_weights],
        }
    )
    return Provenance(PIPELINE_VERSION, models, config_sha256, digest, instruction_set(), tracing.trace_id())


def asked(answer: Answer) -> Asked:
    """What was asked, as far as it does not stand elsewhere in the assessment."""
    denied = tuple(DeniedModality(modality.value, reason) for modality, reason in answer.policy.denied)
    declared = answer.media.kind if answer.media else MediaKind.DETECT
    return Asked(
        answer.language or "",
        bool(answer.sentences),
        denied,
        answer.definitions,
        answer.signal_weights,
        "" if declared is MediaKind.DETECT else declared.value,
    )


@cache
def instruction_set() -> str:
    """Vector instructions of this machine: libraries choose their kernels by them, and kernels differ in last bits."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    flags = next((set(line.split()) for line in lines if line.startswith(("flags", "Features"))), set())
    known = ("amx_int8", "avx512_vnni", "avx512f", "avx_vnni", "avx2", "asimd")
    return " ".join([platform.machine(), next((name for name in known if name in flags), "")]).strip()


def sha256_of(values: Mapping[str, Any]) -> str:
    """Hex digest of plain values, independent of the order of keys."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def media_summary(
    answer: Answer, info: MediaInfo | None, audio: DecodeReport | None, video: DecodeReport | None
) -> MediaSummary:
    """How much of the media decoded: the worse track decides, since that is what a reader must know."""
    if answer.media is None or info is None:
        return MediaSummary("text")
    reports = [report for report in (audio, video) if report is not None]
    decoded = min((report.decoded_s for report in reports), default=None)
    ratios = [min(1.0, report.decoded_s / report.expected_s) for report in reports if report.expected_s]
    return MediaSummary(
        kind="video" if info.has_video and answer.media.kind is not MediaKind.AUDIO else "audio",
        container=info.container,
        audio_codec=info.audio_codec,
        video_codec=info.video_codec,
        width=info.width,
        height=info.height,
        duration_s=info.duration_s,
        decoded_s=decoded,
        decoded_ratio=min(ratios, default=None),
        error_count=sum(report.error_count for report in reports),
        truncated=any(report.truncated for report in reports),
    )


def data_sha256() -> str:
    """Hash of the data that facts and scores depend on: rubrics, cues, replacements, calibrated constants."""
    root = files("serving.signals")
    assert isinstance(root, Path), "data is read from a folder"
    digest = hashlib.sha256()
    for path in sorted(path for path in root.rglob("*") if path.suffix in (".yaml", ".json")):
        digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
