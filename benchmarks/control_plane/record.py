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
from benchmarks.raw.engines import RawEngines
from deployments.config import TritonConfig
from serving.adapters.media import DecodeConfig, PyAvDecoder
from serving.adapters.triton.models import TritonModels
from serving.api import assessments
from serving.domain.answer import Answer, MediaRef
from serving.domain.limits import LIMITS
from serving.pipeline.score_answer import ScoreAnswer
from tests import media

_QUESTION: Final = "Tell me about a time you led a team."
_SECONDS: Final = 120


def main() -> None:
    repository = TritonConfig().model_repository
    models = TritonModels(RawEngines(repository), repository)  # type: ignore[arg-type]
    use_case = ScoreAnswer(models, PyAvDecoder(DecodeConfig(), LIMITS), "")
    with tempfile.TemporaryDirectory() as folder:
        video = media.face_video(Path(folder) / "answer.mp4", _SECONDS)
        ref = MediaRef(video, video.stat().st_size, "0" * 64)
        assessment = asyncio.run(use_case.run(Answer(_QUESTION, "en", ("leadership",), media=ref)))
    message = assessments.to_message(assessment)
    RECORDED.write_text(json_format.MessageToJson(message, preserving_proto_field_name=True, indent=None) + "\n")
    print(f"{RECORDED}: {message.ByteSize()} bytes, {len(message.transcript.words)} words")


if __name__ == "__main__":
    main()
