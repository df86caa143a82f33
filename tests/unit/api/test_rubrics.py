"""Definitions and weights: what is taken, and that every violation names its field."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.json_format import ParseDict

from serving.api import requests
from serving.domain.competency import COMPETENCIES, SIGNALS, SignalWeight
from serving.domain.errors import InvalidRequest, Reason
from serving.domain.limits import LIMITS
from viva.v1 import scoring_pb2 as pb

INNOVATION: dict[str, Any] = {
    "name": "innovation",
    "language": "en",
    "definition": "Finds and tries new ways.",
    "indicators": ["I tried a new way.", "Nobody had done it so before.", "I built a prototype."],
    "contrary": ["I did it as it was always done."],
    "anchors": [{"level": level, "example": f"Example {level}."} for level in (5, 4, 3, 2, 1)],
}
WEIGHT = {"competency": "teamwork", "signal": "fluency", "points": 0.5}


def config(definitions: list[dict[str, Any]], **fields: Any) -> pb.AnswerConfig:
    return ParseDict({"custom_competencies": definitions, **fields}, pb.AnswerConfig())


def test_a_defined_competency_may_be_asked_like_any_other() -> None:
    answer = requests.text_answer(config([INNOVATION], competencies=["innovation", "teamwork"]), "Hello.")
    assert answer.competencies == ("innovation", "teamwork")
    (definition,) = answer.definitions
    assert (definition.name, definition.language) == ("innovation", "en")
    assert [anchor.level for anchor in definition.anchors] == [1, 2, 3, 4, 5]


def test_nothing_asked_is_everything_known() -> None:
    assert requests.text_answer(config([INNOVATION]), "Hello.").competencies == (*COMPETENCIES, "innovation")
    assert requests.text_answer(pb.AnswerConfig(), "Hello.").definitions == ()


def test_only_a_name_that_nobody_defined_is_unknown() -> None:
    with pytest.raises(InvalidRequest, match="charm.*nobody defined") as caught:
        requests.text_answer(config([INNOVATION], competencies=["charm"]), "Hello.")
    assert caught.value.reason is Reason.UNKNOWN_COMPETENCY
    assert caught.value.metadata["supported"].endswith(",innovation")


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"name": ""}, "name", "snake_case"),
        ({"name": "Big Ideas"}, "name", "snake_case"),
        ({"name": "x" * 61}, "name", "the limit is 60"),
        ({"name": "teamwork"}, "name", "defined already"),
        ({"language": ""}, "language", "required"),
        ({"language": "fr"}, "language", "supported are en, zh"),
        ({"definition": " "}, "definition", "must not be empty"),
        ({"definition": "x" * 501}, "definition", "the limit is 500"),
        ({"indicators": ["one", "two"]}, "indicators", "needs 3 to 40"),
        ({"indicators": [f"x{at}" for at in range(41)]}, "indicators", "needs 3 to 40"),
        ({"indicators": ["one", "two", "one"]}, "indicators[2]", "repeats an earlier one"),
        ({"indicators": ["one", "two", "!?"]}, "indicators[2]", "must not be empty"),
        ({"definition": "..."}, "definition", "must not be empty"),
        ({"indicators": ["one", "two", ""]}, "indicators[2]", "must not be empty"),
        ({"contrary": ["x" * 301]}, "contrary[0]", "the limit is 300"),
        ({"contrary": [f"x{at}" for at in range(41)]}, "contrary", "the limit is 40"),
        ({"anchors": [{"level": 1, "example": "x"}]}, "anchors", "levels 1 to 5 once each"),
        ({"anchors": [*INNOVATION["anchors"][:4], {"level": 1}]}, "anchors[4].example", "must not be empty"),
    ],
)
def test_a_faulty_definition_names_its_field_and_limit(change: dict[str, Any], field: str, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message) as caught:
        requests.text_answer(config([{**INNOVATION, **change}]), "Hello.")
    assert caught.value.field == f"config.custom_competencies[0].{field}"


def test_definitions_are_limited_and_named_once() -> None:
    with pytest.raises(InvalidRequest, match="innovation, which is defined already") as caught:
        requests.text_answer(config([INNOVATION, INNOVATION]), "Hello.")
    assert caught.value.field == "config.custom_competencies[1].name"
    many = [{**INNOVATION, "name": f"own_{at}"} for at in range(LIMITS.custom_competencies + 1)]
    with pytest.raises(InvalidRequest, match="the limit is 8"):
        requests.text_answer(config(many), "Hello.")


def test_weights_are_for_asked_competencies_and_known_signals() -> None:
    answer = requests.text_answer(config([], signal_weights=[WEIGHT]), "Hello.")
    assert answer.signal_weights == (SignalWeight("teamwork", "fluency", 0.5),)
    assert requests.text_answer(pb.AnswerConfig(), "Hello.").signal_weights == ()


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"competency": "leadership"}, ".competency", "known here are teamwork"),
        ({"signal": "accent"}, ".signal", f"known here are {SIGNALS[0]}"),
        ({"points": 0}, ".points", "not be 0"),
        ({"points": 2.5}, ".points", "between -2 and 2"),
        ({"points": "NaN"}, ".points", "between -2 and 2"),
    ],
)
def test_a_faulty_weight_names_its_field(change: dict[str, Any], field: str, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message) as caught:
        requests.text_answer(config([], competencies=["teamwork"], signal_weights=[{**WEIGHT, **change}]), "Hello.")
    assert caught.value.field == f"config.signal_weights[0]{field}"


def test_a_weight_is_given_once() -> None:
    with pytest.raises(InvalidRequest, match="repeats fluency of teamwork"):
        requests.text_answer(config([], signal_weights=[WEIGHT, WEIGHT]), "Hello.")
