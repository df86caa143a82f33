"""The fixture assessments: what `viva score --json` prints for four kinds of answers."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from google.protobuf.json_format import ParseDict

from serving.api.assessments import from_message
from serving.domain.assessment import Assessment
from viva.v1 import assessment_pb2

FOLDER = Path(__file__).parents[2] / "data" / "report"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


def load(name: str) -> Assessment:
    stored = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return from_message(ParseDict(stored, assessment_pb2.Assessment()))


@pytest.fixture
def assessment_named() -> Callable[[str], Assessment]:
    return load


@pytest.fixture(params=NAMES)
def assessment(request: pytest.FixtureRequest) -> Assessment:
    """Each of the fixture assessments in turn."""
    return load(request.param)


@pytest.fixture(params=["en", "zh"])
def language(request: pytest.FixtureRequest) -> str:
    return request.param
