"""The `viva` command over stored resources against a real gRPC server: what it asks, prints, and how it exits."""

from __future__ import annotations

import csv
import hashlib
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from click.testing import CliRunner, Result
from google.longrunning import operations_pb2
from resources_double import SECRET, Resources, until
from scoring_double import Fault

from deployments.cli.main import main
from viva.v1 import answers_pb2, interviews_pb2, reports_pb2, roles_pb2, tenants_pb2

EXAMPLE = Path(__file__).parents[2] / "clients/examples/roles/graduate_trainee.yaml"
AWAY = Fault(grpc.StatusCode.NOT_FOUND, "NOT_FOUND", "name names nothing that exists")
DAY_S = 86_400
Viva = Callable[..., Result]


@pytest.fixture
def viva(resources: Resources) -> Viva:
    """Runs the command against the server."""

    def run(*args: str | Path, stdin: str | None = None, code: int = 0) -> Result:
        env = {"VIVA_ADDRESS": resources.address}
        result = CliRunner().invoke(main, [str(arg) for arg in args], input=stdin, env=env)
        assert result.exception is None or isinstance(result.exception, SystemExit)  # no traceback
        assert result.exit_code == code, result.stderr
        return result

    return run


def asked(resources: Resources, method: str) -> Any:
    """The one request that reached a method."""
    (seen,) = resources.double.of(method)
    return seen.request


def test_a_tenant_is_made_with_its_settings(resources: Resources, viva: Viva) -> None:
    made = viva(
        "tenants", "create", "acme", "--display-name", "Acme [bold]Ltd", "--jurisdiction", "EU", "--jurisdiction",
        "US-NY", "--media-retention-days", "90", "--scores-to-candidates", "--answers-per-day", "5", "--json",
    )  # fmt: skip
    request = asked(resources, "CreateTenant")
    assert request.tenant_id == "acme"
    assert list(request.tenant.jurisdictions) == ["EU", "US-NY"]
    assert request.tenant.quotas.answers_per_day == 5
    printed = json.loads(made.stdout)
    assert printed["name"] == "tenants/acme"
    assert printed["media_retention_days"] == 90
    assert printed["scores_shown_to_candidates"] is True


def test_text_of_a_resource_is_never_markup(resources: Resources, viva: Viva) -> None:
    resources.double.scripts["GetTenant"] = lambda _: tenants_pb2.Tenant(display_name="Acme [bold]Ltd")
    assert "Acme [bold]Ltd" in viva("tenants", "get", "acme").stdout


def test_an_update_changes_what_was_given_and_nothing_else(resources: Resources, viva: Viva) -> None:
    stored = tenants_pb2.Tenant(name="tenants/acme", etag="7", quotas={"queued_answers": 9})
    resources.double.scripts["GetTenant"] = lambda _: stored
    viva("tenants", "update", "acme", "--media-host", "", "--answers-per-day", "5", "--no-scores-to-candidates")
    request = asked(resources, "UpdateTenant")
    assert list(request.update_mask.paths) == ["media_hosts", "quotas", "scores_shown_to_candidates"]
    assert list(request.tenant.media_hosts) == []
    assert (request.tenant.quotas.queued_answers, request.tenant.quotas.answers_per_day) == (9, 5)
    assert request.tenant.etag == "7"


def test_an_update_of_nothing_is_wrong_usage(resources: Resources, viva: Viva) -> None:
    assert "at least one setting" in viva("tenants", "update", "acme", code=2).stderr
    assert resources.double.seen == []


def test_a_new_key_stands_alone_on_standard_output(resources: Resources, viva: Viva) -> None:
    made = tenants_pb2.CreateApiKeyResponse(key="viva_secret", api_key={"name": "tenants/acme/apiKeys/k"})
    resources.double.scripts["CreateApiKey"] = lambda _: made
    result = viva("tenants", "keys", "create", "acme", "--scope", "read", "--scope", "submit", "--expires", "90d")
    assert result.stdout == "viva_secret\n"
    assert "tenants/acme/apiKeys/k" in result.stderr
    assert "viva_secret" not in result.stderr
    request = asked(resources, "CreateApiKey")
    assert request.parent == "tenants/acme"
    assert list(request.api_key.scopes) == ["read", "submit"]
    assert request.api_key.HasField("expire_time")


