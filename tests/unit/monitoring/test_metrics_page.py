"""The metrics page: what is on it, and what is kept off it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from wsgiref.util import setup_testing_defaults

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from deployments.compose import readings as of_node
from deployments.config import GatewayConfig, VivaConfig
from serving.adapters.metrics import page, readings
from serving.adapters.postgres.watch import QueueState, QueueWatch
from serving.domain.job import Lane, Rank

_PROCESS = """
from prometheus_client import Counter
from serving.adapters import metrics
metrics.REQUESTS.labels("ScoreAnswer", "OK").inc(3)
metrics.QUEUED.labels("text").set(5)
Counter("ray_something", "Of Ray's dashboard, which has the same variable in its environment.").inc()
"""


def _answer(application: page.Application, path: str) -> tuple[str, str]:
    environ: dict[str, object] = {"PATH_INFO": path}
    setup_testing_defaults(environ)
    told: list[str] = []
    body = b"".join(application(environ, lambda status, headers: told.append(status)))
    return told[0], body.decode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Metrics of two processes that have ended."""
    for _ in range(2):
        environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
        subprocess.run([sys.executable, "-c", _PROCESS], env=environment, check=True)
    return tmp_path


def test_counters_of_all_processes_are_summed_and_those_of_others_left_out(folder: Path) -> None:
    status, text = _answer(page.application(folder, str), "/metrics")
    assert status == "200 OK"
    assert 'viva_requests_total{code="OK",method="ScoreAnswer"} 6.0' in text
    assert "ray_something" not in text


def test_the_dead_are_forgotten_as_waiting_but_not_as_what_they_have_done(folder: Path) -> None:
    assert 'viva_queued_answers{queue="text"} 10.0' in _answer(page.application(folder, str), "/metrics")[1]
    page.forget_dead(folder)
    text = _answer(page.application(folder, str), "/metrics")[1]
    assert "viva_queued_answers" not in text
    assert 'viva_requests_total{code="OK",method="ScoreAnswer"} 6.0' in text


class _Triton(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = self.path == "/metrics"
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.end_headers()
        self.wfile.write(b"nv_inference_count 1\n")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def triton() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Triton) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_model_servers_page_is_passed_on_from_where_it_is_now(tmp_path: Path, triton: str) -> None:
    address = ""
    application = page.application(tmp_path, lambda: address)
    assert _answer(application, page.TRITON_PATH)[0] == "503 Service Unavailable"
    address = triton
    assert _answer(application, page.TRITON_PATH) == ("200 OK", "nv_inference_count 1\n")
    address = "127.0.0.1:1"  # it has ended
    assert _answer(application, page.TRITON_PATH)[0] == "503 Service Unavailable"


def test_the_queue_is_on_the_page_of_the_node_that_looks_at_it_and_on_no_other(tmp_path: Path) -> None:
    watch = QueueWatch("")
    application = page.application(tmp_path, str, of_node.of_queue(watch))
    assert "viva_queue" not in _answer(application, "/metrics")[1]
    bulk = (Lane.MEDIA, Rank.BULK)
    watch.state = QueueState({bulk: 7}, {bulk: 61.5}, {Lane.MEDIA: 2}, {Lane.MEDIA: 0})
    text = _answer(application, "/metrics")[1]
    assert 'viva_queue_waiting_jobs{lane="media",rank="bulk"} 7.0' in text
    assert 'viva_queue_oldest_waiting_age_seconds{lane="media",rank="bulk"} 61.5' in text
    assert 'viva_queue_leased_jobs{lane="media"} 2.0' in text
    watch.state = None
    assert "viva_queue" not in _answer(application, "/metrics")[1]


def test_the_spool_is_measured_by_what_lies_in_it(tmp_path: Path) -> None:
    config = VivaConfig(tmp_path)
    read = of_node.of_spool(config)
    assert read() == {}  # before the stack has made it
    config.spool_dir.mkdir()
    (config.spool_dir / "answer-1").write_bytes(bytes(3000))
    (config.spool_dir / "upload-1").write_bytes(bytes(500))
    values = read()
    assert values[readings.SPOOL_BYTES] == {(): 3500}
    assert 0 < values[readings.SPOOL_FREE_BYTES][()] <= values[readings.SPOOL_SIZE_BYTES][()]


def test_the_end_of_the_certificate_is_told_and_a_missing_one_is_no_fault(tmp_path: Path) -> None:
    end = datetime(2031, 5, 4, 3, 2, 1, tzinfo=UTC)
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, datetime(2026, 1, 1, tzinfo=UTC), end)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    path = tmp_path / "cert.pem"
    config = VivaConfig(tmp_path, gateway=GatewayConfig(tls_cert=path, tls_key=tmp_path / "key.pem"))
    assert of_node.of_certificate(config)() == {}
    path.write_bytes(certificate)
    assert of_node.of_certificate(config)() == {readings.CERTIFICATE_END: {(): end.timestamp()}}
    assert of_node.of_certificate(VivaConfig(tmp_path))() == {}
