"""What `viva replay` asks again, and what it calls a difference."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from google.protobuf.json_format import ParseDict

from deployments.cli.main import main
from deployments.cli.replay import compare, options_of
from serving.api import requests
from serving.api.assessments import from_message, to_message
from serving.domain.answer import Answer
from serving.pipeline import provenance
from viva.v1.assessment_pb2 import Assessment
from viva_client import AnswerOptions

ASSESSMENT = from_message(
    ParseDict({"competencies": [{"name": "teamwork", "status": "insufficient_evidence"}]}, Assessment())
)


def assessment(**fields: object) -> Assessment:
    return ParseDict({"question": "Why?", "competencies": [{"name": "teamwork", "score": 5.0}], **fields}, Assessment())


def test_an_answer_is_asked_again_as_it_was() -> None:
    stored = assessment(
        role="Clerk",
        transcript={"text": "One. Two.", "sentences": [{"text": "One."}, {"text": "Two."}]},
        asked={
            "language": "en",
            "sentences_given": True,
            "denied": [
                {"name": "speech", "reason": "no_consent"},
                {"name": "language", "reason": "not_allowed_by_policy"},
                {"name": "expression", "reason": "not_allowed_by_policy"},
            ],
            "signal_weights": [{"competency": "teamwork", "signal": "pace", "points": 1.0}],
        },
    )
    options = options_of(stored)
    assert (options.question, options.language, options.role) == ("Why?", "en", "Clerk")
    assert options.competencies == ("teamwork",)
    assert options.sentences == ("One.", "Two.")
    assert (options.allow, options.deny) == ((), ("language",))
    assert (options.voice_consent, options.face_consent) == (False, None)
    assert options.to_config().signal_weights[0].points == 1.0


def test_denials_have_one_order_whatever_caused_them() -> None:
    for options in (
        AnswerOptions(deny=("speech",), voice_consent=False),
        AnswerOptions(deny=("face",), face_consent=False),
        AnswerOptions(allow=("expression",), face_consent=False),
        AnswerOptions(deny=("language", "face")),
    ):
        answer = requests.text_answer(options.to_config(), "Hello there.")
        asked = to_message(replace(ASSESSMENT, asked=provenance.asked(answer)))
        again = requests.text_answer(options_of(asked).to_config(), "Hello there.")
        assert again.policy == answer.policy


def test_white_space_of_a_given_split_is_no_other_input() -> None:
    def digest(*sentences: str) -> str:
        answer = Answer("", "en", ("teamwork",), sentences=sentences, text="Hello there. Bye.")
        return provenance.of(answer, (), "").input_sha256

    assert digest("Hello  there. ", "Bye.") == digest("Hello there.", "Bye.") != digest("Hello there. Bye.")


def test_an_assessment_of_a_version_that_did_not_say_how_it_was_asked_is_refused(tmp_path: Path) -> None:
    stored = tmp_path / "a.json"
    stored.write_text(json.dumps({"question": "Why?", "media": {"kind": "text"}}))
    result = CliRunner().invoke(main, ["replay", str(stored), "--address", "127.0.0.1:1", "--wait", "0"])
    assert result.exit_code == 1
    assert "does not say how it was asked" in result.output


def test_expression_that_was_allowed_is_allowed_again_and_splits_are_the_servers() -> None:
    options = options_of(assessment(transcript={"sentences": [{"text": "One."}]}))
    assert options.allow == ("expression",)
    assert options.sentences == ()


def test_equal_assessments_differ_in_nothing() -> None:
    assert list(compare(assessment(), assessment())) == []


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"question": "What?"}, "question: 'Why?' then, 'What?' now"),
        ({"competencies": [{"name": "teamwork", "score": 5.5}]}, "competencies[0].score: 5.0 then, 5.5 now"),
        ({"competencies": []}, "competencies: [{"),
    ],
)
def test_a_difference_is_named_with_both_values(change: dict[str, object], line: str) -> None:
    (found,) = compare(assessment(), assessment(**change))
    assert found.startswith(line)


def test_the_trace_of_the_call_is_no_difference() -> None:
    then, now = (assessment(provenance={"trace_id": digit * 32}) for digit in "ab")
    assert list(compare(then, now)) == []


def test_provenance_comes_first() -> None:
    then = assessment(provenance={"config_sha256": "aa"})
    now = assessment(question="What?", provenance={"config_sha256": "ab"})
    assert [line.split(":")[0] for line in compare(then, now)] == ["provenance.config_sha256", "question"]
