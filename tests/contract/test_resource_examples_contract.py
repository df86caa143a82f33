"""The examples over stored resources run as their first lines say."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import grpc
from resources_double import SCORE, SECRET, Resources
from scoring_double import Fault

from viva.v1 import interviews_pb2, reports_pb2, roles_pb2, screening_pb2

EXAMPLES = Path(__file__).parents[2] / "clients" / "examples" / "python"
INTERVIEW = "tenants/acme/interviews/i"
EXISTS = Fault(grpc.StatusCode.ALREADY_EXISTS, "ALREADY_EXISTS", "it exists")


def command(script: str, *args: str | Path) -> list[str]:
    return [sys.executable, str(EXAMPLES / script), *map(str, args)]


def run(
    resources: Resources, script: str, *args: str | Path, given: str = "", fails: int = 0
) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "VIVA_ADDRESS": resources.address, "VIVA_API_KEY": "k"}
    done = subprocess.run(
        command(script, *args), env=env, input=given, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == fails, done.stderr
    return done


def test_each_example_is_in_the_table() -> None:
    table = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    for path in EXAMPLES.glob("*.py"):
        assert f"[`{path.name}`]({path.name})" in table


def test_a_role_and_an_interview_are_made_and_the_role_is_taken_again(resources: Resources) -> None:
    done = run(resources, "01_role_and_interview.py", "--role", "clerk", "--candidate", "c-7")
    assert done.stdout.splitlines() == ["tenants/acme/interviews/2", "  conflict: Tell me about a conflict."]
    create, invite = resources.double.seen
    assert create.metadata["authorization"] == "Bearer k"
    assert create.request.role_id == "clerk"
    assert invite.request.interview.candidate == "tenants/-/candidates/c-7"
    assert invite.request.interview.role_revision == "tenants/acme/roles/clerk"
    assert invite.request.interview.consents.HasField("notice_time")
    resources.double.faults["CreateRole"].append(EXISTS)
    run(resources, "01_role_and_interview.py", "--role", "clerk")
    assert resources.double.seen[-1].request.interview.role_revision == "tenants/-/roles/clerk"


def test_hundreds_of_answers_are_handed_over_and_each_status_is_printed(resources: Resources, tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    lines = [{"interview": INTERVIEW, "question_id": f"q{number}", "text": "I led a team."} for number in range(1200)]
    lines[3]["text"] = ""
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    done = run(resources, "02_batch_submit.py", path, fails=1)
    printed = done.stdout.splitlines()
    assert len(printed) == 1200
    assert printed[2] == f"{INTERVIEW} q2 scored {INTERVIEW}/answers/2"
    assert printed[3] == f"{INTERVIEW} q3 TEXT_EMPTY: text is empty"
    assert [len(seen.request.requests) for seen in resources.double.of("BatchSubmitAnswers")] == [1000, 200]
    assert "done: 1000 of 1000" in done.stderr


def test_a_recording_is_uploaded_submitted_and_its_report_awaited(resources: Resources, tmp_path: Path) -> None:
    path = tmp_path / "answer.mp4"
    path.write_bytes(b"m" * 600_000)
    double = resources.double

    def close(request: Any) -> interviews_pb2.Interview:
        double.publish(1)
        return interviews_pb2.Interview(name=request.name)

    double.scripts = {
        "GetInterview": lambda request: interviews_pb2.Interview(name=INTERVIEW),
        "CloseInterview": close,
    }
    double.break_after.append((300_000, Fault(grpc.StatusCode.UNAVAILABLE, "WORKER_LOST", "lost")))
    done = run(resources, "03_upload_and_watch.py", "tenants/-/interviews/i", "conflict", path)
    assert done.stdout.splitlines() == [
        f"{INTERVIEW}/reports/1",
        f"  teamwork: {SCORE:.1f}",
        "  leadership: insufficient_evidence",
    ]
    assert "100 %" in done.stderr
    (submit,) = double.of("SubmitAnswer")
    assert submit.request.parent == INTERVIEW
    assert submit.request.answer.media_sha256 == hashlib.sha256(b"m" * 600_000).hexdigest()
    assert [seen.request.offset for seen in double.of("UploadMedia")] == [0, 524_288]


def post(port: int, body: bytes, signature: str, sent: int) -> int:
    headers = {"webhook-id": "e-1", "webhook-timestamp": str(sent), "webhook-signature": signature}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", body, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_a_webhook_endpoint_is_registered_and_its_events_are_verified(resources: Resources) -> None:
    done = run(resources, "04_webhook_receiver.py", "--register", "https://hooks.example.com/viva")
    name, secret = done.stdout.split()
    assert name == "tenants/acme/webhookEndpoints/1"
    assert resources.double.seen[-1].request.webhook_endpoint.uri == "https://hooks.example.com/viva"
    receiver = subprocess.Popen(
        command("04_webhook_receiver.py", "--port", "0"),
        env={**os.environ, "VIVA_WEBHOOK_SECRET": secret},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert receiver.stdout
        port = int(receiver.stdout.readline().rpartition(":")[2])
        event = {"id": "e-1", "type": "viva.report.created", "subject": f"{INTERVIEW}/reports/1", "data": {"score": 7}}
        body, sent = json.dumps(event).encode(), int(time.time())
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        digest = hmac.new(key, f"e-1.{sent}.".encode() + body, hashlib.sha256).digest()
        signature = f"v1,{base64.b64encode(digest).decode()}"
        assert post(port, body, signature, sent) == 204
        assert post(port, body, signature, sent) == 204
        assert post(port, body, "v1,AAAA", sent) == 400
    finally:
        receiver.terminate()
        out, errors = receiver.communicate(timeout=20)
    assert out.splitlines() == [f"viva.report.created {INTERVIEW}/reports/1 {{'score': 7}}"]
    assert "refused: no signature fits" in errors


def test_a_rule_is_tried_stored_and_applied(resources: Resources) -> None:
    def recommend(request: Any) -> screening_pb2.Recommendation:
        value = "true" if request.report else "false"
        clause = screening_pb2.Clause(expression="report.overall >= 8.0", value=value, facts=["report.overall = 6.1"])
        return screening_pb2.Recommendation(recommends="review", value=value, clauses=[clause])

    resources.double.scripts["TestScreeningRule"] = recommend
    done = run(resources, "05_screening_rule.py", "--report", f"{INTERVIEW}/reports/latest")
    assert done.stdout.splitlines() == [
        "review: the rule is false",
        "  false: report.overall >= 8.0 (report.overall = 6.1)",
        "tenants/acme/screeningRules/strong-and-cleared",
        "review: the rule is true",
        "  true: report.overall >= 8.0 (report.overall = 6.1)",
    ]
    (create,) = resources.double.of("CreateScreeningRule")
    assert [test.expected for test in create.request.screening_rule.tests] == [True, False]
    resources.double.faults["CreateScreeningRule"].append(EXISTS)
    stored = screening_pb2.ScreeningRule(name="tenants/acme/screeningRules/s", etag="7")
    resources.double.scripts["GetScreeningRule"] = lambda request: stored
    run(resources, "05_screening_rule.py")
    (update,) = resources.double.of("UpdateScreeningRule")
    assert update.request.screening_rule.etag == "7"


def test_an_ats_lists_packages_orders_and_gets_results(resources: Resources) -> None:
    active = roles_pb2.Role(name="tenants/acme/roles/trainee", display_name="Trainee")
    resources.double.scripts["ListRoles"] = lambda request: roles_pb2.ListRolesResponse(roles=[active])
    listed = json.loads(run(resources, "06_ats_adapter.py", "packages").stdout)
    assert listed == [{"package_code": "trainee", "title": "Trainee"}]
    asked = {
        "order_no": "H/2026 17",
        "package_code": "trainee",
        "applicant": {"ref": "c-1"},
        "consented_at": "2026-11-25T08:00:00Z",
        "informed_at": "2026-11-24T08:00:00Z",
    }
    ordered = json.loads(run(resources, "06_ats_adapter.py", "order", given=json.dumps(asked)).stdout)
    assert ordered["external_ref"] == "tenants/acme/interviews/harbor-h-2026-17"
    assert ordered["questions"] == [{"id": "conflict", "text": "Tell me about a conflict."}]
    resources.double.faults["CreateInterview"].append(EXISTS)
    there = interviews_pb2.Interview(name=ordered["external_ref"])
    resources.double.scripts["GetInterview"] = lambda request: there
    again = json.loads(run(resources, "06_ats_adapter.py", "order", given=json.dumps(asked)).stdout)
    assert again["external_ref"] == ordered["external_ref"]
    data = {
        "package_id": "tenants/acme/roles/trainee",
        "order_id": ordered["external_ref"],
        "candidate_id": "tenants/acme/candidates/c-1",
        "result_id": f"{ordered['external_ref']}/reports/1",
        "score": 7.25,
        "competency_scores": [{"name": "teamwork", "score": 0}, {"name": "leadership"}],
        "recommendation": "advance",
    }
    found = json.loads(run(resources, "06_ats_adapter.py", "result", given=json.dumps({"data": data})).stdout)
    assert found["total"] == 72.5
    assert found["sections"] == [{"title": "teamwork", "points": 0.0}, {"title": "leadership", "points": None}]
    assert found["advice"] == "pass"


def test_a_candidate_gets_feedback_and_may_contest(resources: Resources) -> None:
    feedback = reports_pb2.CandidateFeedback(role_display_name="Trainee", contest_notice="You may contest this.")
    feedback.questions.add(question="Why us?", suggestions=["Say what came of it."])
    resources.double.scripts["GetCandidateFeedback"] = lambda request: feedback
    link = reports_pb2.ReportLink(uri="https://viva.example.com/r/1")
    resources.double.scripts["CreateReportLink"] = lambda request: link
    done = run(resources, "07_candidate_feedback.py", INTERVIEW, "--rating", "4", "--contest", "I said more.")
    assert done.stdout.splitlines() == [
        "Trainee: https://viva.example.com/r/1",
        "  Why us?",
        "    - Say what came of it.",
        "You may contest this.",
        f"contested: {INTERVIEW}/contests/1",
    ]
    assert resources.double.of("SubmitSatisfaction")[0].request.satisfaction.rating == 4
    assert resources.double.of("CreateContest")[0].request.contest.report == f"{INTERVIEW}/reports/1"
    assert resources.double.of("CreateReportLink")[0].request.audience == 2


def test_a_candidate_is_erased_unless_a_legal_hold_is_set(resources: Resources) -> None:
    done = run(resources, "08_erase_candidate.py", "c-1")
    assert json.loads(done.stdout)["answer_count"] == 3
    assert done.stderr.splitlines() == ["working", "done"]
    hold = Fault(grpc.StatusCode.FAILED_PRECONDITION, "LEGAL_HOLD", "a legal hold is set")
    resources.double.faults["EraseCandidate"].append(hold)
    assert run(resources, "08_erase_candidate.py", "c-1", fails=2).stderr == "not now: a legal hold is set\n"
