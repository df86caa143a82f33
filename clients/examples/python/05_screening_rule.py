"""Try a screening rule on facts, store it with its tests, and see what it says of a report:
python 05_screening_rule.py [--report tenants/-/interviews/i/reports/1]. A rule recommends; a person decides."""

import argparse
import os
import sys

from viva.v1.screening_pb2 import Recommendation, ScreeningFacts, ScreeningRule, ScreeningTest
from viva_client import ConflictError, VivaClient, VivaError

STRONG = ScreeningFacts(report={"overall": 8.4, "competencies": {"teamwork": 7.5}}, background_check={"passed": True})
WEAK = ScreeningFacts(report={"overall": 6.1, "competencies": {"teamwork": 7.5}}, background_check={"passed": True})
RULE = ScreeningRule(
    display_name="Strong and cleared",
    expression='report.overall >= 8.0 && report.competencies["teamwork"] >= 6.0 && background_check.passed',
    recommends="advance",
    tests=[ScreeningTest(facts=STRONG, expected=True), ScreeningTest(facts=WEAK, expected=False)],
)


def show(found: Recommendation) -> None:
    print(f"{found.recommends}: the rule is {found.value}")
    for clause in found.clauses:
        print(f"  {clause.value}: {clause.expression} ({', '.join(clause.facts)})")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default=os.environ.get("VIVA_ADDRESS", "localhost:18500"))
    parser.add_argument("--api-key", default=os.environ.get("VIVA_API_KEY"))
    parser.add_argument("--report", help="name of a report to apply it to")
    args = parser.parse_args()
    with VivaClient(args.address, api_key=args.api_key) as viva:
        try:
            show(viva.screening.test(RULE, facts=WEAK))
            try:
                rule = viva.screening.create(RULE, screening_rule_id="strong-and-cleared")
            except ConflictError:
                rule = viva.screening.get("tenants/-/screeningRules/strong-and-cleared")
                # With the etag that was read: a change that somebody made meanwhile is a StaleError, not lost.
                rule = viva.screening.update(ScreeningRule(name=rule.name, etag=rule.etag, expression=RULE.expression))
            print(rule.name)
            if args.report:
                show(viva.screening.test(rule, report=args.report))
        except VivaError as error:  # a rule that does not compile, or fails one of its tests, says where
            print(error, *error.fields, sep="\n", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
