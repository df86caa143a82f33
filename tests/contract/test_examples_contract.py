"""The examples that a vendor copies run as their READMEs say."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from resources_double import Resources
from scoring_double import AWAY, BUSY, TOO_LONG, Fault, Running

EXAMPLES = Path(__file__).parents[2] / "clients" / "examples"
TYPESCRIPT = EXAMPLES / "typescript"


def python(script: str, *args: str | Path, address: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(EXAMPLES / "python" / script), *map(str, args)]
    env = {**os.environ, "VIVA_ADDRESS": address}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=120)


def test_the_python_text_example_scores_and_explains_errors(server: Running) -> None:
    done = python("score_text.py", address=server.address)
    assert done.returncode == 0, done.stderr
    assert "communication: " in done.stdout
    assert "leadership: too_little_said" in done.stdout
    server.double.faults.append(TOO_LONG)
    done = python("score_text.py", "x", address=server.address)
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == f"INVALID_ARGUMENT TEXT_TOO_LONG: {TOO_LONG.message}"


def test_the_python_media_example_writes_a_page_beside_each_file(server: Running, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"1")
    (tmp_path / "b.mp4").write_bytes(b"2" * 1_500_000)
    done = python("score_media.py", tmp_path / "a.wav", tmp_path / "b.mp4", address=server.address)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.html").read_text().startswith("<!doctype html>")
    assert (tmp_path / "b.html").exists()
    server.double.faults.append(Fault(grpc.StatusCode.INVALID_ARGUMENT, "MEDIA_UNREADABLE", "nothing decodes"))
    done = python("score_media.py", tmp_path / "a.wav", address=server.address)
    assert done.returncode == 1
    assert "MEDIA_UNREADABLE: nothing decodes" in done.stderr


@pytest.fixture(scope="module")
def npm_packages() -> None:
    """The example's packages, from its lock file."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("needs node and npm")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    if tuple(int(part) for part in version.lstrip("v").split(".")[:2]) < (20, 11):
        pytest.skip(f"needs node 20.11 or newer, found {version.strip()}")
    # npm writes this file last: packages that are newer than the lock need no visit to the registry.
    installed = TYPESCRIPT / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= (TYPESCRIPT / "package-lock.json").stat().st_mtime:
        return
    done = subprocess.run(
        ["npm", "ci", "--no-fund", "--no-audit"], cwd=TYPESCRIPT, capture_output=True, text=True, check=False
    )
    if done.returncode and any(word in done.stderr for word in ("ENOTFOUND", "ECONNREFUSED", "ETIMEDOUT", "EAI_AGAIN")):
        pytest.skip("the npm registry cannot be reached")
    assert done.returncode == 0, done.stderr


def typescript(address: str, *args: str) -> subprocess.CompletedProcess[str]:
    command = ["npm", "run", "--silent", *(args or ("score", "--", address, "Why us?", "en", "I led a team."))]
    return subprocess.run(command, cwd=TYPESCRIPT, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.usefixtures("npm_packages")
def test_the_typescript_example_scores_and_retries_where_the_server_asks(server: Running) -> None:
    server.double.faults.append(BUSY)
    done = typescript(server.address)
    assert done.returncode == 0, done.stderr
    assert "leadership insufficient_evidence (too_little_said)" in done.stdout
    assert "- Say what came of it." in done.stdout
    first, second = server.double.seen
    assert first.request == second.request
    assert first.request.text == "I led a team."
    assert list(first.request.config.competencies) == ["communication", "teamwork"]


@pytest.mark.usefixtures("npm_packages")
def test_the_typescript_example_decodes_the_details_of_an_error(server: Running) -> None:
    server.double.faults.append(TOO_LONG)
    done = typescript(server.address)
    assert done.returncode == 1
    assert done.stderr.strip() == f"error: TEXT_TOO_LONG: {TOO_LONG.message} text: {TOO_LONG.message}"
    done = typescript("127.0.0.1:1")
    assert done.stderr.startswith("error: UNAVAILABLE: ")


@pytest.mark.usefixtures("npm_packages")
def test_the_typescript_example_makes_a_role_and_an_interview(resources: Resources) -> None:
    resources.double.faults["CreateRole"].append(AWAY)
    done = typescript(resources.address, "interviews", "--", resources.address, "clerk", "c-7")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["tenants/acme/interviews/2", "  conflict: Tell me about a conflict."]
    first, second = resources.double.of("CreateRole")
    assert first.request == second.request
    assert first.request.role_id == "clerk"
    assert first.request.role.content.questions[0].question_id == "conflict"
    (invited,) = resources.double.of("CreateInterview")
    assert invited.request.interview.role_revision == "tenants/acme/roles/clerk"
    assert invited.request.interview.consents.notice_time.seconds > 0
    exists = Fault(grpc.StatusCode.ALREADY_EXISTS, "ALREADY_EXISTS", "it exists")
    resources.double.faults["CreateRole"].append(exists)
    resources.double.faults["GetRole"].append(Fault(grpc.StatusCode.NOT_FOUND, "NOT_FOUND", "nothing there"))
    done = typescript(resources.address, "interviews", "--", resources.address)
    assert done.returncode == 1
    assert done.stderr.strip() == "error: NOT_FOUND: nothing there"


@pytest.mark.usefixtures("npm_packages")
def test_the_typescript_example_type_checks() -> None:
    done = subprocess.run(
        ["npm", "run", "--silent", "check"], cwd=TYPESCRIPT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