def test_keys_are_rotated_and_revoked_by_id(resources: Resources, viva: Viva) -> None:
    resources.double.scripts["RotateApiKey"] = lambda _: tenants_pb2.CreateApiKeyResponse(key="viva_next")
    assert viva("tenants", "keys", "rotate", "acme", "k", "--overlap", "1h").stdout == "viva_next\n"
    assert asked(resources, "RotateApiKey").name == "tenants/acme/apiKeys/k"
    assert asked(resources, "RotateApiKey").overlap_seconds == 3600
    viva("tenants", "keys", "revoke", "acme", "k")
    assert asked(resources, "RevokeApiKey").name == "tenants/acme/apiKeys/k"


def test_an_unknown_scope_never_reaches_the_server(resources: Resources, viva: Viva) -> None:
    viva("tenants", "keys", "create", "acme", "--scope", "root", code=2)
    assert resources.double.seen == []


def test_usage_records_of_all_pages_become_a_file(resources: Resources, viva: Viva, tmp_path: Path) -> None:
    def page(request: Any) -> tenants_pb2.ListUsageRecordsResponse:
        name = f"tenants/acme/interviews/i/answers/{request.page_token or 'a'}"
        record = tenants_pb2.UsageRecord(answer=name, kind="video", media_seconds=61.5, model_seconds=2.25)
        record.time.FromSeconds(0)
        return tenants_pb2.ListUsageRecordsResponse(
            usage_records=[record], next_page_token="" if request.page_token else "b"
        )

    resources.double.scripts["ListUsageRecords"] = page
    file = tmp_path / "usage.csv"
    viva("tenants", "usage", "acme", "--since", "2026-11-01", "--csv", file)
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["answer"][-1] for row in rows] == ["a", "b"]
    assert rows[0] == {
        "answer": "tenants/acme/interviews/i/answers/a",
        "time": "1970-01-01 00:00:00Z",
        "kind": "video",
        "media_seconds": "61.5",
        "model_seconds": "2.25",
    }
    assert resources.double.of("ListUsageRecords")[0].request.start_time.seconds == 1_793_491_200


def test_a_file_of_usage_that_fails_half_way_is_not_there(resources: Resources, viva: Viva, tmp_path: Path) -> None:
    def page(request: Any) -> Any:
        if request.page_token:
            return Fault(grpc.StatusCode.INTERNAL, "INTERNAL", "a fault")
        return tenants_pb2.ListUsageRecordsResponse(usage_records=[{"answer": "a"}], next_page_token="b")

    resources.double.scripts["ListUsageRecords"] = page
    assert "INTERNAL" in viva("tenants", "usage", "--csv", tmp_path / "usage.csv", code=1).stderr
    assert list(tmp_path.iterdir()) == []


def test_a_summary_of_usage_is_a_table(resources: Resources, viva: Viva) -> None:
    resources.double.scripts["SummarizeUsage"] = lambda _: tenants_pb2.UsageSummary(answer_count=3, media_seconds=12.5)
    lines = viva("tenants", "usage", "acme", "--since", "30d").stdout.splitlines()
    assert [line.split() for line in lines] == [["answer", "count", "3"], ["media", "seconds", "12.5"]]


def test_the_audit_log_is_a_row_an_entry(resources: Resources, viva: Viva) -> None:
    entry = tenants_pb2.AuditEntry(actor="apiKeys/k", action="CreateRole", resource="tenants/acme/roles/r")
    resources.double.scripts["ListAuditEntries"] = lambda _: tenants_pb2.ListAuditEntriesResponse(audit_entries=[entry])
    lines = viva("tenants", "audit", "acme").stdout.splitlines()
    assert lines[1].split() == ["apiKeys/k", "CreateRole", "roles/r"]


def test_a_role_is_made_when_there_is_none(resources: Resources, viva: Viva) -> None:
    resources.double.faults["GetRole"].append(AWAY)
    assert "tenants/acme/roles/graduate_trainee: made" in viva("roles", "apply", EXAMPLE).stderr
    request = asked(resources, "CreateRole")
    assert request.role_id == "graduate_trainee"
    assert request.role.content.structure == roles_pb2.RoleContent.STRUCTURE_SEMI_STRUCTURED
    assert [one.language for one in request.role.content.questions] == ["en", "zh"] * 3


