"""Personal wordings of questions: slots in a text of the bank, filled with facts of a résumé."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from serving.domain.role import QUESTION_CHARS

SLOTS: Final = ("project", "employer", "skill", "degree", "school")
_SLOT: Final = re.compile(r"\{([^{}]*)\}")


def personal(template: str, facts: Mapping[str, str]) -> str:
    """The template with its slots filled, or "" where it is empty, a slot has no fact, or the result is too long.

    Facts are put in once and not read again: a slot within a fact stays text.

    Args:
        template: a question's `personal_text`, in which `fault` finds nothing.
        facts: by slot, see `facts_of`.
    """
    if any(slot not in facts for slot in _SLOT.findall(template)):
        return ""
    text = _SLOT.sub(lambda match: facts[match[1]], template)
    return text if len(text) <= QUESTION_CHARS else ""


def fault(template: str) -> str:
    """What is wrong with a template, going on after the field's name; "" when nothing is."""
    for slot in _SLOT.findall(template):
        if slot not in SLOTS:
            return f"has the unknown slot {{{slot[:40]}}}; known are {', '.join(f'{{{known}}}' for known in SLOTS)}"
    if re.search("[{}]", _SLOT.sub("", template)):
        return "has a brace that opens or closes no slot"
    return ""
