"""Compiles an expression, and each of its clauses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cel_expr_python import cel

from serving.adapters.rules import environments
from serving.adapters.rules.clauses import clauses, references
from serving.adapters.rules.facts import Reference, Values
from serving.adapters.rules.restrictions import RuleRefused, refuse
from serving.adapters.rules.tokens import Tokens

_PLACE: Final = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*)")
_CODE: Final = re.compile(r"^[A-Z_]+: | \[[A-Z_]+\]$")  # of the library's statuses, at both ends of their text
_MIXED_NUMBERS: Final = re.compile(r"\((double, int|int, double)\)")
_EXPECTING: Final = re.compile(r" expecting \{.*")  # every token that may follow
_MOST_CHARS: Final = 200  # of a message, which may quote the expression
_KEPT: Final = 500  # expressions; one of three clauses takes 10 to 25 kB


@dataclass(frozen=True, slots=True)
class Program:
    """An expression that can be evaluated."""

    text: str
    expression: cel.Expression

    def evaluate(self, known: Values) -> tuple[str, str]:
        """Its value, `true`, `false` or `unknown`, and what kept it from being computed."""
        try:
            result = self.expression.eval(data=known)
        except RuntimeError as error:  # out of iterations
            return "unknown", _CODE.sub("", str(error))
        if result.type() == cel.Type.BOOL:
            return ("true" if result.plain_value() else "false"), ""
        return "unknown", _CODE.sub("", str(result.plain_value()))


@dataclass(frozen=True, slots=True)
class Compiled:
    """A rule's expression, and its clauses with the facts that each names."""

    whole: Program
    clauses: tuple[tuple[Program, tuple[Reference, ...]], ...]


class Compiler:
    """Compiles for both environments. Threads may share one."""

    def __init__(self) -> None:
        self._typed = environments.typed()
        self._lenient = environments.lenient()
        self.compiled = lru_cache(_KEPT)(self._compile)

    def _compile(self, text: str) -> Compiled:
        """Raises RuleRefused."""
        gives = _compile(self._typed, text).return_type()
        if gives != cel.Type.BOOL:
            raise RuleRefused(f"it gives {gives.name().lower()}, it must be true or false")
        tokens = Tokens(text)
        refuse(tokens)
        return Compiled(
            whole=Program(text, _compile(self._lenient, text)),
            clauses=tuple(
                (self._clause(tokens.verbatim(start, end)), references(tokens, start, end, self._unquote))
                for start, end in clauses(tokens, 0, len(tokens))
            ),
        )

    def _clause(self, text: str) -> Program:
        return Program(text, _compile(self._lenient, text))

    def _unquote(self, literal: str) -> str:
        return str(self._lenient.compile(literal).eval().plain_value())


def _compile(environment: cel.Env, text: str) -> cel.Expression:
    try:
        return environment.compile(text)
    except RuntimeError as error:
        raise _refused(str(error)) from None


def _refused(message: str) -> RuleRefused:
    place = _PLACE.search(message)
    problem = place[3] if place else message.partition("\n")[0]
    problem = _EXPECTING.sub("", _CODE.sub("", problem))
    problem = "".join(char if char.isprintable() else " " for char in problem)
    if len(problem) > _MOST_CHARS:
        problem = problem[:_MOST_CHARS] + " ..."
    if _MIXED_NUMBERS.search(problem):
        problem += "; write scores, shares and years with a point (8.0, not 8) and counts without (2, not 2.0)"
    line, column = (int(place[1]), int(place[2])) if place else (0, 0)
    return RuleRefused(problem, max(line, 0), max(column, 0))
