"""Write pairs.jsonl beside each answers.jsonl: two answers to one question that a rater tells apart.

Usage: python scripts/make_pairs.py FOLDER...

A pair is a better and a worse answer of one story, at least one anchor level apart on the asked competency. Its kind is
that of the worse one: what makes it worse. A complete answer also meets itself out of order (`jumbled`). Choice and
order depend on the ids alone, so the same answers give the same file.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

_BETTER = ("complete", "short", "honest_failure", "asr", "first")
_OTHERS = 3  # worse answers that each good answer but the complete one meets
_JUMBLED_FROM = 5  # sentences


def main() -> int:
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    for path in sorted(path for folder in sys.argv[1:] for path in Path(folder).rglob("answers.jsonl")):
        answers = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        lines = [json.dumps(pair, ensure_ascii=False) for pair in _pairs(answers)]
        target = path.with_name("pairs.jsonl")
        target.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        print(f"{target}: {len(lines)} pairs of {len(answers)} answers")
    return 0


def _pairs(answers: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for _, group in groupby(answers, key=lambda answer: answer["story"]):
        story = list(group)
        for better in story:
            if better["kind"] not in _BETTER:
                continue
            asked = better["competency"]
            worse = [other for other in story if other["levels"][asked] < better["levels"][asked]]
            if better["kind"] not in ("complete", "first"):
                worse = sorted(worse, key=lambda other: _dice(better["id"], other["id"]))[:_OTHERS]
            for other in worse:
                yield _pair(better, other["kind"], _text(other["sentences"], better["language"]))
            if better["kind"] == "complete" and len(better["sentences"]) >= _JUMBLED_FROM:
                yield _pair(better, "jumbled", _text(_jumbled(better), better["language"]))


def _pair(better: dict[str, Any], kind: str, worse: str) -> dict[str, Any]:
    return {
        "id": f"{better['id']}>{kind}",
        "language": better["language"],
        "kind": kind,
        "question": better["question"],
        "competency": better["competency"],
        "better": _text(better["sentences"], better["language"]),
        "worse": worse,
    }


def _text(sentences: list[str], language: str) -> str:
    return ("" if language == "zh" else " ").join(sentences)


def _jumbled(answer: dict[str, Any]) -> list[str]:
    sentences = list(answer["sentences"])
    chance = random.Random(_dice(answer["id"], str(len(sentences))))
    while sentences == answer["sentences"]:
        chance.shuffle(sentences)
    return sentences


def _dice(*names: str) -> int:
    return int(hashlib.sha256(">".join(names).encode()).hexdigest(), 16)


if __name__ == "__main__":
    sys.exit(main())
