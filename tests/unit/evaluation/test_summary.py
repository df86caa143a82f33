"""What the results of a set come to."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from deployments.evaluation.formats import COMPETENCIES, Item
from deployments.evaluation.requests import Score, Scored, requests_of
from deployments.evaluation.summary import summarise


def _item(name: str, kind: str = "", **fields: Any) -> Item:
    return Item(name, "x:1", "1", "en", kind, fields, Path())


def _scored(scores: Mapping[str, float | None], **fields: Any) -> Scored:
    ranges = {
        name: Score(value, None if value is None else value - 1, None if value is None else value + 1)
        for name, value in scores.items()
    }
    empty: dict[str, Any] = {
        "roles": (),
        "complete": False,
        "flagged": False,
        "transcript": "",
        "smile_s": 0.0,
        "duration_s": 0.0,
    }
    return Scored(ranges, **{**empty, **fields})


def _teamwork(value: float | None, **fields: Any) -> Scored:
    return _scored({"teamwork": value}, **fields)


def test_pairs_are_broken_down_by_kind_and_competency() -> None:
    good, bad = _item("pairs", "vague", competency="teamwork"), _item("pairs", "we", competency="teamwork")
    summary = summarise("pairs", [(good, (_teamwork(6), _teamwork(4))), (bad, (_teamwork(4), _teamwork(4)))])
    assert summary["accuracy"] == 0.75
    assert {kind: group["accuracy"] for kind, group in summary["by_kind"].items()} == {"vague": 1.0, "we": 0.5}
    assert {name: group["count"] for name, group in summary["by_competency"].items()} == {"teamwork": 2}


def test_a_discriminant_pair_is_two_orders() -> None:
    item = _item("discriminant", first="teamwork", second="leadership", a="A", b="B")
    a, b = _scored({"teamwork": 7, "leadership": 4}), _scored({"teamwork": 5, "leadership": 3})
    assert summarise("discriminant", [(item, (a, b))])["accuracy"] == 0.5


def test_an_attack_counts_when_it_is_above_and_not_when_it_has_no_score() -> None:
    item = _item("attacks", competency="teamwork", honest="h", attack="a")
    summary = summarise(
        "attacks",
        [
            (item, (_teamwork(5), _teamwork(6))),
            (item, (_teamwork(5), _teamwork(None, flagged=True))),
            (item, (_teamwork(5), _teamwork(5, flagged=True))),
        ],
    )
    assert summary["above_honest"] == pytest.approx(1 / 3)
    assert summary["flagged"] == pytest.approx(2 / 3)
    assert summary["honest_flagged"] == 0.0


def test_a_minimal_pair_of_which_one_has_no_score_differs_by_everything() -> None:
    item = _item("minimal", competency="teamwork", a="a", b="b")
    summary = summarise("minimal", [(item, (_teamwork(5), _teamwork(5.5))), (item, (_teamwork(4), _teamwork(None)))])
    assert summary["max_difference"] == 10.0
    assert summary["mean_difference"] == pytest.approx(5.25)


def test_roles_completeness_and_ranges_of_answers() -> None:
    item = _item(
        "answers", question="q", sentences=["I was there.", "I asked."], roles=["S", "A"], levels={"teamwork": 3}
    )
    scored = _scored(dict.fromkeys(COMPETENCIES, 4.5), roles=("S", "R"), complete=True)
    summary = summarise("answers", [(item, (scored,))])
    assert summary["star_macro_f1"] == pytest.approx(0.5)
    assert summary["complete_accuracy"] == 0.0
    assert summary["ratings"]["coverage"] == 1.0  # level 3 is 5 points, the range 3.5 to 5.5
    assert summary["ratings"]["mean_absolute_error"] == pytest.approx(0.5)


def test_error_rate_pools_the_edits_and_folds_case_and_punctuation() -> None:
    results = [
        (_item("speech", transcript="It was, the best!"), (_teamwork(1, transcript="it was the rest"),)),
        (_item("speech", transcript="Of times"), (_teamwork(1, transcript="of times"),)),
    ]
    assert summarise("speech", results)["error_rate"] == pytest.approx(1 / 6)


def test_a_face_smiles_when_it_does_so_over_half_of_the_time() -> None:
    results = [
        (_item("smiles", smiling=True), (_teamwork(1, smile_s=2.0, duration_s=3.0),)),
        (_item("smiles", smiling=False), (_teamwork(1, smile_s=2.0, duration_s=3.0),)),
    ]
    summary = summarise("smiles", results)
    assert (summary["accuracy"], summary["recall_smiling"], summary["recall_neutral"]) == (0.5, 1.0, 0.0)


def test_an_answer_with_levels_is_asked_for_all_competencies() -> None:
    plain = _item("answers", question="q", sentences=["A b.", "C d."])
    assert requests_of(plain)[0].text == "A b. C d."
    assert requests_of(_item("answers", question="q", sentences=["A."], levels={"teamwork": 1}))[0].competencies == (
        COMPETENCIES
    )


def test_honest_texts_that_are_flagged_are_counted() -> None:
    results = [(_item("honest", honest="x"), (_teamwork(1, flagged=at == 0),)) for at in range(4)]
    assert summarise("honest", results)["flagged"] == 0.25
