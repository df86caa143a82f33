"""Protocol of what understands screening rules."""

from __future__ import annotations

from typing import Protocol

from serving.domain.screening import Recommendation, ScreeningFacts, ScreeningRule


class RuleEngine(Protocol):
    """Compiles rules and applies them. Threads may share one.

    A rule has at most 2,000 characters and 50 tests, and facts hold at most 100 skills of 100 characters, all of which
    the caller has checked. Applying a rule then computes for well below a millisecond as a rule, and for a second at
    the very most, without releasing the interpreter.
    """

    def check(self, rule: ScreeningRule, path: str = "screening_rule") -> None:
        """Compile a rule, check its types and run its tests.

        Args:
            rule: as the caller sent it.
            path: where it stands in the request.

        Raises:
            InvalidRequest: with `RULE_INVALID`. `field` is `{path}.expression`, with `line` and `column` (from 1) in
                the metadata where a place is known, or `{path}.tests[i]` for the first test that it fails. A test
                expects true or false, so that a rule that is unknown fails it.
        """
        ...

    def apply(self, rule: ScreeningRule, facts: ScreeningFacts) -> Recommendation:
        """What a rule recommends, and why.

        A fact that is None, and a competency that is not in the map, is not known. What needs it is `unknown`, in
        three-valued logic: `false && unknown` is false, `true || unknown` is true. So is what cannot be computed, such
        as a division by zero. Where the rule is not true it recommends `review`.

        Raises:
            InvalidRequest: with `RULE_INVALID`, for a rule that `check` refuses (tests aside).
        """
        ...
