from __future__ import annotations

import copy
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
import yaml

from serving.domain.competency import COMPETENCIES, LANGUAGES
from serving.signals.scoring.rubric import DEFAULT_WEIGHTS, load_rubrics, parse_rubric


def teamwork() -> dict[str, Any]:
    text = files("serving.signals.scoring").joinpath("rubrics/teamwork.yaml").read_text(encoding="utf-8")
    data: dict[str, Any] = yaml.safe_load(text)
    return copy.deepcopy(data)


def test_every_competency_has_a_rubric_in_both_languages() -> None:
    rubrics = load_rubrics()
    assert tuple(rubrics) == COMPETENCIES
    for rubric in rubrics.values():
        assert 2 <= len(rubric.dimensions) <= 4
        assert rubric.weights.keys() == DEFAULT_WEIGHTS.keys()
        for language in LANGUAGES:
            assert len(rubric.anchor_groups(language)) == len(rubric.dimensions) + 1


def test_nothing_of_voice_or_face_has_a_weight() -> None:
    assert not set(DEFAULT_WEIGHTS) & {"smile", "gaze", "gesture", "pitch", "speech_rate", "pauses", "fillers"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("title"), "needs the keys"),
        (lambda d: d.update(extra=1), "needs the keys"),
        (lambda d: d["title"].pop("zh"), "title needs en, zh"),
        (lambda d: d["dimensions"][0].update(weight=0.9), "sum to"),
        (lambda d: d["dimensions"][0].update(weight=-1), "weight must be"),
        (lambda d: d["dimensions"][0].update(name="support"), "repeat"),
        (lambda d: d["dimensions"][0].update(name="action"), "taken by features"),
        (lambda d: d["dimensions"][0]["indicators"].update(en=[]), "non-empty text"),
        (lambda d: d.update(dimensions=d["dimensions"][:1]), "2 to 4 dimensions"),
        (lambda d: d.update(weights={"charm": 1}), "unknown feature"),
        (lambda d: d.update(weights={"vagueness": 1}), "keep its sign"),
        (lambda d: d.update(name="other"), "differs from the file's"),
    ],
)
def test_a_faulty_rubric_is_refused_with_its_file_and_fault(
    change: Callable[[dict[str, Any]], object], message: str
) -> None:
    data = teamwork()
    change(data)
    with pytest.raises(ValueError, match=rf"^teamwork\.yaml: .*{message}"):
        parse_rubric(data, "teamwork.yaml")
