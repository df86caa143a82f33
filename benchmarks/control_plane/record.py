"""Records the assessment that the null engine answers with: that of a real two-minute video answer.

Usage: python -m benchmarks.control_plane.record
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Final

from google.protobuf import json_format

from benchmarks.control_plane.engine import RECORDED
from benchmarks.corpus import media
from benchmarks.corpus.plan import Planned
from benchmarks.harness.core import Modality, Sample
from benchmarks.raw.answers import answer_to
from benchmarks.raw.pipeline import raw_pipeline
from deployments.config import TritonConfig
from serving.api import assessments

_QUESTION: Final = "Tell me about a time you led a team."
_COMPETENCIES: Final = ("leadership",)
_SECONDS: Final = 120.0


def main() -> None:
    planned = Planned(
        "answer",
        Modality.VIDEO,
        "en",
        _QUESTION,
        _COMPETENCIES,
        duration_s=_SECONDS,
        container="mp4",
        framing="near",
        seed="control plane",
    )
    with tempfile.TemporaryDirectory() as folder:
        video = media.write(planned, Path(folder))
        sample = Sample("answer", Modality.VIDEO, "en", _QUESTION, _COMPETENCIES, path=video, duration_s=_SECONDS)
        use_case = raw_pipeline(TritonConfig().model_repository).use_case
        assessment = asyncio.run(use_case.run(answer_to(sample)))
    message = assessments.to_message(assessment)
    RECORDED.write_text(json_format.MessageToJson(message, preserving_proto_field_name=True, indent=None) + "\n")
    print(f"{RECORDED}: {message.ByteSize()} bytes, {len(message.transcript.words)} words")


if __name__ == "__main__":
    main()
