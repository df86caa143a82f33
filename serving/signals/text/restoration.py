"""Sentence ends in text that has no marks for them, as recognised speech often has not.

Every gap between two words gets a log-odds of being an end, from the words around it (a linear model, trained on
labelled answers whose marks were taken off: `data/sentence_ends.json`, written by `viva models train`) and from the
pause that was made there. The best set of ends is found by dynamic programming: no sentence may be too short.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any, Final

from serving.domain.competency import Language
from serving.signals.text.boundaries import Span
from serving.signals.text.chinese import segment
from serving.signals.text.units import unit_spans, unit_starts, units

MIN_UNITS: Final[Mapping[Language, int]] = {"en": 4, "zh": 5}
_EDGE: Final = "^"
_LONGEST_UNITS: Final = 120
# A pause says as much as words do: none speaks a little against an end, one of a second decides, more adds nothing.
_NO_PAUSE, _PER_SECOND, _LONGEST_S = -1.0, 8.0, 1.0


# Units from which a range is a run-on: without commas, and with them (Chinese commas often are sentence ends).
_RUN_ON: Final[Mapping[Language, int]] = {"en": 24, "zh": 36}
_RUN_ON_WITH_MARKS: Final[Mapping[Language, int]] = {"en": 45, "zh": 42}
_UNITS_PER_MARK: Final = 24  # a range with a mark for every so many units has its marks
_AT_MARK, _ELSEWHERE = 1.5, -4.0  # log-odds of an end at a comma, and elsewhere in a range that has commas
MARK: Final = re.compile("[,;:\u2014\uff0c\uff1b\uff1a]")  # not the comma of lists: what it parts is one sentence


@dataclass(frozen=True, slots=True)
class Piece:
    """A word (en) or segmented word (zh) and the character it begins at."""

    text: str
    start: int


def whole_sentences(
    text: str, span: Span, language: Language, pauses_s: Mapping[int, float] | None = None
) -> list[Span]:
    """The range itself, or its sentences where it is a run-on."""
    length = len(unit_starts(text, *span))
    limit = _RUN_ON_WITH_MARKS if _has_marks(text, span, length) else _RUN_ON
    return [span] if length <= limit[language] else restored_spans(text, span, language, pauses_s)


def _has_marks(text: str, span: Span, length: int) -> bool:
    return len(MARK.findall(text, *span)) * _UNITS_PER_MARK > length


def pieces(text: str, span: Span, language: Language) -> list[Piece]:
    """The words of text[span], in lower case and without marks."""
    start, end = span
    if language == "en":
        return [Piece(word.lower(), at) for at, word in unit_spans(text, start, end)]
    tokens = segment(text[start:end])
    return [Piece(token.word.lower(), start + token.start) for token in tokens if units(token.word)]


def gap_features(words: Sequence[str], at: int) -> list[str]:
    """What is looked at to say whether a sentence ends before `words[at]`."""

    def word(place: int) -> str:
        return words[place] if 0 <= place < len(words) else _EDGE

    last, first = word(at - 1), word(at)
    return [
        f"<{last}",
        f">{first}",
        f"<<{word(at - 2)} {last}",
        f">>{first} {word(at + 1)}",
        f"<>{last} {first}",
        f">>>{word(at + 1)}",
    ]


def restored_spans(
    text: str, span: Span, language: Language, pauses_s: Mapping[int, float] | None = None
) -> list[Span]:
    """Cut one range of text into sentences.

    Args:
        pauses_s: silence before the word that begins at a character, for spoken text.
    """
    found = pieces(text, span, language)
    starts = unit_starts(text, *span)
    model = _model()[language]
    gains = _gains([piece.text for piece in found], model)
    if _has_marks(text, span, len(starts)):
        for at, (before, piece) in enumerate(pairwise(found), start=1):
            gap = slice(before.start + len(before.text), piece.start)
            gains[at] += _AT_MARK if MARK.search(text[gap]) else _ELSEWHERE
    if pauses_s is not None:
        for at, piece in enumerate(found[1:], start=1):
            gains[at] += _NO_PAUSE + _PER_SECOND * min(_LONGEST_S, pauses_s.get(piece.start, 0.0))
    said = [*_units_before(found, starts), len(starts)]
    cuts = [found[at].start for at in _best_ends(gains, said, MIN_UNITS[language], *model["length"])]
    edges = [span[0], *cuts, span[1]]
    spans = []
    for start, end in pairwise(edges):
        inside = text[start:end]
        spans.append((start, start + len(inside.rstrip())))
    return spans


def _units_before(found: Sequence[Piece], starts: Sequence[int]) -> list[int]:
    counts, at = [], 0
    for piece in found:
        while at < len(starts) and starts[at] < piece.start:
            at += 1
        counts.append(at)
    return counts


def _gains(words: Sequence[str], model: Mapping[str, Any]) -> list[float]:
    """Log-odds that a sentence ends before each word; the first has none."""
    weights, bias = model["weights"], model["bias"]
    return [bias + sum(weights.get(name, 0.0) for name in gap_features(words, at)) for at in range(len(words))]


def _best_ends(gains: Sequence[float], said: Sequence[int], least: int, middle: float, spread: float) -> list[int]:
    """Gaps to cut at, so that their log-odds, less what unusual lengths cost, sum to most.

    Args:
        said: units before each word, and in all.
        least: units that every part keeps.
        middle, spread: mean and standard deviation of the logarithm of a sentence's units.
    """

    def cost(units_in_part: int) -> float:
        return 0.5 * ((math.log(units_in_part) - middle) / spread) ** 2

    last = len(gains)
    best: list[tuple[float, int]] = [(0.0, 0)]  # best sum with a cut at this gap, and the cut before it
    oldest = 0  # a part that is longer than any sentence is no use to look at: cost stays linear
    for at in range(1, last + 1):
        while said[at] - said[oldest] > _LONGEST_UNITS and oldest < at - 1:
            oldest += 1
        choices = [
            (best[before][0] - cost(said[at] - said[before]), before)
            for before in range(oldest, at)
            if said[at] - said[before] >= least or before == 0
        ]
        value, before = max(choices, key=lambda choice: choice[0], default=(float("-inf"), 0))
        best.append((value + (gains[at] if at < last else 0.0), before))
    cuts = []
    at = best[last][1]
    while at > 0:
        cuts.append(at)
        at = best[at][1]
    return cuts[::-1]


@cache
def _model() -> Any:
    text = files("serving.signals.text").joinpath("data/sentence_ends.json").read_text(encoding="utf-8")
    return json.loads(text)
