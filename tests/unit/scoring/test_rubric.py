from __future__ import annotations

import copy
import shutil
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from serving.domain.competency import COMPETENCIES, LANGUAGES
from serving.signals.scoring.rubric import LEVELS, load_rubrics, parse_rubric, read_rubrics

FOLDER = files("serving.signals.scoring").joinpath("rubrics")


def teamwork() -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(FOLDER.joinpath("teamwork.yaml").read_text(encoding="utf-8"))
    return copy.deepcopy(data)


def test_every_competency_has_a_scale_in_both_languages() -> None:
    rubrics = load_rubrics()
    assert tuple(rubrics) == COMPETENCIES
    for rubric in rubrics.values():
        assert 2 <= len(rubric.dimensions) <= 4
        assert tuple(anchor.level for anchor in rubric.anchors) == LEVELS
        for language in LANGUAGES:
            assert len(rubric.anchor_groups(language)) == len(rubric.dimensions) + 1
            assert len(set(rubric.levels(language))) == len(LEVELS)
            assert rubric.red_flags[language]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("title"), "lacks the key title"),
        (lambda d: d.update(extra=1), "has the unknown key extra"),
        (lambda d: d["title"].pop("zh"), "title lacks the key zh"),
        (lambda d: d["title"].update(zh="Teamwork"), "title.zh is not in the language zh"),
        (lambda d: d["dimensions"][0].update(weight=0.9), "weights of dimensions sum to"),
        (lambda d: d["dimensions"][0].update(weight=-1), "weight is -1"),
        (lambda d: d["dimensions"][0].update(name="support"), "is support, which is taken"),
        (lambda d: d["dimensions"][0].update(name="Big Team"), "must be a name in snake_case"),
        (lambda d: d["dimensions"][0]["indicators"].update(en=[]), "needs 6 or more entries, it has 0"),
        (lambda d: d["contrary"]["en"].append(d["contrary"]["en"][0]), "repeats contrary.en"),
        (lambda d: d.update(dimensions=d["dimensions"][:1]), "needs 2 to 4 entries"),
        (lambda d: d["anchors"].pop(), "needs the levels 1 to 5 once each"),
        (lambda d: d["anchors"][0].update(level=True), "needs the levels 1 to 5 once each"),
        (lambda d: d["anchors"][0]["example"].update(en=""), "must be text and not empty"),
        (lambda d: d.update(name="other"), "it must be the file's"),
    ],
)
def test_a_faulty_rubric_is_refused_with_its_file_and_fault(
    change: Callable[[dict[str, Any]], object], message: str
) -> None:
    data = teamwork()
    change(data)
    with pytest.raises(ValueError, match=rf"^teamwork\.yaml: .*{message}") as caught:
        parse_rubric(data, "teamwork.yaml")
    assert "\n" not in str(caught.value)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for source in FOLDER.iterdir():
        shutil.copy(str(source), tmp_path)
    return tmp_path


def test_a_file_that_is_missing_or_too_much_is_named(folder: Path) -> None:
    (folder / "charm.yaml").write_text("name: charm\n")
    with pytest.raises(ValueError, match=r"^charm\.yaml: is no competency's file"):
        read_rubrics(folder)
    (folder / "charm.yaml").unlink()
    (folder / "teamwork.yaml").unlink()
    with pytest.raises(ValueError, match=r"^teamwork\.yaml: is missing"):
        read_rubrics(folder)


def test_a_file_that_is_no_yaml_or_says_a_key_twice_is_named(folder: Path) -> None:
    path = folder / "teamwork.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text + "\nname: teamwork\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"^teamwork\.yaml: line \d+ has the key name again"):
        read_rubrics(folder)
    path.write_text("a: [", encoding="utf-8")
    with pytest.raises(ValueError, match=r"^teamwork\.yaml: is not YAML"):
        read_rubrics(folder)


def test_two_competencies_may_not_share_a_sentence(folder: Path) -> None:
    data = teamwork()
    other = yaml.safe_load((folder / "leadership.yaml").read_text(encoding="utf-8"))
    data["contrary"]["en"][0] = other["dimensions"][0]["indicators"]["en"][0].upper()
    (folder / "teamwork.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    with pytest.raises(ValueError, match=r"^leadership\.yaml: \w+ \(en\) repeats teamwork\.yaml"):
        read_rubrics(folder)
