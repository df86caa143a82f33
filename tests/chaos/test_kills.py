"""Processes of the stack are killed in the middle of work: calls are retried or fail cleanly, and all comes back."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import media, stack, texts
from viva_client import AnswerOptions, Assessment, RetryPolicy, UnavailableError, VivaClient

BACK_WITHIN_S = 20.0
OPTIONS = AnswerOptions("Tell me about a time you led a team.", "en")


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[stack.Stack]:
    """A stack of its own: other tests must not feel these deaths."""
    running = stack.start(tmp_path_factory.mktemp("victim"))
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()


def _scored(assessment: Assessment) -> Assessment:
    """An assessment without the trace of the call that it was made in."""
    assessment.provenance.ClearField("trace_id")
    return assessment


def _kill(running: stack.Stack, marker: str) -> None:
    pids = [pid for pid, command in stack.descendants(running.process.pid).items() if marker in command]
    assert pids, f"no process of the stack is called {marker}"
    os.kill(pids[0], signal.SIGKILL)


@pytest.mark.parametrize("marker", ["bin/tritonserver", "ServeReplica:viva:Scorer", "ServeReplica:viva:Gateway"])
def test_a_killed_process_costs_no_answer_but_at_most_a_clean_error(
    victim: stack.Stack, tmp_path: Path, marker: str
) -> None:
    clip = media.speech_clip(tmp_path / "a.wav", 20, codec="pcm_s16le")
    with VivaClient(victim.address) as client, ThreadPoolExecutor(1) as pool:
        before = _scored(client.score_media(clip, OPTIONS))
        # Without the client's own retries, to see what the server does.
        with VivaClient(victim.address, retry=RetryPolicy(max_attempts=1)) as bare:
            in_flight = pool.submit(bare.score_media, clip, OPTIONS)
            time.sleep(0.7)
            _kill(victim, marker)
            killed = time.monotonic()
            try:
                assert _scored(in_flight.result()) == before
            except UnavailableError as error:
                assert "Traceback" not in str(error)
        after = _scored(client.score_media(clip, OPTIONS, timeout_s=60))
        assert after == before
        client.score_text(texts.LEADER, OPTIONS)
        assert time.monotonic() - killed < BACK_WITHIN_S + 15  # the answer itself takes some seconds of it


def test_a_dead_model_process_is_found_out_and_replaced(victim: stack.Stack) -> None:
    with VivaClient(victim.address) as client:
        before = _scored(client.score_text(texts.LEADER, OPTIONS))
        for pid, command in stack.descendants(victim.process.pid).items():
            if "triton_python_backend_stub" in command and "sentence_encoder" in command:
                os.kill(pid, signal.SIGKILL)
        assert _scored(client.score_text(texts.LEADER, OPTIONS, timeout_s=60)) == before


def test_ctrl_c_leaves_no_process_no_shared_memory_no_folder_and_no_open_port(victim: stack.Stack) -> None:
    below = stack.descendants(victim.process.pid)
    ray_folders = {command.split("--temp-dir=")[1].split()[0] for command in below.values() if "--temp-dir=" in command}
    owners = {f"viva_{pid}_" for pid in below}
    victim.stop()
    assert victim.process.returncode in (0, 130)
    assert [command for pid, command in below.items() if Path(f"/proc/{pid}").exists()] == []
    assert [path.name for path in Path("/dev/shm").iterdir() if path.name.startswith(tuple(owners))] == []
    assert ray_folders
    assert [folder for folder in ray_folders if Path(folder).exists()] == []
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", victim.port)) != 0


def test_a_killed_parent_takes_the_whole_stack_with_it(tmp_path: Path) -> None:
    running = stack.start(tmp_path / "data")
    below = stack.descendants(running.process.pid)
    os.kill(running.process.pid, signal.SIGKILL)
    running.process.communicate()
    deadline = time.monotonic() + 40
    while any(Path(f"/proc/{pid}").exists() for pid in below) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert [command for pid, command in below.items() if Path(f"/proc/{pid}").exists()] == []
    again = stack.start(tmp_path / "data")
    with VivaClient(again.address) as client:
        assert client.score_text(texts.LEADER, OPTIONS).overall.HasField("score")
    again.stop()
