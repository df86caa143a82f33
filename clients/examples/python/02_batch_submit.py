"""Hand many answers over and print what becomes of each: python 02_batch_submit.py ANSWERS.jsonl.

A line: {"interview": "tenants/-/interviews/i", "question_id": "conflict", "text": "..."}, or with "media_sha256" or
"media_uri" in place of "text".
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from viva.v1.answers_pb2 import Answer, BatchSubmitAnswersMetadata, SubmitAnswerRequest
from viva_client import VivaClient, VivaError, error_from_status

BATCH = 1000  # the contract's limit


def requests(path: Path) -> Iterator[SubmitAnswerRequest]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            fields = json.loads(line)
            yield SubmitAnswerRequest(parent=fields.pop("interview"), answer=Answer(**fields))


def show(metadata: BatchSubmitAnswersMetadata) -> None:
    done = metadata.scored_count + metadata.failed_count
    print(f"{metadata.stage}: {done} of {metadata.accepted_count}", file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("answers", type=Path)
    parser.add_argument("--address", default=os.environ.get("VIVA_ADDRESS", "localhost:18500"))
    parser.add_argument("--api-key", default=os.environ.get("VIVA_API_KEY"))
    args = parser.parse_args()
    failed = 0
    with VivaClient(args.address, api_key=args.api_key) as viva:
        waiting = requests(args.answers)
        while batch := list(islice(waiting, BATCH)):
            try:
                # From here on the server has them: this program may stop, and wait again later by the name.
                pending = viva.answers.batch_submit(requests=batch)
                print(pending.name, file=sys.stderr)
                response = viva.operations.wait(pending, timeout_s=24 * 3600, progress=show)
            except VivaError as error:
                print(error, file=sys.stderr)
                return 1
            for request, result in zip(batch, response.results, strict=True):
                error_text = str(error_from_status(result.status)) if result.status.code else ""
                failed += bool(error_text)
                print(request.parent, request.answer.question_id, error_text or f"scored {result.answer}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
