"""What a candidate is owed: python 07_candidate_feedback.py INTERVIEW [--rating 5] [--contest "I said ..."].

Prints the feedback that a candidate may see, and a link to its page. Stores satisfaction, and a contest of the report.
"""

import argparse
import os
import sys

from viva.v1.reports_pb2 import Contest, CreateReportLinkRequest, Satisfaction
from viva_client import VivaClient, VivaError


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("interview", help="tenants/-/interviews/...")
    parser.add_argument("--rating", type=int, choices=range(1, 6), help="how satisfied the candidate was, 1 to 5")
    parser.add_argument("--contest", metavar="STATEMENT", help="why the candidate contests the report")
    parser.add_argument("--address", default=os.environ.get("VIVA_ADDRESS", "localhost:18500"))
    parser.add_argument("--api-key", default=os.environ.get("VIVA_API_KEY"))
    args = parser.parse_args()
    with VivaClient(args.address, api_key=args.api_key) as viva:
        try:
            report = viva.reports.get(f"{args.interview}/reports/latest").name
            feedback = viva.reports.get_candidate_feedback(args.interview)
            link = viva.reports.create_link(report, audience=CreateReportLinkRequest.AUDIENCE_CANDIDATE)
            print(f"{feedback.role_display_name}: {link.uri}")
            for question in feedback.questions:
                print(f"  {question.question}")
                for suggestion in question.suggestions:
                    print(f"    - {suggestion}")
            for competency in feedback.competencies:  # empty unless the tenant shows scores
                print(f"  {competency.name}: {competency.score:.1f}")
            print(feedback.contest_notice)
            if args.rating:
                viva.reports.submit_satisfaction(Satisfaction(rating=args.rating), args.interview)
            if args.contest:
                # A person reviews it with `reports.review_contest`; a corrected transcript is scored again.
                contest = viva.reports.create_contest(Contest(report=report, statement=args.contest), args.interview)
                print(f"contested: {contest.name}")
        except VivaError as error:
            print(error, *error.fields, sep="\n", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
