"""The clauses of an expression, and the facts that each names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from serving.adapters.rules.facts import FIELDS, Reference, has_keys
from serving.adapters.rules.tokens import Tokens

_BEFORE_AN_OPERAND: Final = ("", "(", "[", ",", "?", ":", "&&", "||")


def clauses(tokens: Tokens, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Split the tokens from `start` up to `end` at `&&` and `||`, through parentheses; yields their ranges in order.

    A ternary is one clause, since it binds less than they do, and so is a negation.
    """
    cuts: list[int] = []
    index = start
    while index < end:
        text = tokens.text(index)
        if text == "?":
            yield start, end
            return
        if text in ("&&", "||"):
            cuts.append(index)
        index = tokens.closing.get(index, index) + 1
    if cuts:
        for first, last in zip([start, *(cut + 1 for cut in cuts)], [*cuts, end], strict=True):
            yield from clauses(tokens, first, last)
    elif tokens.text(start) == "(" and tokens.closing[start] == end - 1:
        yield from clauses(tokens, start + 1, end - 1)
    else:
        yield start, end


def references(tokens: Tokens, start: int, end: int, unquote: Callable[[str], str]) -> tuple[Reference, ...]:
    """The facts that the tokens from `start` up to `end` name, each once, in order of the text.

    Args:
        tokens: of an expression in which every group is followed by a field.
        start: index of the first.
        end: index after the last.
        unquote: gives the text of a string literal.
    """
    found = (
        Reference(tokens.text(index), tokens.text(index + 2), _key(tokens, index, unquote))
        for index in range(start, end)
        if tokens.text(index) in FIELDS and not tokens.is_selected(index)
    )
    return tuple(dict.fromkeys(found))


def _key(tokens: Tokens, index: int, unquote: Callable[[str], str]) -> str | None:
    """The key of a map that is named by itself; None where the map as a whole, or a key to be computed, is meant."""
    if not has_keys(tokens.text(index), tokens.text(index + 2)):
        return None
    following = index + 3
    if tokens.text(following) == "[" and tokens.closing[following] == following + 2:
        literal = tokens[following + 1]
        return unquote(literal.text) if literal.kind == "string" else None
    if tokens.text(following) == "." and not tokens.is_called(following + 1):
        return tokens.text(following + 1).strip("`")
    wanted = index - (3 if tokens.text(index - 1) == "." else 2)
    is_sought = tokens.text(wanted + 1) == "in" and tokens.text(wanted - 1) in _BEFORE_AN_OPERAND
    if is_sought and wanted >= 0 and tokens[wanted].kind == "string":
        return unquote(tokens[wanted].text)
    return None
