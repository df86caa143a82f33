"""Error rates of recognised text."""

from __future__ import annotations

import re
from collections.abc import Sequence


def word_error_rate(reference: str, heard: str) -> float:
    """Edits over words of the reference, without case and punctuation."""
    wanted, got = (re.findall(r"[a-z']+", text.lower()) for text in (reference, heard))
    return _edits(wanted, got) / len(wanted)


def character_error_rate(reference: str, heard: str) -> float:
    """Edits over Han characters, letters and digits of the reference."""
    wanted, got = (re.findall(r"\w", text.lower()) for text in (reference, heard))
    return _edits(wanted, got) / len(wanted)


def _edits(wanted: Sequence[str], got: Sequence[str]) -> int:
    """Levenshtein distance."""
    row = list(range(len(got) + 1))
    for i, expected in enumerate(wanted, 1):
        before, row[0] = row[0], i
        for j, said in enumerate(got, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (expected != said))
    return row[-1]