def test_a_role_that_is_there_is_brought_to_what_the_file_says(resources: Resources, viva: Viva) -> None:
    stored = roles_pb2.Role(revision="tenants/acme/roles/graduate_trainee/revisions/1", etag="3")
    stored.display_name = "Graduate trainee"
    after = roles_pb2.Role(name="tenants/acme/roles/graduate_trainee")
    after.MergeFrom(stored)
    resources.double.scripts["GetRole"] = lambda _: stored
    resources.double.scripts["UpdateRole"] = lambda _: after
    assert ": unchanged" in viva("roles", "apply", EXAMPLE).stderr
    request = asked(resources, "UpdateRole")
    assert list(request.update_mask.paths) == ["display_name", "content"]
    assert (request.role.name, request.role.etag) == ("tenants/-/roles/graduate_trainee", "3")
    after.revision = "tenants/acme/roles/graduate_trainee/revisions/2"
    assert ": changed" in viva("roles", "apply", EXAMPLE).stderr
    assert resources.double.of("CreateRole") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("display_name: A", "needs the key role_id"),
        ("role_id: 5", "needs the key role_id"),
        ("role_id: a\ntitle: A", 'no field named "title"'),
        ("role_id: a\ncontent: {structure: FREE}", "FREE"),
        ("role_id: a\ncontent: text", "content"),
        ("- a", "must hold a mapping"),
        ("a: [", "is not YAML"),
        ("\x00", "is not YAML"),
        ("", "must hold a mapping"),
    ],
)
def test_a_file_that_is_no_role_is_one_line(
    resources: Resources, viva: Viva, tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "role.yaml"
    file.write_text(text, encoding="utf-8")
    error = viva("roles", "apply", file, code=1).stderr
    assert said in error
    assert len(error.splitlines()) == 1
    assert resources.double.seen == []


def test_what_the_server_finds_wrong_with_a_role_is_one_line(resources: Resources, viva: Viva) -> None:
    resources.double.faults["GetRole"].append(AWAY)
    resources.double.faults["CreateRole"].append(
        Fault(grpc.StatusCode.INVALID_ARGUMENT, "UNKNOWN_COMPETENCY", "no such\ncompetency")
    )
    result = viva("roles", "apply", EXAMPLE, code=1)
    assert result.stderr == "error: UNKNOWN_COMPETENCY: no such competency\n"
    assert result.stdout == ""


def test_a_role_shows_its_questions_in_a_table(resources: Resources, viva: Viva) -> None:
    role = roles_pb2.Role(name="tenants/acme/roles/r", display_name="R", state=roles_pb2.Role.STATE_ARCHIVED)
    role.content.questions.add(question_id="q", text="为什么？", follow_ups=[{"follow_up_id": "f"}])
    resources.double.scripts["GetRole"] = lambda _: role
    lines = viva("roles", "get", "r").stdout.splitlines()
    assert [line.split() for line in lines[:3]] == [
        ["name", "tenants/acme/roles/r"],
        ["display", "name", "R"],
        ["state", "archived"],
    ]
    assert lines[-1].split() == ["q", "为什么？", "1"]
    assert asked(resources, "GetRole").name == "tenants/-/roles/r"


def test_a_revision_is_named_by_its_number(resources: Resources, viva: Viva) -> None:
    viva("roles", "get", "r", "--revision", "2", "--json")
    assert asked(resources, "GetRoleRevision").name == "tenants/-/roles/r/revisions/2"


def test_lists_end_at_their_limit_and_say_so(resources: Resources, viva: Viva) -> None:
    def page(request: Any) -> roles_pb2.ListRolesResponse:
        start = int(request.page_token or 0)
        found = [roles_pb2.Role(name=f"tenants/acme/roles/r{start + index}") for index in range(2)]
        return roles_pb2.ListRolesResponse(roles=found, next_page_token=str(start + 2))

    resources.double.scripts["ListRoles"] = page
    result = viva("roles", "list", "--limit", "3", "--filter", 'state = "STATE_ACTIVE"', "--json")
    assert [json.loads(line)["name"][-2:] for line in result.stdout.splitlines()] == ["r0", "r1", "r2"]
    assert "more than 3" in result.stderr
    assert len(resources.double.of("ListRoles")) == 2
    assert resources.double.of("ListRoles")[0].request.filter == 'state = "STATE_ACTIVE"'
    table = viva("roles", "list", "--limit", "3").stdout.splitlines()
    assert [line.split()[0] for line in table[1:]] == ["roles/r0", "roles/r1", "roles/r2"]


def test_an_interview_is_made_with_consents_and_notice(resources: Resources, viva: Viva) -> None:
    result = viva(
        "interviews", "create", "--role", "r", "--candidate", "c-1", "--language", "en", "--consent", "voice",
        "--consent", "analysis", "--notice-now", "--jurisdiction", "EU", "--deadline", "2026-12-24",
    )  # fmt: skip
    interview = asked(resources, "CreateInterview").interview
    assert (interview.candidate, interview.role_revision) == ("tenants/-/candidates/c-1", "tenants/-/roles/r")
    consents = interview.consents
    assert (consents.voice, consents.analysis, consents.HasField("face")) == (True, True, False)
    assert consents.consent_time.seconds == consents.notice_time.seconds > 0
    assert interview.deadline_time.seconds == 1_798_070_400
    assert "Tell me about a conflict." in result.stdout


def test_without_consent_nothing_is_said_of_it(resources: Resources, viva: Viva) -> None:
    viva("interviews", "create", "--role", "r", "--candidate", "c-1")
    assert not asked(resources, "CreateInterview").interview.HasField("consents")


def test_the_next_question_is_its_text(resources: Resources, viva: Viva) -> None:
    answers = iter(
        [
            interviews_pb2.NextQuestionResponse(question={"question_id": "q", "text": "Why [us]?"}),
            interviews_pb2.NextQuestionResponse(pending=True),
            interviews_pb2.NextQuestionResponse(),
        ]
    )
    resources.double.scripts["NextQuestion"] = lambda _: next(answers)
    assert viva("interviews", "next", "i").stdout == "q: Why [us]?\n"
    pending, done = viva("interviews", "next", "i"), viva("interviews", "next", "i")
    assert ("being scored" in pending.stderr, pending.stdout) == (True, "")
    assert "every question has its answer" in done.stderr


def test_interviews_are_closed_and_cancelled_by_id(resources: Resources, viva: Viva) -> None:
    viva("interviews", "close", "i")
    viva("interviews", "cancel", "tenants/acme/interviews/i")
    assert asked(resources, "CloseInterview").name == "tenants/-/interviews/i"
    assert asked(resources, "CancelInterview").name == "tenants/acme/interviews/i"


def test_a_text_is_submitted_as_it_is(resources: Resources, viva: Viva) -> None:
    result = viva("interviews", "answer", "i", "--question", "q", "--text", "I led a team.")
    assert result.stdout == "interviews/i/answers/1: queued\n"
    answer = asked(resources, "SubmitAnswer").answer
    assert (answer.question_id, answer.text) == ("q", "I led a team.")


def test_standard_input_is_text(resources: Resources, viva: Viva) -> None:
    viva("interviews", "answer", "i", "--question", "q", "-", stdin="我带了一个团队。")
    assert asked(resources, "SubmitAnswer").answer.text == "我带了一个团队。"


def test_media_is_uploaded_for_its_interview_first(resources: Resources, viva: Viva, tmp_path: Path) -> None:
    file = tmp_path / "answer.mp4"
    file.write_bytes(b"media" * 100_000)
    viva("interviews", "answer", "i", "--question", "q", file)
    assert asked(resources, "UploadMedia").interview == "tenants/-/interviews/i"
    assert asked(resources, "SubmitAnswer").answer.media_sha256 == hashlib.sha256(file.read_bytes()).hexdigest()


def test_one_of_text_and_file_is_needed(resources: Resources, viva: Viva) -> None:
    viva("interviews", "answer", "i", "--question", "q", code=2)
    viva("interviews", "answer", "i", "--question", "q", "--text", "a", "-", stdin="b", code=2)
    assert resources.double.seen == []


def states(*found: answers_pb2.Answer) -> Callable[[Any], answers_pb2.Answer]:
    answers = iter(found)
    return lambda _: next(answers)


QUEUED = answers_pb2.Answer(state=answers_pb2.Answer.STATE_QUEUED)


def test_waiting_ends_with_the_scores(resources: Resources, viva: Viva) -> None:
    scored = answers_pb2.Answer(state=answers_pb2.Answer.STATE_SCORED)
    scored.assessment.competencies.add(name="teamwork", status="scored", score=7.25, low=6.5, high=8)
    resources.double.scripts["GetAnswer"] = states(QUEUED, scored)
    result = viva("interviews", "answer", "i", "--question", "q", "--text", "a", "--wait")
    assert result.stdout.splitlines()[1].split()[:2] == ["teamwork", "7.2"]
    assert resources.double.of("GetAnswer")[0].request.name == "tenants/-/interviews/i/answers/1"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (answers_pb2.Answer(state=answers_pb2.Answer.STATE_CANCELLED), "is cancelled"),
        (
            answers_pb2.Answer(
                state=answers_pb2.Answer.STATE_FAILED,
                error=Fault(grpc.StatusCode.INVALID_ARGUMENT, "MEDIA_NO_TRACK", "no track").status(),
            ),
            "error: MEDIA_NO_TRACK: no track\n",
        ),
    ],
)
def test_an_answer_that_is_not_scored_is_a_failure(
    resources: Resources, viva: Viva, answer: answers_pb2.Answer, said: str
) -> None:
    resources.double.scripts["GetAnswer"] = states(answer)
    assert said in viva("interviews", "answer", "i", "--question", "q", "--text", "a", "--wait", code=1).stderr


