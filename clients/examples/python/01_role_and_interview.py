"""Describe a job and invite a candidate: python 01_role_and_interview.py [--role trainee] [--candidate c-1042].

Prints the interview's name and its questions. Run again, it takes the role that is there.
"""

import argparse
import os
import sys
import time

from viva.v1.interviews_pb2 import Interview
from viva.v1.roles_pb2 import FollowUp, Question, Role, RoleContent
from viva_client import ConflictError, VivaClient, VivaError

ROLE = Role(
    display_name="Management trainee",
    content=RoleContent(
        competencies=[{"competency": "teamwork", "weight": 2}, {"competency": "problem_solving"}],
        languages=["en"],
        questions=[
            Question(
                question_id="conflict",
                competency="teamwork",
                language="en",
                text="Tell me about a conflict in your team.",
                follow_ups=[
                    FollowUp(follow_up_id="conflict-result", lack=FollowUp.LACK_RESULT, text="What came of it?")
                ],
            ),
            Question(
                question_id="problem",
                competency="problem_solving",
                language="en",
                text="Which problem are you proud to have solved?",
                time_limit_seconds=240,
            ),
        ],
    ),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default=os.environ.get("VIVA_ADDRESS", "localhost:18500"))
    parser.add_argument("--api-key", default=os.environ.get("VIVA_API_KEY"))
    parser.add_argument("--role", default="trainee", help="your id of the role")
    parser.add_argument("--candidate", default="c-1042", help="your id of the candidate; no name, no address")
    args = parser.parse_args()
    interview = Interview(
        candidate=f"tenants/-/candidates/{args.candidate}", consents={"analysis": True, "voice": True}
    )
    interview.consents.consent_time.GetCurrentTime()  # in earnest: when the candidate agreed
    interview.consents.notice_time.GetCurrentTime()  # and was told that an automated tool is used
    interview.deadline_time.FromSeconds(int(time.time()) + 7 * 86_400)
    with VivaClient(args.address, api_key=args.api_key) as viva:
        try:
            try:
                interview.role_revision = viva.roles.create(ROLE, role_id=args.role).name
            except ConflictError:
                interview.role_revision = f"tenants/-/roles/{args.role}"  # its latest revision
            interview = viva.interviews.create(interview)
        except VivaError as error:
            print(error, *error.fields, sep="\n", file=sys.stderr)
            return 1
    print(interview.name)
    for question in interview.questions:
        print(f"  {question.question_id}: {question.text}")
    for obligation in interview.policy.missing:  # answers are refused until these are met
        print(f"  still missing: {obligation.name} ({obligation.source})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
