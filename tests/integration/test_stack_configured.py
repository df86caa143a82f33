"""A stack that its operator has set up: media from the premises, storage in another country, a database that goes."""

from __future__ import annotations

import os
import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import grpc
import pytest
import yaml

from tests import media, stack, texts
from tests.employers import Employer, consents, employer
from viva.v1 import answers_pb2, interviews_pb2
from viva_client import RetryPolicy, VivaClient, VivaError
from viva_client.errors import error_from_status

OUTAGE_S = 12.0
INTERVIEWS = 40


@pytest.fixture(scope="module")
def cn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the storage class that China asks for."""
    return tmp_path_factory.mktemp("cn")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, cn: Path) -> Iterator[stack.Stack]:
    """A stack of its own, which may fetch from this host and keep media in China."""
    folder = tmp_path_factory.mktemp("own")
    config = folder / "viva.yaml"
    egress = {"allowed_networks": ["127.0.0.0/8"], "allow_http": True}
    config.write_text(yaml.safe_dump({"egress": egress, "storage": {"classes": {"cn": str(cn)}}}))
    running = stack.start(folder / "data", config)
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """4 s of speech."""
    return media.speech_clip(tmp_path_factory.mktemp("clip") / "a.wav", 4, codec="pcm_s16le").read_bytes()


class Premises(ThreadingHTTPServer):
    """A server of the employer's own that has one file, or has lost it."""

    content: bytes | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str] = []

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Premises

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        content = self.server.content
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def _premises() -> Iterator[Premises]:
    with Premises() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def test_media_is_fetched_from_a_host_of_the_tenant_and_an_answer_that_failed_is_tried_again(
    own: stack.Stack, clip: bytes
) -> None:
    with _premises() as server, employer(own.address, media_hosts=[server.host]) as ours:
        interview = ours.invite(ours.role())
        answer = answers_pb2.Answer(question_id="q1", media_uri=f"http://{server.host}/a.wav?signed=1")
        failed = ours.ended(ours.client.answers.submit(answer, parent=interview.name))
        assert failed.state == answers_pb2.Answer.STATE_FAILED
        assert error_from_status(failed.error).reason == "MEDIA_FETCH_FAILED"
        server.content = clip
        scored = ours.ended(ours.client.answers.retry(name=failed.name))
        assert scored.state == answers_pb2.Answer.STATE_SCORED
        assert not scored.HasField("error")
        assert scored.assessment.transcript.text.startswith("It was the best of times")
        assert server.asked == ["/a.wav?signed=1"] * 2
        assert not any((own.data_dir / "spool").iterdir())


def test_media_of_an_interview_in_china_is_in_the_storage_of_china_only(
    own: stack.Stack, clip: bytes, cn: Path
) -> None:
    with employer(own.address) as ours:
        given = consents("analysis", "voice", "face", notice=True)
        interview = ours.invite(ours.role(), jurisdictions=["CN"], consents=given)
        answer = ours.ended(ours.send(interview, "q1", clip))
        assert answer.state == answers_pb2.Answer.STATE_SCORED
        assert len(list(cn.rglob(answer.media_sha256))) == 1
        assert list((own.data_dir / "objects").rglob(answer.media_sha256)) == []
        receipt = ours.client.operations.wait(ours.client.candidates.erase(name=interview.candidate))
        assert receipt.media_count == 1
        assert list(cn.rglob(answer.media_sha256)) == []


def test_while_the_database_is_away_calls_are_refused_and_what_was_accepted_is_scored_once(own: stack.Stack) -> None:
    with employer(own.address) as ours:
        role = ours.role()
        interviews = [ours.invite(role) for _ in range(INTERVIEWS)]
        refused: list[VivaError] = []
        over = threading.Event()
        killer = threading.Thread(target=_kill_the_database, args=(own, over))
        with ThreadPoolExecutor(4) as pool:
            killer.start()
            submitted = [pool.submit(_submit, ours, one, own.address, refused, over) for one in interviews]
            names = [name for one in submitted for name in one.result()]
        killer.join()
        assert len(set(names)) == 2 * INTERVIEWS
        assert refused, "the database was never away"
        for error in refused:
            assert (error.code, error.reason) == (grpc.StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE"), error
            assert error.retry_after_s
        for name in names:
            answer = ours.ended(answers_pb2.Answer(name=name))
            assert answer.state == answers_pb2.Answer.STATE_SCORED, answer.error
        usage = Counter(record.answer for record in ours.client.tenants.list_usage_records(page_size=1000))
        assert usage == Counter(names)
        for interview in interviews:
            found = ours.client.interviews.get(interview.name)
            assert found.state == interviews_pb2.Interview.STATE_COMPLETED
            assert [one.name for one in ours.client.reports.list(parent=interview.name)] == [found.report]
    assert own.process.poll() is None


def _submit(
    ours: Employer, interview: interviews_pb2.Interview, address: str, refused: list[VivaError], over: threading.Event
) -> list[str]:
    """Hand both answers over, asking again with the same request id; their names."""
    names = []
    with VivaClient(address, api_key=ours.key, retry=RetryPolicy(max_attempts=1), timeout_s=30.0) as bare:
        for asked in ("q1", "q2"):
            request_id, answer = str(uuid.uuid4()), answers_pb2.Answer(question_id=asked, text=texts.LEADER)
            while True:
                try:
                    names.append(bare.answers.submit(answer, parent=interview.name, request_id=request_id).name)
                    break
                except VivaError as error:
                    refused.append(error)
                    over.wait(0.2)
    return names


def _kill_the_database(own: stack.Stack, over: threading.Event) -> None:
    """Kill its main process, which takes the others with it, as often as it is started again."""
    end = time.monotonic() + OUTAGE_S
    try:
        while time.monotonic() < end:
            for pid, command in stack.descendants(own.process.pid).items():
                if "bin/postgres -D" in command:
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.3)
    finally:
        over.set()
