"""Delete everything of a candidate, and print the receipt: python 08_erase_candidate.py CANDIDATE_ID."""

import argparse
import os
import sys

from google.protobuf.json_format import MessageToJson

from viva_client import FailedPreconditionError, VivaClient, VivaError


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("candidate", help="your id of the candidate")
    parser.add_argument("--address", default=os.environ.get("VIVA_ADDRESS", "localhost:18500"))
    parser.add_argument("--api-key", default=os.environ.get("VIVA_API_KEY"))
    args = parser.parse_args()
    with VivaClient(args.address, api_key=args.api_key) as viva:
        try:
            pending = viva.candidates.erase(f"tenants/-/candidates/{args.candidate}")
            receipt = viva.operations.wait(pending, progress=lambda seen: print(seen.stage, file=sys.stderr))
        except FailedPreconditionError as error:  # LEGAL_HOLD: nothing was deleted
            print(f"not now: {error.message}", file=sys.stderr)
            return 2
        except VivaError as error:
            print(error, file=sys.stderr)
            return 1
    # It holds no data of the candidate, only the hash of the name: keep it as your proof.
    print(MessageToJson(receipt, preserving_proto_field_name=True, always_print_fields_with_no_presence=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
