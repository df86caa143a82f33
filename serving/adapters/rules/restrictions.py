"""What a rule may not hold although CEL would take it.

The library ends an evaluation after 10,000 iterations and takes 32 levels of nesting. These restrictions bound the
cost of one iteration, and let every fact of a clause be found by its name.
"""

from __future__ import annotations

from typing import Final

from serving.adapters.rules.facts import FIELDS, may_be_unknown
from serving.adapters.rules.tokens import Tokens

_MACROS: Final = ("all", "exists", "exists_one", "filter")
_MOST_MACROS: Final = 2  # one in another
_INNER_CHARS: Final = 100  # of the inner one; it is what runs 10,000 times
_LEFT_OUT: Final = {
    "dyn": "types are checked",
    "map": "lists of lists grow without bound; use exists, all or filter",
    "matches": "a short regular expression can take seconds to compile; use startsWith, endsWith or contains",
}


class RuleRefused(Exception):
    """An expression cannot be a rule.

    Attributes:
        line: from 1, 0 where no place is known.
        column: from 1, in characters.
    """

    def __init__(self, problem: str, line: int = 0, column: int = 0) -> None:
        super().__init__(problem)
        self.line = line
        self.column = column


def refuse(tokens: Tokens) -> None:
    """Raises RuleRefused for the first token that breaks a restriction."""
    closings: list[int] = []  # of the macros around a token
    for index in range(len(tokens)):
        while closings and closings[-1] < index:
            closings.pop()
        problem = _of_call(tokens, index, closings) if tokens.is_called(index) else _of_fact(tokens, index)
        if problem:
            start = tokens[index].start
            raise RuleRefused(
                problem,
                line=tokens.source.count("\n", 0, start) + 1,
                column=start - tokens.source.rfind("\n", 0, start),
            )


def _of_call(tokens: Tokens, index: int, closings: list[int]) -> str:
    name = tokens.text(index)
    if name in _LEFT_OUT:
        return f"{name}() has no place in a rule: {_LEFT_OUT[name]}"
    if name in _MACROS and tokens.is_selected(index):
        closing = tokens.closing[index + 1]
        if len(closings) >= _MOST_MACROS:
            return f"{name}() stands in {len(closings)} others, the limit is {_MOST_MACROS - 1}"
        chars = tokens[closing].start - tokens[index + 1].end
        if closings and chars > _INNER_CHARS:
            return f"{name}() stands in another and has {chars} characters, the limit is {_INNER_CHARS}"
        closings.append(closing)
    return ""


def _of_fact(tokens: Tokens, index: int) -> str:
    group = tokens.text(index)
    if group not in FIELDS or tokens.is_selected(index):
        return ""
    field = tokens.text(index + 2)
    if tokens.text(index + 1) != "." or field not in FIELDS[group]:
        return f"{group} stands alone, it must be followed by one of its fields: {', '.join(FIELDS[group])}"
    before = index - 1 if tokens.text(index - 1) != "." else index - 2
    in_has = tokens.text(before) == "(" and tokens.text(before - 1) == "has" and tokens.text(index + 3) == ")"
    if in_has and not may_be_unknown(group, field):
        return f"{group}.{field} is always known, so that has() of it says nothing; compare its value or size"
    return ""