def lines_file(folder: Path, *lines: Any) -> Path:
    file = folder / "answers.jsonl"
    file.write_text("".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in lines), encoding="utf-8")
    return file


def test_every_line_that_is_submitted_has_its_status(resources: Resources, viva: Viva, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"media")
    file = lines_file(
        tmp_path,
        {"interview": "i", "question_id": "q1", "text": "I led."},
        "",
        {"interview": "i", "question_id": "q2", "media": "a.mp4"},
        {"interview": "i", "question_id": "q3", "uri": "https://media.example/a.mp4"},
        {"interview": "i", "question_id": "q4", "media": "none.mp4"},
        {"interview": "i", "question_id": "q5", "text": "a", "uri": "b"},
        {"interview": "i", "question": "q6", "text": "a"},
        {"question_id": "q7", "text": "a"},
        "{",
        {"interview": "tenants/acme/interviews/j", "question_id": "q8", "text": "I built."},
    )
    result = viva("interviews", "submit", file, "--json", code=1)
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert [one["line"] for one in records] == [1, 3, 4, 5, 6, 7, 8, 9, 10]
    reasons = {one["line"]: one["error"]["reason"] for one in records if "error" in one}
    # The double takes an answer without a text for one that says nothing.
    assert reasons == {
        3: "TEXT_EMPTY", 4: "TEXT_EMPTY", 5: "NOT_FOUND", 6: "CONTENT_REQUIRED", 7: "FIELD_INVALID",
        8: "FIELD_REQUIRED", 9: "FIELD_INVALID",
    }  # fmt: skip
    assert records[0] == {
        "line": 1,
        "interview": "tenants/-/interviews/i",
        "question_id": "q1",
        "answer": "tenants/-/interviews/i/answers/0",
    }
    sent = asked(resources, "BatchSubmitAnswers").requests
    assert [one.parent[-1] for one in sent] == ["i", "i", "i", "j"]
    assert sent[1].answer.media_sha256 == hashlib.sha256(b"media").hexdigest()
    assert sent[2].answer.media_uri == "https://media.example/a.mp4"
    assert "tenants/acme/operations/batch" in result.stderr


