"""Options as engines and peers take them become the answer that the API makes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.harness.core import Modality, Sample
from benchmarks.raw.answers import answer_of, answer_to, options_of
from serving.api import requests
from serving.domain.answer import MediaKind, MediaRef
from serving.domain.errors import InvalidRequest
from viva.v1.scoring_pb2 import AnswerConfig

TEXT = Sample("a", Modality.TEXT, "en", "Why?", ("teamwork",), text="I asked first.")
VIDEO = Sample("b", Modality.VIDEO, "zh", "为什么？", (), path=Path("b.mp4"), duration_s=3.0)


def test_a_text_answer_is_that_of_the_api() -> None:
    config = AnswerConfig(question="Why?", language="en", competencies=["teamwork"])
    assert answer_of(options_of(TEXT), None) == requests.text_answer(config, TEXT.text)


def test_media_keep_the_kind_that_was_declared() -> None:
    answer = answer_of(options_of(VIDEO), MediaRef(Path("b.mp4"), 1, "0" * 64))
    assert answer.media is not None
    assert answer.media.kind is MediaKind.VIDEO
    assert len(answer.competencies) == 8


def test_a_sample_stands_for_an_answer_with_its_media_where_they_lie(tmp_path: Path) -> None:
    (video := tmp_path / "b.mp4").write_bytes(b"abc")
    media = answer_to(replace(VIDEO, path=video)).media
    assert media is not None
    assert (media.path, media.size_bytes, media.kind) == (video, 3, MediaKind.VIDEO)
    assert answer_to(TEXT) == answer_of(options_of(TEXT), None)


@pytest.mark.parametrize("options", [{"text": "x", "qestion": "?"}, {"text": "x", "kind": "scent"}, {"text": ""}])
def test_what_the_api_would_refuse_is_refused(options: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        answer_of(options, None)
