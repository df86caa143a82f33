"""What made an assessment, and what it was made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from serving.domain.answer import Answer, MediaKind
from serving.domain.assessment import MediaSummary, ModelVersion, Provenance
from serving.domain.media import DecodeReport, MediaInfo

# Raised with every change that can move a score or a fact.
PIPELINE_VERSION: Final = "0.1.0"


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
            "sentences": answer.sentences,
            "denied": [(modality.value, reason) for modality, reason in answer.policy.denied],
        }
    )
    return Provenance(PIPELINE_VERSION, models, config_sha256, digest)


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