def test_results_reach_standard_output_beside_a_bar_in_the_terminal(resources: Resources, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"media")
    file = lines_file(
        tmp_path,
        {"interview": "i", "question_id": "q1", "text": "a"},
        {"interview": "i", "question_id": "q2", "media": "a.mp4"},
    )
    code = "from deployments.cli.main import main; main()"
    command = [sys.executable, "-c", code, "interviews", "submit", str(file), "--json"]
    terminal, its_end = os.openpty()
    try:
        env = {**os.environ, "VIVA_ADDRESS": resources.address, "TERM": "xterm"}
        done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=its_end, text=True, check=False)
        said = os.read(terminal, 65_536).decode()
    finally:
        os.close(terminal)
        os.close(its_end)
    assert [json.loads(line)["line"] for line in done.stdout.splitlines()] == [1, 2]
    assert "scoring" in said
    assert '"line"' not in said


def test_a_submission_without_a_fault_exits_with_0(resources: Resources, viva: Viva, tmp_path: Path) -> None:
    file = lines_file(tmp_path, {"interview": "i", "question_id": "q", "text": "I led."})
    assert viva("interviews", "submit", file).stdout == "line 1: scored tenants/-/interviews/i/answers/0\n"


def test_submissions_are_split_where_the_contract_says(resources: Resources, viva: Viva, tmp_path: Path) -> None:
    line = {"interview": "i", "question_id": "q", "text": "a"}
    counts: list[int] = []

    def score(request: Any) -> operations_pb2.Operation:
        counts.append(len(request.requests))
        results = [{"answer": f"{len(counts)}/{index}"} for index in range(counts[-1])]
        done = operations_pb2.Operation(name=f"tenants/acme/operations/{len(counts)}", done=True)
        done.response.Pack(answers_pb2.BatchSubmitAnswersResponse(results=results))
        return done

    resources.double.scripts["BatchSubmitAnswers"] = score
    text = "a" * 20_000
    file = lines_file(tmp_path, *[line] * 1_001, *[{**line, "text": text}] * 150)
    lines = viva("interviews", "submit", file).stdout.splitlines()
    assert counts == [1_000, 100, 51]  # 99 long texts beside a short one are all that fit into 8 MB
    assert (lines[999], lines[1_000], lines[-1]) == (
        "line 1000: scored 1/999", "line 1001: scored 2/0", "line 1151: scored 3/50",
    )  # fmt: skip


