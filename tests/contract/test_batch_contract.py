"""`viva batch` against a real gRPC server: order, resume, bad lines, bounds, crashes."""

from __future__ import annotations

import asyncio
import fcntl
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from click.testing import CliRunner, Result
from scoring_double import AWAY, BUSY, TOO_LONG, Fault, Running, running_server

from deployments.cli.main import main


class Batch:
    """One IN and OUT in a folder."""

    def __init__(self, folder: Path, server: Running) -> None:
        self.source, self.output = folder / "in.jsonl", folder / "out.jsonl"
        self.server = server

    def write(self, *lines: dict[str, Any] | str) -> None:
        texts = [line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines]
        self.source.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")

    def run(self, *args: str) -> Result:
        return CliRunner().invoke(main, ["batch", *self.args(*args)])

    def args(self, *args: str) -> list[str]:
        return [str(self.source), "-o", str(self.output), "--address", self.server.address, *args]

    def start(self, *args: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", "from deployments.cli.main import main; main()", "batch", *self.args(*args)]
        return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    def results(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.output.read_bytes().splitlines()]


@pytest.fixture
def batch(tmp_path: Path, server: Running) -> Batch:
    return Batch(tmp_path, server)


def answer(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"a{number}",
        "language": "en",
        "question": "Why us?",
        "competencies": ["teamwork"],
        "text": f"answer {number}",
        **fields,
    }


def on_text(server: Running, act: Callable[[str], Any]) -> None:
    """Run `act` before each text is scored; what it returns is awaited, or given as a fault."""

    async def before(text: str) -> Fault | None:
        made: Any = act(text)
        fault: Fault | None = await made if asyncio.iscoroutine(made) else made
        return fault

    server.double.before = before


def test_results_stand_in_input_order_whatever_order_they_finish_in(batch: Batch) -> None:
    batch.write(*[answer(number) for number in range(40)])
    # Every seventh takes far longer than its neighbours.
    on_text(batch.server, lambda text: asyncio.sleep(0.1 if int(text.split()[1]) % 7 == 0 else 0))
    result = batch.run("--concurrency", "5")
    assert result.exit_code == 0, result.stderr
    results = batch.results()
    assert [line["id"] for line in results] == [f"a{number}" for number in range(40)]
    assert [line["assessment"]["transcript"]["text"] for line in results] == [f"answer {n}" for n in range(40)]
    assert result.stdout == ""
    assert "40 lines, 0 errors" in result.stderr


def test_a_second_run_gives_the_same_bytes_at_any_concurrency(batch: Batch) -> None:
    batch.write(*[answer(number) for number in range(30)])
    batch.run("--concurrency", "1")
    first = batch.output.read_bytes()
    batch.output.unlink()
    batch.run("--concurrency", "16")
    assert batch.output.read_bytes() == first


def test_no_more_answers_are_in_flight_than_asked_for(batch: Batch) -> None:
    batch.write(*[answer(number) for number in range(30)])
    on_text(batch.server, lambda _: asyncio.sleep(0.02))
    assert batch.run("--concurrency", "3").exit_code == 0
    assert batch.server.double.peak == 3


def test_a_bad_line_gives_an_error_line_and_never_stops_the_rest(batch: Batch, tmp_path: Path) -> None:
    (tmp_path / "empty.wav").write_bytes(b"")
    bad: list[tuple[dict[str, Any] | str, str, str | int | None]] = [
        ('{"id": "torn", "text": ', "FIELD_INVALID", None),
        ("[1, 2]", "FIELD_INVALID", None),
        ({"text": "no id"}, "FIELD_REQUIRED", None),
        ({"id": True, "text": "x"}, "FIELD_INVALID", None),
        ({"id": 7.5, "text": "x"}, "FIELD_INVALID", None),
        ({"id": "none"}, "CONTENT_REQUIRED", "none"),
        ({"id": "two", "text": "x", "audio": "empty.wav"}, "CONTENT_REQUIRED", "two"),
        ({"id": "gone", "video": "no/such.mp4"}, "NOT_FOUND", "gone"),
        ({"id": "folder", "video": "."}, "NOT_FOUND", "folder"),
        ({"id": "null", "video": "a\u0000b"}, "NOT_FOUND", "null"),
        ({"id": 12, "text": 5}, "FIELD_INVALID", 12),
        ({"id": "list", "text": "x", "competencies": "teamwork"}, "FIELD_INVALID", "list"),
        ('{"id": "half", "text": "\\ud800"}', "FIELD_INVALID", "half"),
        ('{"id": "half2", "text": "x", "question": "\\ud800"}', "FIELD_INVALID", "half2"),
        ({"id": "a0", "text": "again"}, "FIELD_INVALID", "a0"),
        ("[" * 100_000, "FIELD_INVALID", None),
    ]
    batch.write(answer(0), *[line for line, _, _ in bad], "", answer(1))
    with batch.source.open("ab") as file:
        file.write(b'{"id": "bytes", "text": "\xff"}\n')
    result = batch.run()
    assert result.exit_code == 1, result.stderr
    results = batch.results()
    assert "assessment" in results[0]
    assert results[-2]["id"] == "a1"
    assert "assessment" in results[-2]
    assert results[-1]["error"]["reason"] == "FIELD_INVALID"
    for number, (found, (_, reason, answer_id)) in enumerate(zip(results[1:-2], bad, strict=True), start=2):
        assert found["id"] == answer_id
        assert found["error"]["reason"] == reason, found
        assert found["error"]["code"] in ("INVALID_ARGUMENT", "NOT_FOUND")
        if not str(answer_id).startswith("half"):
            assert found["error"]["message"].startswith(f"line {number}: "), found
    assert "line 2" in results[15]["error"]["message"] or "line 1" in results[15]["error"]["message"]
    assert {seen.request.text for seen in batch.server.double.seen} == {"answer 0", "answer 1"}


def test_an_answer_that_the_server_refuses_is_an_error_line(batch: Batch) -> None:
    batch.write(answer(0), answer(1), answer(2))
    on_text(batch.server, lambda text: TOO_LONG if text == "answer 1" else None)
    assert batch.run().exit_code == 1
    assert batch.results()[1] == {
        "id": "a1",
        "error": {"code": "INVALID_ARGUMENT", "reason": "TEXT_TOO_LONG", "message": TOO_LONG.message},
    }


def test_what_passes_is_retried_and_leaves_no_trace(batch: Batch) -> None:
    batch.server.double.faults.extend([BUSY, AWAY, BUSY])
    batch.write(*[answer(number) for number in range(5)])
    assert batch.run("--concurrency", "2").exit_code == 0
    assert len(batch.server.double.seen) == 8


def test_media_is_found_beside_the_input_file_and_then_from_the_working_directory(
    batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "cwd"
    (tmp_path / "media").mkdir()
    (elsewhere / "media").mkdir(parents=True)
    (tmp_path / "media" / "a.wav").write_bytes(b"12345")
    (elsewhere / "media" / "a.wav").write_bytes(b"1")
    (elsewhere / "media" / "b.mp4").write_bytes(b"12")
    monkeypatch.chdir(elsewhere)
    batch.write({"id": 1, "audio": "media/a.wav"}, {"id": 2, "video": "media/b.mp4"})
    assert batch.run("--concurrency", "1", "--deny", "face").exit_code == 0
    first, second = batch.server.double.seen
    assert (len(first.request.media.data), first.request.media.kind) == (5, 1)
    assert (len(second.request.media.data), second.request.media.kind) == (2, 2)
    assert first.request.config.modality_policy.face == 2
    assert [line["id"] for line in batch.results()] == [1, 2]


def test_a_run_goes_on_behind_what_is_there_and_drops_a_torn_last_line(batch: Batch) -> None:
    batch.write(*[answer(number) for number in range(6)])
    batch.run()
    whole = batch.output.read_bytes()
    lines = whole.splitlines(keepends=True)
    for torn in (b'{"id":"a3","asse', lines[3][:-1], b"\x00\x00\x00\n", b'{"id":\n'):
        batch.output.write_bytes(b"".join(lines[:3]) + torn)
        batch.server.double.seen.clear()
        result = batch.run()
        assert result.exit_code == 0, result.stderr
        assert batch.output.read_bytes() == whole
        assert sorted(seen.request.text for seen in batch.server.double.seen) == ["answer 3", "answer 4", "answer 5"]
        assert "3 of 6 were there already" in result.stderr


def test_a_finished_run_asks_the_server_for_nothing(batch: Batch) -> None:
    batch.write(answer(0), "{bad", answer(1))
    assert batch.run().exit_code == 1
    batch.server.double.seen.clear()
    assert batch.run().exit_code == 1
    assert batch.server.double.seen == []


def test_a_changed_input_is_refused_and_out_is_left_alone(batch: Batch) -> None:
    batch.write(*[answer(number) for number in range(3)])
    batch.run()
    before = batch.output.read_bytes()
    for changed in ([answer(0), answer(9), answer(2)], [answer(0)]):
        batch.write(*changed)
        result = batch.run()
        assert result.exit_code == 2
        assert "input has changed" in result.stderr
        assert batch.output.read_bytes() == before


def test_a_file_that_is_no_result_file_is_not_written_over(batch: Batch) -> None:
    batch.write(answer(0))
    batch.output.write_text("dear diary\nsecond line\n")
    result = batch.run()
    assert result.exit_code == 2
    assert "line 1" in result.stderr
    assert batch.output.read_text() == "dear diary\nsecond line\n"


def test_retry_errors_scores_only_the_errors_again(batch: Batch) -> None:
    batch.write(answer(0), answer(1), '{"id": "a2", "text": ', answer(3))
    on_text(batch.server, lambda text: TOO_LONG if text == "answer 1" else None)
    assert batch.run().exit_code == 1
    batch.write(answer(0), answer(1), answer(2), answer(3), answer(4))
    batch.server.double.before = None
    batch.server.double.seen.clear()
    result = batch.run("--retry-errors")
    assert result.exit_code == 0, result.stderr
    assert [line["id"] for line in batch.results()] == ["a0", "a1", "a2", "a3", "a4"]
    assert all("assessment" in line for line in batch.results())
    assert sorted(seen.request.text for seen in batch.server.double.seen) == ["answer 1", "answer 2", "answer 4"]
    assert sorted(path.name for path in batch.output.parent.iterdir()) == ["in.jsonl", "out.jsonl"]


def test_two_runs_do_not_write_to_one_file(batch: Batch) -> None:
    batch.write(answer(0))
    with batch.output.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        result = batch.run()
    assert result.exit_code == 2
    assert "another run" in result.stderr


def test_in_and_out_must_differ(batch: Batch) -> None:
    batch.write(answer(0))
    batch.output = batch.source
    assert batch.run().exit_code == 2
    assert json.loads(batch.source.read_text())["id"] == "a0"


def test_an_unreachable_server_is_exit_code_2_and_writes_nothing(batch: Batch) -> None:
    batch.write(answer(0))
    result = batch.run("--address", "127.0.0.1:1", "--wait", "0")
    assert result.exit_code == 2
    assert "`viva up`" in result.stderr
    assert not batch.output.exists()


def test_a_server_that_goes_away_ends_the_run_without_error_lines(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deployments.cli.batch._ATTEMPTS", 2)
    batch.write(*[answer(number) for number in range(20)])

    def act(text: str) -> Fault | None:
        return None if int(text.split()[1]) < 10 else Fault(grpc.StatusCode.UNAVAILABLE, rich=False)

    on_text(batch.server, act)
    result = batch.run("--concurrency", "2")
    assert result.exit_code == 2
    assert "10 of 20; the same command goes on" in result.stderr
    assert [line["id"] for line in batch.results()] == [f"a{number}" for number in range(10)]
    batch.server.double.before = None
    assert batch.run().exit_code == 0
    assert len(batch.results()) == 20


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_run_is_taken_up_where_it_ended(batch: Batch, kill: signal.Signals) -> None:
    batch.write(*[answer(number) for number in range(60)])
    batch.run()
    whole = batch.output.read_bytes()
    batch.output.unlink()
    on_text(batch.server, lambda _: asyncio.sleep(0.02))
    process = batch.start("--concurrency", "2")
    try:
        deadline = time.monotonic() + 60
        while not (batch.output.exists() and batch.output.read_bytes().count(b"\n") >= 5):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(kill)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()  # waits and closes its pipes
    kept = batch.output.read_bytes()
    assert 5 <= kept.count(b"\n") < 60
    assert whole.startswith(kept)
    if kill is signal.SIGINT:
        assert process.returncode == 130
        assert "Traceback" not in err
        assert "the same command goes on" in err
    batch.server.double.before = None
    batch.server.double.seen.clear()
    assert batch.run().exit_code == 0
    assert batch.output.read_bytes() == whole
    assert len(batch.server.double.seen) == 60 - kept.count(b"\n")


def test_a_server_that_restarts_during_a_run_costs_no_line(batch: Batch, tmp_path: Path) -> None:
    batch.write(*[answer(number) for number in range(40)])
    with running_server() as first:
        port = int(first.address.rpartition(":")[2])
        batch.server = first
        on_text(first, lambda _: asyncio.sleep(0.02))
        process = batch.start("--concurrency", "4")
        try:
            assert first.double.arrived.wait(60)
        except BaseException:
            process.kill()
            process.communicate()  # waits and closes its pipes
            raise
    try:
        with running_server(port=port):
            _, err = process.communicate(timeout=120)
    finally:
        process.kill()
        process.communicate()  # waits and closes its pipes
    assert process.returncode == 0, err
    assert all("assessment" in line for line in batch.results())
    assert len(batch.results()) == 40
