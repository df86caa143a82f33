"""Tokens of CEL, for finding one's way in an expression that has been compiled: errors are the compiler's to find.

The grammar is that of https://github.com/cel-expr/cel-spec/blob/master/doc/langdef.md#syntax.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(
    r"""
    (?P<space> \s+ | //[^\n]* )
  | (?P<string>
        [bB]?[rR] (?: \"{3}.*?\"{3} | '{3}.*?'{3} | "[^"]*" | '[^']*' )
      | [bB]? (?: \"{3}(?:\\.|[^\\])*?\"{3} | '{3}(?:\\.|[^\\])*?'{3} | "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' )
    )
  | (?P<name> [A-Za-z_]\w* | `[^`]*` )
  | (?P<number> \d\w* )
  | (?P<mark> && | \|\| | . )
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A token that is neither space nor comment; `start` counts characters of the expression."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """Where the next may start."""
        return self.start + len(self.text)


class Tokens:
    """The tokens of an expression, by index.

    Attributes:
        source: the expression.
        closing: the index of the bracket that closes the one at an index.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self._all = tuple(
            Token(match.lastgroup or "", match[0], match.start())
            for match in _TOKEN.finditer(source)
            if match.lastgroup != "space"
        )
        self.closing: dict[int, int] = {}
        opened: list[int] = []
        for index, token in enumerate(self._all):
            if token.text in ("(", "[", "{"):
                opened.append(index)
            elif token.text in (")", "]", "}"):
                self.closing[opened.pop()] = index

    def __len__(self) -> int:
        return len(self._all)

    def __getitem__(self, index: int) -> Token:
        return self._all[index]

    def text(self, index: int) -> str:
        """Text of a token, empty outside the expression."""
        return self._all[index].text if 0 <= index < len(self._all) else ""

    def verbatim(self, start: int, end: int) -> str:
        """The expression from one token up to, not including, another."""
        return self.source[self._all[start].start : self._all[end - 1].end]

    def is_selected(self, index: int) -> bool:
        """Whether it is what a dot selects: `b` in `a.b`, but not in `.b`, which is `b` itself."""
        if index < 2 or self._all[index - 1].text != ".":
            return False
        before = self._all[index - 2]
        return (
            before.text in (")", "]", "}") or before.kind == "string" or (before.kind == "name" and before.text != "in")
        )

    def is_called(self, index: int) -> bool:
        """Whether it is the name of a function or macro in a call."""
        return self._all[index].kind == "name" and self.text(index + 1) == "("
