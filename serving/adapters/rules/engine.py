"""Checks and applies screening rules."""

from __future__ import annotations

from typing import Final

from serving.adapters.rules.compiler import Compiled, Compiler
from serving.adapters.rules.facts import Reference, Values, values
from serving.adapters.rules.restrictions import RuleRefused
from serving.domain.errors import InvalidRequest, Reason
from serving.domain.screening import RECOMMENDATIONS, Clause, Recommendation, ScreeningFacts, ScreeningRule

_ADVANCE, _REVIEW = RECOMMENDATIONS
_MOST_CHARS: Final = 1_000  # of what a failing test tells


class CelRules:
    """Fills `RuleEngine`."""

    def __init__(self) -> None:
        self._compiler = Compiler()

    def check(self, rule: ScreeningRule, path: str = "screening_rule") -> None:
        """See `RuleEngine.check`."""
        compiled = self._compiled(rule.expression, path)
        for index, test in enumerate(rule.tests):
            known = values(test.facts)
            value, _ = compiled.whole.evaluate(known)
            expected = "true" if test.expected else "false"
            if value != expected:
                field = f"{path}.tests[{index}]"
                why = "; ".join(_in_words(clause) for clause in _clauses(compiled, known))
                message = f"{field} expects {expected}, the rule is {value}: {why}"
                if len(message) > _MOST_CHARS:
                    message = message[:_MOST_CHARS] + " ..."
                raise InvalidRequest(message, reason=Reason.RULE_INVALID, field=field)

    def apply(self, rule: ScreeningRule, facts: ScreeningFacts) -> Recommendation:
        """See `RuleEngine.apply`."""
        compiled = self._compiled(rule.expression, "screening_rule")
        known = values(facts)
        value, _ = compiled.whole.evaluate(known)
        return Recommendation(
            rule=rule.name,
            display_name=rule.display_name,
            expression=rule.expression,
            recommends=(rule.recommends or _ADVANCE) if value == "true" else _REVIEW,
            value=value,
            clauses=_clauses(compiled, known),
        )

    def _compiled(self, expression: str, path: str) -> Compiled:
        try:
            return self._compiler.compiled(expression)
        except RuleRefused as refused:
            field = f"{path}.expression"
            place = {"line": str(refused.line), "column": str(refused.column)} if refused.line else {}
            at = f" at {refused.line}:{refused.column}" if refused.line else ""
            message = f"{field} is no rule{at}: {refused}"
            raise InvalidRequest(message, reason=Reason.RULE_INVALID, field=field, metadata=place) from None


def _clauses(compiled: Compiled, known: Values) -> tuple[Clause, ...]:
    found = []
    for program, references in compiled.clauses:
        value, problem = program.evaluate(known)
        found.append(Clause(program.text, value, _facts(references, known, problem)))
    return tuple(found)


def _facts(references: tuple[Reference, ...], known: Values, problem: str) -> tuple[str, ...]:
    facts = tuple(reference.in_words(known) for reference in references)
    if problem and not any(fact.endswith(" is not known") for fact in facts):
        facts += (f"cannot be computed: {problem}",)
    return facts


def _in_words(clause: Clause) -> str:
    facts = f" ({', '.join(clause.facts)})" if clause.facts else ""
    return f"{clause.expression} is {clause.value}{facts}"
