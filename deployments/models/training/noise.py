"""Answers as a recogniser writes them: no marks, wrong words, other sentence ends. Who sees both learns what lasts.

The rates are those of the recognisers here (docs/model-card.md): up to twice an English word error rate of 3%, and up
to a Chinese character error rate of 22%.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final

from pypinyin import lazy_pinyin

from serving.domain.competency import Language
from serving.signals.text.restoration import pieces, restored_spans
from serving.signals.text.units import unit_starts, units

_MOST: Final = {"en": 0.06, "zh": 0.22}  # highest error rate
_ENOUGH: Final = 0.5  # share of an old sentence that has to stand in a new one for its marks to count there


class Recogniser:
    """Mishears words for others that sound or look alike, out of the words that were said.

    Args:
        texts: by language, the sentences whose words it knows.
    """

    def __init__(self, texts: Iterable[tuple[Language, str]]) -> None:
        alike: dict[str, set[str]] = defaultdict(set)
        for language, text in texts:
            for unit in units(text.lower()):
                alike[_sound(unit, language)].add(unit)
        self._alike = {sound: sorted(found) for sound, found in alike.items() if len(found) > 1}

    def hear(
        self, sentences: Sequence[str], language: Language, chance: random.Random, most: float | None = None
    ) -> tuple[list[str], list[list[int]]]:
        """New sentences, and for each the old ones that stand in it (at least half of them), the longest part first.

        Args:
            most: highest error rate; by default the language's.
        """
        rate = chance.uniform(0.0, _MOST[language] if most is None else most)
        heard: list[str] = []
        counts = []
        for sentence in sentences:
            said = [piece.text for piece in pieces(sentence, (0, len(sentence)), language)]
            said = [unit for word in said for unit in units(word)]
            heard += [self._mishear(unit, language, chance) if chance.random() < rate else unit for unit in said]
            counts.append(len(said))
        joiner = " " if language == "en" else ""
        text = joiner.join(heard)
        spans = restored_spans(text, (0, len(text)), language)
        bounds = [0, *accumulate(counts)]
        old_of = [at for at, count in enumerate(counts) for _ in range(count)]
        assert bounds[-1] == len(old_of)
        starts = unit_starts(text, 0, len(text))
        parts: list[list[int]] = []
        for start, end in spans:
            inside = [old_of[at] for at, place in enumerate(starts) if start <= place < end and at < len(old_of)]
            shares = {old: inside.count(old) for old in inside}
            whole = [old for old, count in shares.items() if count >= _ENOUGH * counts[old]]
            longest = max(shares, key=lambda old: (shares[old], -old))
            parts.append([longest, *(old for old in whole if old != longest)])
        return [text[start:end] for start, end in spans], parts

    def _mishear(self, unit: str, language: Language, chance: random.Random) -> str:
        others = [other for other in self._alike.get(_sound(unit, language), ()) if other != unit]
        return chance.choice(others) if others else unit


def _sound(unit: str, language: Language) -> str:
    """Units of one sound are taken for each other: pinyin without tones, in English first letters and length."""
    if language == "zh" and not unit.isascii():
        return str(lazy_pinyin(unit)[0])
    return f"{unit[:2]}/{len(unit) // 2}"
