"""Score a text answer: python score_text.py ["ANSWER"]. The server is VIVA_ADDRESS, by default localhost:18500."""

import os
import sys

from viva_client import AnswerOptions, VivaClient, VivaError

ANSWER = (
    "In my last internship two teammates disagreed on the release date. I was asked to find a way out. "
    "I talked to each of them, listed what was left to do, and proposed a smaller first release. "
    "We shipped two weeks early and support tickets fell by thirty percent."
)


def main() -> int:
    options = AnswerOptions(
        question="Tell me about a conflict in your team.", language="en", competencies=("communication", "teamwork")
    )
    with VivaClient(os.environ.get("VIVA_ADDRESS", "localhost:18500"), api_key=os.environ.get("VIVA_API_KEY")) as viva:
        try:
            assessment = viva.score_text(sys.argv[1] if len(sys.argv) > 1 else ANSWER, options, timeout_s=30)
        except VivaError as error:
            print(f"{error.code.name} {error.reason}: {error.message}", file=sys.stderr)
            for field, description in error.fields:
                print(f"  {field}: {description}", file=sys.stderr)
            return 1
    for item in assessment.competencies:
        # A competency without enough evidence has no score: the field is absent, not zero.
        print(f"{item.name}: {item.score:.1f}" if item.HasField("score") else f"{item.name}: {item.reason}")
        for evidence in item.evidence:
            print(f"  {evidence.contribution}: {evidence.quote}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
