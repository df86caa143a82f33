"""Receive events: python 04_webhook_receiver.py --register https://hooks.example.com/viva prints a signing secret once;
VIVA_WEBHOOK_SECRET=whsec_... python 04_webhook_receiver.py [--port 8080] receives behind your TLS proxy."""

import argparse
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from viva.v1.webhooks_pb2 import WebhookEndpoint
from viva_client import VivaClient, WebhookVerificationError, verify_webhook

BODY_BYTES = 1_000_000  # far above any event
SEEN: set[str] = set()  # in earnest: a table with a unique key, written in the transaction that acts on the event


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        size = int(self.headers.get("content-length") or 0)
        if size > BODY_BYTES:
            return self.answer(413)
        body = self.rfile.read(size)  # as it came: the signature is over these bytes
        try:
            event = verify_webhook(os.environ["VIVA_WEBHOOK_SECRET"], dict(self.headers.items()), body)
        except WebhookVerificationError as error:
            print(f"refused: {error}", file=sys.stderr)
            return self.answer(400)
        # An event comes again when its answer was lost, or on ReplayEvents, with the same id.
        if event["id"] not in SEEN:
            SEEN.add(event["id"])
            print(event["type"], event["subject"], event["data"], flush=True)
        # Answer within seconds, and do slow work later: what is not 2xx is sent again.
        return self.answer(204)

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the events are what is printed."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default=os.environ.get("VIVA_ADDRESS", "localhost:18500"))
    parser.add_argument("--api-key", default=os.environ.get("VIVA_API_KEY"))
    parser.add_argument("--register", metavar="URI", help="have events of reports and decisions posted there")
    parser.add_argument("--port", type=int, default=8080, help="0: any free one")
    args = parser.parse_args()
    if args.register:
        types = ["viva.report.created", "viva.decision.created"]
        with VivaClient(args.address, api_key=args.api_key) as viva:
            endpoint = viva.webhooks.create(WebhookEndpoint(uri=args.register, event_types=types))
        print(endpoint.name, endpoint.secret)
        return 0
    with HTTPServer(("127.0.0.1", args.port), Receiver) as server:
        print(f"listening on 127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
