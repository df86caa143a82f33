"""The employer's side of the demo: a web server on loopback that takes signed events."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from viva_client import WebhookVerificationError, verify_webhook

_WAIT_S = 30.0


class Receiver:
    """Events as they arrive, each with its signature verified.

    Attributes:
        secret: of the endpoint, known once it is registered.
        events: verified CloudEvents, oldest first.
    """

    def __init__(self) -> None:
        self.secret = ""
        self.events: list[dict[str, Any]] = []
        self._came = threading.Condition()

    def take(self, headers: dict[str, str], body: bytes) -> int:
        """Status of the answer to a request."""
        try:
            event = verify_webhook(self.secret, headers, body)
        except WebhookVerificationError:
            return 400
        with self._came:
            if all(event["id"] != known["id"] for known in self.events):
                self.events.append(event)
            self._came.notify_all()
        return 204

    def wait_for(self, event_type: str) -> dict[str, Any]:
        """The first event of a type. Raises TimeoutError."""

        def found() -> dict[str, Any] | None:
            return next((event for event in self.events if event["type"] == event_type), None)

        with self._came:
            event = self._came.wait_for(found, timeout=_WAIT_S)
        if event is None:
            raise TimeoutError(f"no {event_type} came within {_WAIT_S:g} s")
        return event


@contextmanager
def receiving() -> Iterator[tuple[Receiver, str]]:
    """A receiver and its address, for the length of the block."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            self.send_response(receiver.take(dict(self.headers), body))
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver, f"http://127.0.0.1:{server.server_port}/viva"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
