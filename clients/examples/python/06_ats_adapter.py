"""Connect an applicant tracking system. The one here, "Harbor", is made up; replace its JSON by your system's.

    python 06_ats_adapter.py packages                  what can be ordered
    python 06_ats_adapter.py order  < order.json       Harbor orders an assessment of an applicant
    python 06_ats_adapter.py result < event.json       a viva.report.created event becomes Harbor's result

| Harbor  | Viva      | |
|---------|-----------|-|
| package | role      | `package_code` is the role's id |
| order   | interview | its id is made of Harbor's order number: an order that is sent twice is one interview |
| result  | report    | Harbor counts to 100 and knows `pass` and `manual_review`; nothing is ever a rejection |
"""

import argparse
import json
import os
import re
import sys
from typing import Any

from google.protobuf.json_format import ParseDict

from viva.v1.interviews_pb2 import Interview
from viva.v1.webhooks_pb2 import AtsResult
from viva_client import ConflictError, VivaClient, VivaError

_RECOMMENDATIONS = {"advance": "pass", "review": "manual_review", "": "manual_review"}


def packages(viva: VivaClient) -> list[dict[str, Any]]:
    """Roles that take interviews."""
    return [
        {"package_code": role.name.rpartition("/")[2], "title": role.display_name}
        for role in viva.roles.list(filter='state = "STATE_ACTIVE"', order_by="name")
    ]


def order(viva: VivaClient, asked: dict[str, Any]) -> dict[str, Any]:
    """`{"order_no", "package_code", "applicant": {"ref"}, "consented_at", "informed_at"}` to an interview."""
    # Ids take a-z, 0-9, _ and -.
    interview_id = re.sub(r"[^a-z0-9_-]", "-", f"harbor-{asked['order_no']}".lower())
    interview = Interview(
        candidate=f"tenants/-/candidates/{asked['applicant']['ref']}",
        role_revision=f"tenants/-/roles/{asked['package_code']}",
        consents={"analysis": True, "voice": True},
    )
    interview.consents.consent_time.FromJsonString(asked["consented_at"])
    interview.consents.notice_time.FromJsonString(asked["informed_at"])
    try:
        made = viva.interviews.create(interview, interview_id=interview_id)
    except ConflictError:
        made = viva.interviews.get(f"tenants/-/interviews/{interview_id}")
    questions = [{"id": question.question_id, "text": question.text} for question in made.questions]
    return {"order_no": asked["order_no"], "external_ref": made.name, "questions": questions}


def result(event: dict[str, Any]) -> dict[str, Any]:
    """The data of a `viva.report.created` event, verified as in 04_webhook_receiver.py, to Harbor's result."""
    found = ParseDict(event["data"], AtsResult(), ignore_unknown_fields=True)
    return {
        "external_ref": found.order_id,
        "package_code": found.package_id.rpartition("/")[2],
        "applicant": {"ref": found.candidate_id.rpartition("/")[2]},
        # Where nothing could be scored the field is absent; no score is not a score of zero.
        "total": round(10 * found.score, 1) if found.HasField("score") else None,
        "sections": [
            {"title": item.name, "points": round(10 * item.score, 1) if item.HasField("score") else None}
            for item in found.competency_scores
        ],
        "advice": _RECOMMENDATIONS[found.recommendation],
        "document_ref": found.result_id,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["packages", "order", "result"])
    parser.add_argument("--address", default=os.environ.get("VIVA_ADDRESS", "localhost:18500"))
    parser.add_argument("--api-key", default=os.environ.get("VIVA_API_KEY"))
    args = parser.parse_args()
    with VivaClient(args.address, api_key=args.api_key) as viva:
        try:
            if args.command == "packages":
                answer: Any = packages(viva)
            else:
                asked = json.load(sys.stdin)
                answer = order(viva, asked) if args.command == "order" else result(asked)
        except VivaError as error:
            print(error, *error.fields, sep="\n", file=sys.stderr)
            return 1
    print(json.dumps(answer, indent=2, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
