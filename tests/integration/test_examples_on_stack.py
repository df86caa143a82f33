"""The client's examples and the command's lines run as they are written, against a running stack."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from tests import estate, media, texts
from tests.stack import VIVA, Stack
from viva.v1 import tenants_pb2 as tenants
from viva.v1 import webhooks_pb2 as webhooks
from viva_client import VivaClient

EXAMPLES: Final = Path(__file__).parents[2] / "clients" / "examples"
RUN_S: Final = 120.0


@pytest.fixture(scope="module")
def environment(stack: Stack) -> dict[str, str]:
    """What the examples' README asks for, with the key of a tenant that is new."""
    tenant_id = f"examples-{uuid.uuid4().hex[:12]}"
    with VivaClient(stack.address) as operator:
        tenant = operator.tenants.create(tenants.Tenant(display_name="Examples"), tenant_id=tenant_id).name
        key = operator.tenants.create_api_key(tenants.ApiKey(scopes=estate.TENANT_SCOPES), parent=tenant).key
    return {**os.environ, "VIVA_ADDRESS": stack.address, "VIVA_API_KEY": key, "NO_COLOR": "1", "COLUMNS": "200"}


@pytest.fixture
def viva(environment: dict[str, str]) -> Iterator[VivaClient]:
    with VivaClient(environment["VIVA_ADDRESS"], api_key=environment["VIVA_API_KEY"]) as client:
        yield client


