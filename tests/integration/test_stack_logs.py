"""The logs of a real stack: lines that machines read, calls that can be found again, and nothing of a candidate."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests import texts
from tests.employers import employer, eventually
from tests.stack import Stack
from viva.v1 import answers_pb2
from viva_client import AnswerOptions, InvalidArgumentError, VivaClient, VivaError

PERSON, WORD = "zebulon-quixworth", "Quixworthian"


def _files(stack: Stack) -> list[Path]:
    return [path for path in stack.data_dir.rglob("*") if path.is_file() and path.suffix in (".log", ".out", ".err")]


def _lines(stack: Stack) -> list[dict[str, Any]]:
    replicas = sorted((stack.data_dir / "logs" / "replicas").glob("*.log"))
    assert {path.name.split("_")[2] for path in replicas} >= {"Gateway", "Scorer", "Node"}
    return [json.loads(line) for path in replicas for line in path.read_text().splitlines()]


def test_replicas_write_json_lines_and_a_call_that_goes_well_has_none(stack: Stack) -> None:
    with VivaClient(stack.address) as client:
        client.score_text(texts.LEADER, AnswerOptions("", "en"))
        before = len(_lines(stack))
        for _ in range(5):
            client.score_text(texts.LEADER, AnswerOptions("", "en"))
        said = [line for line in _lines(stack)[before:] if "ScoreAnswer" in json.dumps(line)]
    assert said == []


def test_a_call_that_fails_is_found_by_its_request_id(stack: Stack) -> None:
    def lines_of_a_failed_call() -> list[dict[str, Any]]:
        # Another one each time: of many that fail in one second not all have their line.
        with VivaClient(stack.address) as client, pytest.raises(InvalidArgumentError) as refused:
            client.score_text("")
        return [one for one in _lines(stack) if one.get("request_id") == refused.value.request_id]

    (line,) = eventually(lines_of_a_failed_call)
    assert (line["method"], line["code"], line["reason"]) == ("ScoreAnswer", "INVALID_ARGUMENT", "TEXT_EMPTY")
    assert line["logger"] == "viva.calls"


def test_no_log_holds_anything_of_a_candidate(stack: Stack) -> None:
    text = f"{texts.LEADER} My name is {WORD}."
    with employer(stack.address) as ours:
        interview = ours.invite(ours.role(), PERSON)
        ours.ended(ours.write(interview, "q1", text))
        wrong = (
            lambda: ours.write(interview, "q1", text),
            lambda: ours.write(interview, WORD, text),
            lambda: ours.client.candidates.get(f"{ours.name}/candidates/{PERSON}-2"),
            lambda: ours.client.score_text(text, AnswerOptions(WORD, WORD)),
            lambda: ours.client.answers.submit(
                answers_pb2.Answer(question_id="q2", media_uri=f"https://{PERSON}.example/a.mp4"),
                parent=interview.name,
                request_id=str(uuid.uuid4()),
            ),
        )
        for call in wrong:
            with pytest.raises(VivaError):
                call()
    assert len(_files(stack)) >= 5
    for path in _files(stack):
        content = path.read_text(errors="replace").lower()
        assert PERSON not in content and WORD.lower() not in content, path