def test_a_batch_that_is_refused_fails_its_lines(resources: Resources, viva: Viva, tmp_path: Path) -> None:
    resources.double.faults["BatchSubmitAnswers"].append(
        Fault(grpc.StatusCode.RESOURCE_EXHAUSTED, "QUOTA_EXCEEDED", "no more today", metadata={"quota": "answers"})
    )
    file = lines_file(tmp_path, *[{"interview": "i", "question_id": "q", "text": "a"}] * 2)
    result = viva("interviews", "submit", file, code=1)
    assert result.stdout.splitlines() == [f"line {number}: QUOTA_EXCEEDED: no more today" for number in (1, 2)]


def test_an_upload_that_is_refused_fails_its_line_alone(resources: Resources, viva: Viva, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"media")
    resources.double.faults["UploadMedia"].append(
        Fault(grpc.StatusCode.FAILED_PRECONDITION, "CONSENT_MISSING", "no consent")
    )
    file = lines_file(
        tmp_path,
        {"interview": "i", "question_id": "q1", "media": "a.mp4"},
        {"interview": "i", "question_id": "q2", "text": "a"},
    )
    result = viva("interviews", "submit", file, code=1)
    assert result.stdout.splitlines() == [
        "line 1: CONSENT_MISSING: no consent",
        "line 2: scored tenants/-/interviews/i/answers/0",
    ]