def run(environment: dict[str, str], *command: str | Path, given: str = "") -> str:
    """What a command prints; it must succeed."""
    done = subprocess.run(
        [*map(str, command)], env=environment, input=given, capture_output=True, text=True, check=False, timeout=RUN_S
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def example(environment: dict[str, str], script: str, *args: str | Path, given: str = "") -> str:
    """What an example prints."""
    return run(environment, sys.executable, EXAMPLES / "python" / script, *args, given=given)


def invited(environment: dict[str, str], candidate: str) -> str:
    """The interview that the first example makes."""
    return example(environment, "01_role_and_interview.py", "--candidate", candidate).splitlines()[0]


def completed(environment: dict[str, str], viva: VivaClient, candidate: str, folder: Path) -> str:
    """An interview whose answers were handed over as the second example does, with its report."""
    interview = invited(environment, candidate)
    lines = [{"interview": interview, "question_id": one, "text": texts.LEADER} for one in ("conflict", "problem")]
    answers = folder / "answers.jsonl"
    answers.write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")
    printed = example(environment, "02_batch_submit.py", answers)
    assert printed.splitlines() == [
        f"{interview} {one} scored {interview}/answers/{one}" for one in ("conflict", "problem")
    ]
    assert viva.reports.get(f"{interview}/reports/latest").overall.HasField("score")
    return interview


def test_every_example_is_run_here() -> None:
    own = Path(__file__).read_text(encoding="utf-8")
    assert [one.name for one in (EXAMPLES / "python").glob("*.py") if f'"{one.name}"' not in own] == []


def test_text_and_recordings_are_scored_without_being_stored(environment: dict[str, str], tmp_path: Path) -> None:
    assert "teamwork:" in example(environment, "score_text.py")
    clip = media.speech_clip(tmp_path / "clip.wav", 12, codec="pcm_s16le")
    assert str(clip) in example(environment, "score_media.py", clip)
    assert clip.with_suffix(".html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_role_is_made_once_and_two_candidates_are_invited(environment: dict[str, str], viva: VivaClient) -> None:
    first, second = (invited(environment, one) for one in ("c-1", "c-2"))
    assert first != second
    roles = [viva.interviews.get(one).role_revision for one in (first, second)]
    assert roles[0] == roles[1]
    assert roles[0].endswith("/roles/trainee/revisions/1")


def test_a_recording_is_uploaded_and_its_report_is_awaited(environment: dict[str, str], tmp_path: Path) -> None:
    interview = invited(environment, "c-3")
    clip = media.speech_clip(tmp_path / "clip.wav", 12, codec="pcm_s16le")
    printed = example(environment, "03_upload_and_watch.py", interview, "conflict", clip).splitlines()
    assert printed[0] == f"{interview}/reports/1"
    assert [line.split(":")[0].strip() for line in printed[1:]] == ["teamwork", "problem_solving"]


def test_an_endpoint_is_registered_and_an_event_that_it_signs_is_received(
    environment: dict[str, str], viva: VivaClient
) -> None:
    # Nothing happens before it is switched off again, so that nothing is sent there.
    printed = example(environment, "04_webhook_receiver.py", "--register", "https://8.8.8.8/viva")
    name, secret = printed.split()
    viva.webhooks.update(webhooks.WebhookEndpoint(name=name, disabled=True), {"paths": ["disabled"]})
    script = EXAMPLES / "python" / "04_webhook_receiver.py"
    receiver = subprocess.Popen(
        [sys.executable, str(script), "--port", "0"],
        env={**environment, "VIVA_WEBHOOK_SECRET": secret},
        stdout=subprocess.PIPE,
        text=True,
    )
    with receiver:
        try:
            assert receiver.stdout is not None
            address = receiver.stdout.readline().split()[-1]
            event = {"id": str(uuid.uuid4()), "type": "viva.report.created", "subject": "s", "data": {"score": 7.5}}
            assert _post(f"http://{address}/", secret, event) == 204
            assert receiver.stdout.readline() == "viva.report.created s {'score': 7.5}\n"
        finally:
            receiver.terminate()


def test_a_rule_is_tried_stored_and_applied(environment: dict[str, str], viva: VivaClient, tmp_path: Path) -> None:
    report = f"{completed(environment, viva, 'c-5', tmp_path)}/reports/latest"
    for _ in range(2):  # again, it changes the rule that is there
        printed = example(environment, "05_screening_rule.py")
        assert printed.startswith("review: the rule is false\n")
        assert printed.splitlines()[-1].endswith("/screeningRules/strong-and-cleared")
    report = viva.reports.get(report).name
    applied = example(environment, "05_screening_rule.py", "--report", report)
    assert "report.overall = " in applied
    assert "background_check.passed is not known" in applied


def test_an_applicant_tracking_system_orders_and_gets_its_result(
    environment: dict[str, str], viva: VivaClient, tmp_path: Path
) -> None:
    interview = completed(environment, viva, "c-6", tmp_path)
    assert json.loads(example(environment, "06_ats_adapter.py", "packages")) == [
        {"package_code": "trainee", "title": "Management trainee"}
    ]
    asked = {
        "order_no": "A 17",
        "package_code": "trainee",
        "applicant": {"ref": "c-17"},
        "consented_at": "2026-11-01T10:00:00Z",
        "informed_at": "2026-11-01T10:00:00Z",
    }
    orders = [example(environment, "06_ats_adapter.py", "order", given=json.dumps(asked)) for _ in range(2)]
    assert orders[0] == orders[1]
    assert json.loads(orders[0])["external_ref"].endswith("/interviews/harbor-a-17")
    event = {"data": {"orderId": interview, "packageId": "tenants/t/roles/trainee", "candidateId": "c-6", "score": 7.5}}
    result = json.loads(example(environment, "06_ats_adapter.py", "result", given=json.dumps(event)))
    assert (result["external_ref"], result["total"], result["advice"]) == (interview, 75.0, "manual_review")


def test_a_candidate_gets_feedback_contests_and_is_erased(
    environment: dict[str, str], viva: VivaClient, tmp_path: Path
) -> None:
    interview = completed(environment, viva, "c-7", tmp_path)
    printed = example(environment, "07_candidate_feedback.py", interview, "--rating", "5", "--contest", "I said more.")
    link = printed.splitlines()[0].partition(": ")[2]
    with urllib.request.urlopen(link, timeout=RUN_S) as page:
        assert page.status == 200
    assert printed.splitlines()[-1].startswith(f"contested: {interview}/contests/")
    receipt = json.loads(example(environment, "08_erase_candidate.py", "c-7"))
    assert (receipt["interview_count"], receipt["answer_count"]) == (1, 2)


def test_the_commands_lines_take_a_candidate_from_the_role_to_the_report(
    environment: dict[str, str], tmp_path: Path
) -> None:
    role = EXAMPLES / "roles" / "graduate_trainee.yaml"
    for _ in range(2):
        assert "graduate_trainee" in run(environment, VIVA, "roles", "apply", role)
    options = ["--candidate", "c-1042", "--language", "en", "--consent", "analysis", "--consent", "voice"]
    invite = ["interviews", "create", "--role", "graduate_trainee", *options, "--notice-now", "--deadline", "7d"]
    made = json.loads(run(environment, VIVA, *invite, "--json"))
    interview = made["name"].rpartition("/")[2]
    for question in made["questions"]:
        answer = ["interviews", "answer", interview, "--question", question["question_id"], "--wait"]
        run(environment, VIVA, *answer, "--text", texts.LEADER)
    page = tmp_path / "report.html"
    _until_there_is_a_report(environment, interview)
    run(environment, VIVA, "reports", "get", interview, "-o", page)
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def _until_there_is_a_report(environment: dict[str, str], interview: str) -> None:
    deadline = time.monotonic() + RUN_S
    while time.monotonic() < deadline:
        if json.loads(run(environment, VIVA, "interviews", "get", interview, "--json"))["report"]:
            return
    raise AssertionError(f"{interview} has no report")


def _post(address: str, secret: str, event: Mapping[str, object]) -> int:
    """Post an event as Standard Webhooks sign it; the status."""
    body, now = json.dumps(event).encode(), str(int(time.time()))
    signed = f"{event['id']}.{now}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    headers = {"webhook-id": str(event["id"]), "webhook-timestamp": now, "webhook-signature": f"v1,{signature}"}
    with urllib.request.urlopen(urllib.request.Request(address, body, headers), timeout=RUN_S) as response:
        return int(response.status)
