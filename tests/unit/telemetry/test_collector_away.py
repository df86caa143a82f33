"""A collector that is away, or does not answer: nothing waits for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from serving.adapters.telemetry import TelemetryConfig, otlp
from serving.adapters.telemetry.otlp import OtlpTelemetry
from serving.pipeline import tracing
from serving.pipeline.tracer import Kind


@pytest.fixture(autouse=True)
def nothing_goes_on(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The library goes on trying in threads that draw random pauses, which Hypothesis takes for a test's own."""
    monkeypatch.setattr(otlp, "_SEND_S", 0.2)
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        thread.join(60)
        assert not thread.is_alive()


class Deaf(ThreadingHTTPServer):
    """Takes requests and answers none before it is told to."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Silent)
        self.asked, self.let_go = threading.Event(), threading.Event()


class _Silent(BaseHTTPRequestHandler):
    server: Deaf

    def do_POST(self) -> None:
        self.server.asked.set()
        self.server.let_go.wait()
        self.send_error(503)

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_more_spans_than_fit_are_dropped_and_the_end_does_not_wait(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    deaf = Deaf()
    serving = threading.Thread(target=deaf.serve_forever, daemon=True)
    serving.start()
    telemetry = OtlpTelemetry(TelemetryConfig(f"http://127.0.0.1:{deaf.server_port}", sample_ratio=1.0), "test")
    for _ in range(10_000):
        with tracing.entered(telemetry.tracer, "call", Kind.SERVER, None, {}):
            pass
    assert deaf.asked.wait(30)
    telemetry.close()
    assert not deaf.let_go.is_set()  # it has answered nothing, and we are here
    deaf.let_go.set()
    deaf.shutdown()
    deaf.server_close()
    serving.join()


def test_an_address_that_nobody_listens_at_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    telemetry = OtlpTelemetry(TelemetryConfig("http://127.0.0.1:1", sample_ratio=1.0), "test")
    with tracing.entered(telemetry.tracer, "call", Kind.SERVER, None, {}) as span:
        assert span.recording
    telemetry.close()