def test_a_candidates_file_is_changed_where_it_says_something(resources: Resources, viva: Viva, tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("resume: {experience_years: 2}\nbackground_check: {complete_time: 2026-11-01T10:00:00Z}\n")
    viva("candidates", "set", "c-1", file)
    request = asked(resources, "UpdateCandidate")
    assert request.candidate.name == "tenants/-/candidates/c-1"
    assert sorted(request.update_mask.paths) == ["background_check", "resume"]
    assert request.candidate.background_check.complete_time.seconds == 1_793_527_200
    assert request.allow_missing


def test_a_candidate_is_erased_after_a_yes_and_the_receipt_is_printed(resources: Resources, viva: Viva) -> None:
    refused = viva("candidates", "erase", "c-1", stdin="n\n", code=1)
    assert "nothing was deleted" in refused.stderr
    assert resources.double.seen == []
    printed = json.loads(viva("candidates", "erase", "c-1", "--json", stdin="y\n").stdout)
    assert (printed["interview_count"], printed["answer_count"], printed["report_count"]) == (1, 3, 0)
    assert asked(resources, "EraseCandidate").name == "tenants/-/candidates/c-1"


def test_erasure_does_not_ask_when_it_was_told_yes(viva: Viva) -> None:
    assert "answer count     3" in viva("candidates", "erase", "c-1", "--yes").stdout


def test_a_legal_hold_is_set_and_lifted(resources: Resources, viva: Viva) -> None:
    viva("candidates", "hold", "c-1", "--reason", "Case 1")
    viva("candidates", "hold", "c-1", "--lift")
    viva("candidates", "hold", "c-1", code=2)
    set_, lifted = (seen.request for seen in resources.double.of("SetLegalHold"))
    assert set_.legal_hold.reason == "Case 1"
    assert not lifted.HasField("legal_hold")


def test_a_report_is_a_table_of_its_competencies(resources: Resources, viva: Viva) -> None:
    text = viva("reports", "get", "i").stdout
    assert "overall    7.2 (6.5 to 8.0)" in text
    assert any(line.split() == ["teamwork", "1", "7.25", "scored", "0"] for line in text.splitlines())
    assert "a person decides" in text
    assert asked(resources, "GetReport").name == "tenants/-/interviews/i/reports/latest"


def test_a_report_as_json_has_the_contracts_field_names(viva: Viva) -> None:
    printed = json.loads(viva("reports", "get", "i", "--report", "2", "--json").stdout)
    assert printed["name"] == "tenants/-/interviews/i/reports/2"
    assert printed["role_display_name"] == "Trainee"
    assert "score" not in printed["competencies"][1]


class Pages(http.server.BaseHTTPRequestHandler):
    """Has one page."""

    def do_GET(self) -> None:
        found = self.path == "/r/token"
        self.send_response(200 if found else 404)
        self.end_headers()
        self.wfile.write("<!doctype html>报告".encode() if found else b"")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def pages() -> Iterator[str]:
    """Address of a web server."""
    with http.server.HTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_page_of_a_report_is_written(resources: Resources, viva: Viva, pages: str, tmp_path: Path) -> None:
    resources.double.scripts["CreateReportLink"] = lambda _: reports_pb2.ReportLink(uri=f"{pages}/r/token")
    page = tmp_path / "report.html"
    viva("reports", "get", "i", "-o", page, "--language", "zh")
    assert page.read_text(encoding="utf-8") == "<!doctype html>报告"
    request = asked(resources, "CreateReportLink")
    assert (request.name, request.language) == ("tenants/-/interviews/i/reports/latest", "zh")


@pytest.mark.parametrize("uri", ["{pages}/r/secret", "http://127.0.0.1:1/r/secret", "file:///etc/secret", ""])
def test_a_page_that_cannot_be_fetched_is_one_line_without_its_link(
    resources: Resources, viva: Viva, pages: str, tmp_path: Path, uri: str
) -> None:
    resources.double.scripts["CreateReportLink"] = lambda _: reports_pb2.ReportLink(uri=uri.format(pages=pages))
    error = viva("reports", "get", "i", "-o", tmp_path / "report.html", code=1).stderr
    assert len(error.splitlines()) == 1
    assert "secret" not in error
    assert list(tmp_path.iterdir()) == []


def test_a_link_stands_alone_on_standard_output(resources: Resources, viva: Viva) -> None:
    resources.double.scripts["CreateReportLink"] = lambda _: reports_pb2.ReportLink(uri="https://viva.example/r/t")
    result = viva("reports", "link", "i", "--audience", "candidate", "--ttl", "7d")
    assert result.stdout == "https://viva.example/r/t\n"
    request = asked(resources, "CreateReportLink")
    assert request.audience == reports_pb2.CreateReportLinkRequest.AUDIENCE_CANDIDATE
    assert request.ttl_seconds == 7 * DAY_S


def test_reports_of_all_interviews_are_listed(resources: Resources, viva: Viva) -> None:
    viva("reports", "list", "--filter", "overall >= 7", "--order-by", "overall desc")
    request = asked(resources, "ListReports")
    assert (request.parent, request.filter, request.order_by) == (
        "tenants/-/interviews/-", "overall >= 7", "overall desc",
    )  # fmt: skip


def test_a_decision_names_the_report_that_it_rests_on(resources: Resources, viva: Viva) -> None:
    latest = "tenants/acme/interviews/i/reports/3"
    resources.double.scripts["GetInterview"] = lambda _: interviews_pb2.Interview(report=latest)
    words = ("--outcome", "advance", "--reason", "Clear examples.", "--decider", "a.meyer")
    viva("reports", "decide", "i", *words)
    viva("reports", "decide", "i", *words, "--report", "2")
    first, second = (seen.request for seen in resources.double.of("CreateDecision"))
    assert (first.decision.report, second.decision.report) == (latest, "tenants/-/interviews/i/reports/2")
    assert first.decision.outcome == reports_pb2.Decision.OUTCOME_ADVANCE
    assert first.parent == "tenants/-/interviews/i"


def test_no_report_no_decision(resources: Resources, viva: Viva) -> None:
    words = ("--outcome", "hold", "--reason", "Waits for it.", "--decider", "a.meyer")
    assert "has no report" in viva("reports", "decide", "i", *words, code=1).stderr
    assert resources.double.of("CreateDecision") == []


def test_a_watch_prints_a_line_a_report_until_it_is_interrupted(resources: Resources) -> None:
    command = [sys.executable, "-c", "from deployments.cli.main import main; main()", "reports", "watch"]
    env = {**os.environ, "VIVA_ADDRESS": resources.address, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            until(lambda: bool(resources.double.of("WatchReports")))
            resources.double.publish(1)
            assert process.stdout
            assert process.stdout.readline().split() == ["7.2", "interviews/i/reports/1", "candidates/c-1", "Trainee"]
            resources.double.faults["WatchReports"].append(
                Fault(grpc.StatusCode.UNAVAILABLE, "WORKER_LOST", "away", retry_s=0.01)
            )
            until(lambda: len(resources.double.of("WatchReports")) > 1)
            assert resources.double.of("WatchReports")[1].request.resume_token == "1"
            process.send_signal(signal.SIGINT)
            _, error = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (process.returncode, error) == (0, "go on with --from 1\n")


RULE = """
screening_rule_id: strong
display_name: Strong
expression: report.overall >= 7.5
role: trainee
tests:
  - facts: {report: {overall: 8, competencies: {teamwork: 7}}}
    expected: true
"""


def test_a_rule_is_made_and_then_changed(resources: Resources, viva: Viva, tmp_path: Path) -> None:
    file = tmp_path / "rule.yaml"
    file.write_text(RULE)
    resources.double.faults["GetScreeningRule"].append(AWAY)
    assert "tenants/acme/screeningRules/strong: made" in viva("rules", "apply", file).stderr
    made = asked(resources, "CreateScreeningRule")
    assert (made.screening_rule_id, made.screening_rule.role) == ("strong", "tenants/-/roles/trainee")
    assert made.screening_rule.tests[0].facts.report.competencies["teamwork"] == 7
    viva("rules", "apply", file)
    changed = asked(resources, "UpdateScreeningRule")
    assert set(changed.update_mask.paths) == {"display_name", "expression", "recommends", "role", "tests"}


def test_a_rule_is_tested_on_facts_or_on_a_report(resources: Resources, viva: Viva, tmp_path: Path) -> None:
    file, facts = tmp_path / "rule.yaml", tmp_path / "facts.json"
    file.write_text(RULE)
    facts.write_text('{"report": {"overall": 7.9}}')
    viva("rules", "test", file, "--facts", facts)
    viva("rules", "test", file, "--interview", "i")
    viva("rules", "test", file, code=2)
    on_facts, on_report = (seen.request for seen in resources.double.of("TestScreeningRule"))
    assert on_facts.facts.report.overall == 7.9
    assert on_report.report == "tenants/-/interviews/i/reports/latest"


def test_the_secret_of_a_webhook_stands_alone_on_standard_output(resources: Resources, viva: Viva) -> None:
    result = viva("webhooks", "create", "https://hr.example/viva", "--event", "viva.report.created")
    assert result.stdout == f"{SECRET}\n"
    assert SECRET not in result.stderr
    endpoint = asked(resources, "CreateWebhookEndpoint").webhook_endpoint
    assert (endpoint.uri, list(endpoint.event_types)) == ("https://hr.example/viva", ["viva.report.created"])


def test_webhooks_are_replayed_looked_at_and_deleted(resources: Resources, viva: Viva) -> None:
    viva("webhooks", "replay", "w", "--since", "2026-11-24T18:00Z")
    viva("webhooks", "deliveries", "w")
    viva("webhooks", "delete", "w")
    name = "tenants/-/webhookEndpoints/w"
    replay = asked(resources, "ReplayEvents")
    assert (replay.name, replay.start_time.seconds) == (name, 1_795_543_200)
    assert asked(resources, "ListWebhookDeliveries").parent == name
    assert asked(resources, "DeleteWebhookEndpoint").name == name


def test_a_key_is_sent_and_never_printed(resources: Resources) -> None:
    resources.double.faults["GetTenant"].append(Fault(grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED", "no"))
    env = {"VIVA_ADDRESS": resources.address, "VIVA_API_KEY": "viva_secret"}
    result = CliRunner().invoke(main, ["tenants", "get"], env=env)
    assert (result.exit_code, result.stderr) == (1, "error: UNAUTHENTICATED: no\n")
    assert resources.double.seen[0].metadata["authorization"] == "Bearer viva_secret"


def test_a_server_that_is_away_is_one_line() -> None:
    result = CliRunner().invoke(main, ["roles", "list", "--address", "127.0.0.1:1"])
    assert result.exit_code == 1
    assert result.stderr.startswith("error: cannot reach a Viva server at 127.0.0.1:1")
    assert len(result.stderr.splitlines()) == 1


def test_help_of_no_command_imports_the_server_or_its_libraries() -> None:
    groups = ["tenants", "tenants keys", "roles", "interviews", "candidates", "reports", "rules", "webhooks", "db"]
    code = f"""
import sys
from click.testing import CliRunner
from deployments.cli.main import main
for group in {groups!r}:
    for args in ([], ["apply"], ["create"], ["submit"], ["upgrade"]):
        CliRunner().invoke(main, [*group.split(), *args, "--help"])
print(*sorted({{"ray", "torch", "grpc", "google.protobuf", "sqlalchemy", "av", "numpy"}} & sys.modules.keys()))
"""
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed == "\n"


def commands(command: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    if hasattr(command, "list_commands"):
        for name in command.list_commands(None):
            yield from commands(command.get_command(None, name), *path, name)
    else:
        yield path, command


@pytest.mark.parametrize(
    "group", ["tenants", "roles", "interviews", "candidates", "reports", "rules", "webhooks", "db"]
)
def test_every_command_has_help_and_an_example_of_itself(group: str) -> None:
    found = list(commands(main.get_command(None, group), group))  # type: ignore[arg-type]  # the context is not looked at
    assert found
    for path, command in found:
        assert command.help, path
        assert f"viva {' '.join(path)}" in command.epilog, path
