"""The `viva` command against a real gRPC server: what it prints, where, and how it exits."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import grpc
import pytest
from click.testing import CliRunner, Result
from scoring_double import TOO_LONG, Fault, Running, running_server

from deployments.cli.main import main

NOWHERE = ["--address", "127.0.0.1:1", "--wait", "0"]


def viva(*args: str | Path, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args], input=stdin)


def viva_process(*args: str | Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "from deployments.cli.main import main; main()", *map(str, args)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def answer(tmp_path: Path) -> Path:
    path = tmp_path / "answer.txt"
    path.write_text("\ufeffI led a team of four.", encoding="utf-8")
    return path


def test_score_prints_a_table_that_a_person_can_read(server: Running, answer: Path) -> None:
    result = viva("score", answer, "--question", "Why?", "--language", "en", "--address", server.address)
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert re.match(r"communication +\d\.\d +0\.5 to 9\.5 +scored", lines[1])
    assert any(re.match(r"leadership +- +insufficient_evidence \(too_little_said\)", line) for line in lines)
    for part in ("overall", "missing S R", "I led a team of four.", "- Say what came of it.", "face skipped"):
        assert part in result.stdout
    assert "no_video_track: There was no picture." in result.stdout
    assert "language ran" not in result.stdout
    assert server.double.seen[0].request.text == "I led a team of four."


def test_score_json_is_the_assessment_and_nothing_else(server: Running, answer: Path, tmp_path: Path) -> None:
    page = tmp_path / "pages" / "out.html"
    result = viva("score", answer, "--competency", "teamwork", "--json", "--report", page, "--address", server.address)
    assert result.exit_code == 0, result.stderr
    printed = json.loads(result.stdout)
    assert printed["competencies"][0]["name"] == "teamwork"
    assert printed["competencies"][0]["contributions"][0]["points"] == printed["overall"]["score"]
    assert printed["flags"] == []
    assert printed["star"]["complete"] is False
    assert "coherence" not in printed
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert list(page.parent.iterdir()) == [page]
    assert str(page) in result.stderr.replace("\n", "")


def test_score_reads_standard_input_as_text(server: Running) -> None:
    result = viva("score", "-", "--json", "--address", server.address, stdin="我带了一个团队。")
    assert result.exit_code == 0, result.stderr
    assert "我带了一个团队。" in result.stdout


@pytest.mark.parametrize(
    ("name", "flags", "kind"),
    [("a.mp4", (), 0), ("a.wav", (), 0), ("a.mp4", ("--audio",), 1), ("a.txt", ("--video",), 2)],
)
def test_score_sends_other_files_as_media(
    server: Running, tmp_path: Path, name: str, flags: tuple[str, ...], kind: int
) -> None:
    path = tmp_path / name
    path.write_bytes(b"\x00\x01")
    result = viva("score", path, *flags, "--deny", "face", "--allow", "expression", "--address", server.address)
    assert result.exit_code == 0, result.stderr
    request = server.double.seen[0].request
    assert request.media.kind == kind
    assert request.config.modality_policy.face == 2
    assert request.config.modality_policy.expression == 1


def test_an_error_of_the_server_is_one_line_and_exit_code_1(server: Running, answer: Path) -> None:
    server.double.faults.append(TOO_LONG)
    result = viva("score", answer, "--json", "--address", server.address)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == f"error: TEXT_TOO_LONG: {TOO_LONG.message} (text)\n"


def test_an_unreachable_server_is_one_line_that_says_how_to_start_one(answer: Path) -> None:
    for command in (["score", str(answer)], ["status"]):
        result = viva(*command, *NOWHERE)
        assert result.exit_code == 1
        assert result.stderr.count("\n") == 1
        assert "127.0.0.1:1" in result.stderr
        assert "`viva up`" in result.stderr


def test_score_waits_for_a_server_that_is_about_to_be_there(answer: Path) -> None:
    with running_server() as first:
        port = int(first.address.rpartition(":")[2])
    process = viva_process("score", answer, "--address", f"127.0.0.1:{port}", "--wait", "60")
    try:
        time.sleep(1)  # long enough for the first try to be refused; a slower start only makes the test easier
        with running_server(port=port):
            out, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()  # waits and closes its pipes
    assert process.returncode == 0, err
    assert "communication" in out


def test_wrong_usage_is_exit_code_2(server: Running, answer: Path, tmp_path: Path) -> None:
    for args in (
        ["score", tmp_path / "none.txt"],
        ["score", answer, "--deny", "taste"],
        ["score", answer, "--deny", "face", "--allow", "face"],
        ["score", "-", "--audio"],
        ["no-such-command"],
    ):
        result = viva(*args)
        assert result.exit_code == 2, (args, result.output)
    assert server.double.seen == []


def test_text_that_is_not_utf8_is_refused_here(answer: Path) -> None:
    answer.write_bytes(b"caf\xe9")
    result = viva("score", answer, *NOWHERE)
    assert result.exit_code == 1
    assert "not UTF-8" in result.stderr


def test_ctrl_c_ends_with_130_and_no_traceback(server: Running, answer: Path) -> None:
    async def forever(_: str) -> None:
        await asyncio.sleep(3600)

    server.double.before = forever
    process = viva_process("score", answer, "--address", server.address)
    try:
        assert server.double.arrived.wait(60)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()  # waits and closes its pipes
    assert process.returncode == 130
    assert out == ""
    assert err.strip() == "interrupted"
    assert server.double.cancelled.wait(10)


def test_status_says_whether_the_server_is_serving(server: Running) -> None:
    result = viva("status", "--address", server.address)
    assert result.exit_code == 0, result.stderr
    assert server.address in result.stdout
    assert "serving" in result.stdout
    server.set_serving(False)
    result = viva("status", "--address", server.address)
    assert result.exit_code == 1
    assert "NOT SERVING" in result.stdout
    assert "is not serving" in result.stderr


def test_a_server_without_health_checks_can_still_score(answer: Path) -> None:
    with running_server(with_health=False) as server:
        result = viva("score", answer, "--address", server.address)
        assert result.exit_code == 0, result.stderr
        assert viva("status", "--address", server.address).exit_code == 1


def test_report_renders_a_stored_assessment_or_a_line_of_a_batch(server: Running, answer: Path, tmp_path: Path) -> None:
    stored, page = tmp_path / "assessment.json", tmp_path / "page.html"
    printed = viva("score", answer, "--json", "--address", server.address).stdout
    expected = f"{json.loads(printed)['overall']['score']:.3f}"
    for content in (printed, json.dumps({"id": "a", "assessment": json.loads(printed)})):
        stored.write_text(content, encoding="utf-8")
        result = viva("report", stored, "-o", page, "--language", "zh", "--address", server.address)
        assert result.exit_code == 0, result.stderr
        assert expected in page.read_text(encoding="utf-8")
        assert "lang=zh" in page.read_text(encoding="utf-8")
        page.unlink()


@pytest.mark.parametrize("content", ["not json", "[1]", '{"overall": 3}', '"text"'])
def test_report_refuses_what_is_no_assessment(server: Running, tmp_path: Path, content: str) -> None:
    stored = tmp_path / "assessment.json"
    stored.write_text(content)
    result = viva("report", stored, "-o", tmp_path / "page.html", "--address", server.address)
    assert result.exit_code == 1
    assert "holds no assessment" in result.stderr
    assert not (tmp_path / "page.html").exists()


def test_the_address_comes_from_the_environment_too(
    server: Running, answer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIVA_ADDRESS", server.address)
    monkeypatch.setenv("VIVA_API_KEY", "secret")
    assert viva("score", answer).exit_code == 0
    assert server.double.seen[0].metadata["authorization"] == "Bearer secret"


def test_score_imports_nothing_heavy(server: Running, answer: Path) -> None:
    program = (
        "import sys\n"
        "from deployments.cli.main import main\n"
        "main(sys.argv[1:], standalone_mode=False)\n"
        "heavy = {'ray', 'numpy', 'onnxruntime', 'av', 'tritonclient', 'serving', 'onnx'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    for args in (["score", str(answer), "--address", server.address], ["status", "--address", server.address]):
        done = subprocess.run([sys.executable, "-c", program, *args], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_help_loads_no_command_and_each_command_has_an_example() -> None:
    program = (
        "import sys\n"
        "from deployments.cli.main import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "loaded = {name for name in sys.modules if name.startswith('deployments.cli.')}\n"
        "assert loaded == {'deployments.cli.main'}, loaded\n"
        "assert not {'grpc', 'rich'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for command in (["score"], ["batch"], ["status"], ["report"], ["models", "list"], ["models", "build"]):
        result = viva(*command, "--help")
        assert result.exit_code == 0
        assert re.search(r"Examples?:(\n    .*)*\n    .*viva ", result.stdout), command


def test_a_closed_pipe_is_not_a_traceback(server: Running, answer: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-c", "from deployments.cli.main import main; main()", "score", str(answer), "--json"]
    done = subprocess.run(
        [*command, "--address", server.address], stdout=write, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(write)
    assert "Traceback" not in done.stderr


def test_internal_errors_carry_the_request_id(server: Running, answer: Path) -> None:
    server.double.faults.append(Fault(grpc.StatusCode.INTERNAL, "INTERNAL", "internal error"))
    result = viva("score", answer, "--address", server.address)
    assert "the-request" in result.stderr
