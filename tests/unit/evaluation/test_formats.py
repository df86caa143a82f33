"""What a labelled line must hold, and that a bad one is named."""

import json
from pathlib import Path
from typing import Any

import pytest

from deployments.evaluation.formats import BadItem, Item, find_files, read_items

PAIR = {"id": "p1", "question": "Why?", "competency": "teamwork", "better": "I asked.", "worse": "I am good."}


def _write(folder: Path, name: str, *lines: dict[str, Any] | str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    texts = [line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines]
    path.write_text("\n".join(texts), encoding="utf-8")
    return path


def test_a_line_takes_its_language_from_itself_or_from_its_folder(tmp_path: Path) -> None:
    path = _write(tmp_path, "zh/pairs.jsonl", PAIR, {**PAIR, "id": 2, "language": "en", "kind": "vague"})
    first, second = read_items(path)
    assert isinstance(first, Item) and isinstance(second, Item)
    assert (first.language, first.kind, second.language, second.kind) == ("zh", "", "en", "vague")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"better": None}, "better must be text"),
        ({"better": "  "}, "better must be text"),
        ({"competency": "charm"}, "competency 'charm' is unknown; known: communication"),
        ({"id": None}, "id is missing"),
        ({"id": True}, "id must be text or an integer"),
        ({"language": "fr"}, "language must be one of en, zh, not 'fr'"),
    ],
)
def test_a_bad_line_is_named_with_its_number(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    path = _write(tmp_path, "en/pairs.jsonl", PAIR, {**PAIR, "id": "p2", **change}, {**PAIR, "id": "p3"})
    good, bad, after = read_items(path)
    assert isinstance(good, Item) and isinstance(after, Item)
    assert isinstance(bad, BadItem)
    assert bad.message.startswith(f"{path}:2: {message}")


def test_a_missing_field_a_used_id_and_broken_json_are_named(tmp_path: Path) -> None:
    without = {name: value for name, value in PAIR.items() if name != "worse"} | {"id": "p2"}
    path = _write(tmp_path, "en/pairs.jsonl", PAIR, without, PAIR, "{", "[1]", "")
    messages = [line.message for line in read_items(path) if isinstance(line, BadItem)]
    assert [message.split(": ", 1)[1].split(":")[0] for message in messages] == [
        "worse is missing",
        "id 'p1' is used on line 1 already",
        "not JSON",
        "must be a JSON object",
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"roles": ["S"]}, "roles has 1 entries for 2 sentences"),
        ({"roles": ["S", "X"]}, "roles must be a list of S, T, A, R or O"),
        ({"levels": {"teamwork": 6}}, "levels teamwork must be a level from 1 to 5, not 6"),
        ({"levels": {"charm": 2}}, "levels 'charm' is unknown"),
        ({"sentences": []}, "sentences must be a list of texts"),
    ],
)
def test_a_bad_answer_line_says_what_is_wrong(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    line = {"id": 1, "question": "Why?", "sentences": ["I was there.", "I asked."], "roles": ["S", "A"], **change}
    (bad,) = read_items(_write(tmp_path, "en/answers.jsonl", line))
    assert isinstance(bad, BadItem)
    assert message in bad.message


def test_media_that_does_not_exist_is_named(tmp_path: Path) -> None:
    (bad,) = read_items(_write(tmp_path, "en/speech.jsonl", {"id": 1, "audio": "a.wav", "transcript": "Hello."}))
    assert isinstance(bad, BadItem)
    assert bad.message.endswith("audio file 'a.wav' does not exist")


def test_sets_are_found_beneath_a_folder_and_others_left_alone(tmp_path: Path) -> None:
    pairs, attacks = _write(tmp_path, "b/en/pairs.jsonl", PAIR), _write(tmp_path, "a/attacks.jsonl")
    _write(tmp_path, "notes.jsonl")
    assert find_files(tmp_path) == [attacks, pairs]
    assert find_files(tmp_path, ("pairs",)) == [pairs]
    (bad,) = read_items(tmp_path / "notes.jsonl")
    assert isinstance(bad, BadItem) and "no such set" in bad.message
