"""Upload a recording, submit it and wait for the report: python 03_upload_and_watch.py INTERVIEW QUESTION_ID FILE."""

import argparse
import os
import sys

from viva.v1.answers_pb2 import Answer
from viva_client import VivaClient, VivaError


def show(sent: int, total: int) -> None:
    print(f"\r{100 * sent // total} %", end="\n" if sent == total else "", file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("interview", help="tenants/-/interviews/...")
    parser.add_argument("question_id")
    parser.add_argument("file")
    parser.add_argument("--address", default=os.environ.get("VIVA_ADDRESS", "localhost:18500"))
    parser.add_argument("--api-key", default=os.environ.get("VIVA_API_KEY"))
    args = parser.parse_args()
    with VivaClient(args.address, api_key=args.api_key) as viva:
        try:
            interview = viva.interviews.get(args.interview).name  # `tenants/-` becomes the tenant's own name
            # Begun before the answer is sent, so that its report cannot come too early. After a lost connection both
            # go on where they were: the watch after the last report, the upload after the last byte.
            reports = viva.reports.watch()
            media = viva.answers.within(1800).upload_media(args.file, interview, progress=show)
            viva.answers.submit(Answer(question_id=args.question_id, media_sha256=media.sha256), interview)
            viva.interviews.close(interview)  # no more answers will come
            report = next(report for report in reports if report.name.startswith(f"{interview}/"))
        except VivaError as error:
            print(error, file=sys.stderr)
            return 1
    print(report.name)
    for competency in report.competencies:
        # A competency without enough evidence has no score: the field is absent, not zero.
        score = f"{competency.score:.1f}" if competency.HasField("score") else competency.status
        print(f"  {competency.name}: {score}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
