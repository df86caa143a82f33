"""The unit of length: a Han character, or a word of any other script.

One definition for all that count or compare what was said, so that `delivery.word_count`, the length of a sentence and
the length that scores rest on are the same number. It does not depend on the language: a foreign word or a figure in a
Chinese answer is one unit, as it is said in one go, and so is each Chinese character in an English one.
"""

from __future__ import annotations

import re
from typing import Final

from serving.signals.text.language import HAN

# A letter or digit, then what holds words together ("don't", "e-mail", "3.5"). Han characters end a word: in a text
# without spaces "Python写了" is one word and two characters.
_UNIT: Final = re.compile(rf"[{HAN}]|[^\W_{HAN}]+(?:['\u2019.\-][^\W_{HAN}]+)*")


def units(text: str) -> list[str]:
    """All units of a text, in order and as written."""
    return _UNIT.findall(text)


def unit_starts(text: str, start: int, end: int) -> list[int]:
    """Start of every unit in text[start:end]."""
    return [match.start() for match in _UNIT.finditer(text, start, end)]


def unit_spans(text: str, start: int, end: int) -> list[tuple[int, str]]:
    """Start and text of every unit in text[start:end]."""
    return [(match.start(), match.group()) for match in _UNIT.finditer(text, start, end)]


def has_unit(text: str, start: int, end: int) -> bool:
    """Whether text[start:end] holds a letter, digit or Han character."""
    return _UNIT.search(text, start, end) is not None
