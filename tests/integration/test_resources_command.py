"""The `viva` command over stored resources against the real services and a real PostgreSQL."""

from __future__ import annotations

import asyncio
import json
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import grpc
import pytest
from click.testing import CliRunner, Result
from google.protobuf import message_factory

from deployments.cli.main import main
from deployments.compose.edge import Edge
from deployments.config import from_mapping
from serving.adapters.postgres.server import PostgresServer
from serving.api import rpc, status

EXAMPLE = Path(__file__).parents[2] / "clients/examples/roles/graduate_trainee.yaml"
Viva = Callable[..., Result]


class Calls(grpc.GenericRpcHandler):
    """The unary and the uploading calls of an edge, as its gateway answers them."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._table = rpc.table(*edge.services)
        self._inputs = {
            method.name: message_factory.GetMessageClass(method.input_type)
            for service in edge.services
            for method in service.DESCRIPTOR.methods
        }

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        name = details.method.rpartition("/")[2]
        if name not in self._table:
            return None
        kind = (
            grpc.stream_unary_rpc_method_handler
            if self._table[name].streams_requests
            else grpc.unary_unary_rpc_method_handler
        )

        async def answer(request: Any, context: Any) -> Any:
            try:
                caller = await self._edge.caller(self._table[name], context, str(uuid.uuid4()))
                return await self._table[name].handler(request, caller)
            except Exception as error:
                rich = status.to_status(error, str(uuid.uuid4()))
                context.set_trailing_metadata((("grpc-status-details-bin", rich.SerializeToString()),))
                await context.abort(status.code_of(error), rich.message)  # type: ignore[arg-type]  # a fault of ours fails the test

        return kind(answer, self._inputs[name].FromString, lambda message: message.SerializeToString())


@pytest.fixture(scope="module")
def address(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`HOST:PORT` of the services, without a scorer."""
    values = {
        "data_dir": str(tmp_path_factory.mktemp("edge")),
        "database": {"url": postgres.app_url},
        "web": {"port": 0},
    }
    started: Future[tuple[str, Callable[[], None]]] = Future()

    async def serve() -> None:
        scorer: Any = None  # no answer is scored here
        edge = Edge(from_mapping(values), scorer)
        running = asyncio.create_task(edge.run())
        server = grpc.aio.server()
        server.add_generic_rpc_handlers([Calls(edge)])
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        ended, loop = asyncio.Event(), asyncio.get_running_loop()
        started.set_result((f"127.0.0.1:{port}", lambda: loop.call_soon_threadsafe(ended.set)))  # type: ignore[arg-type]  # its handle is of no use
        await ended.wait()
        await server.stop(0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    address, end = started.result(30)
    try:
        yield address
    finally:
        end()
        thread.join()


@pytest.fixture
def viva(address: str) -> Viva:
    """Runs the command as a tenant of its own."""
    env = {"VIVA_ADDRESS": address}

    def run(*args: str | Path, code: int = 0) -> Result:
        result = CliRunner().invoke(main, [str(arg) for arg in args], env=env)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        assert result.exit_code == code, result.stderr
        return result

    tenant = f"cli-{uuid.uuid4().hex[:12]}"
    run("tenants", "create", tenant, "--display-name", "Acme", "--jurisdiction", "US-IL")
    scopes = [word for scope in ("read", "submit", "review", "manage") for word in ("--scope", scope)]
    env["VIVA_API_KEY"] = run("tenants", "keys", "create", tenant, *scopes, "--expires", "1d").stdout.strip()
    return run


def objects(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_tenant_changes_and_its_keys_take_turns(viva: Viva) -> None:
    changed = json.loads(viva("tenants", "update", "--media-host", "media.example.com", "--json").stdout)
    assert (changed["media_hosts"], changed["jurisdictions"]) == (["media.example.com"], ["US-IL"])
    assert json.loads(viva("tenants", "update", "--media-host", "", "--json").stdout)["media_hosts"] == []
    assert "needs the scope admin" in viva("tenants", "update", "--answers-per-day", "5", code=1).stderr
    (key,) = objects(viva("tenants", "keys", "list", "--json"))
    rotated = json.loads(viva("tenants", "keys", "rotate", "-", key["name"], "--overlap", "1h", "--json").stdout)
    viva("tenants", "keys", "revoke", "-", rotated["api_key"]["name"].rpartition("/")[2])
    actions = [entry["action"] for entry in objects(viva("tenants", "audit", "--json"))]
    assert actions[:2] == ["RevokeApiKey", "RotateApiKey"]


def test_the_example_role_is_made_once_and_revised_by_changes_alone(viva: Viva, tmp_path: Path) -> None:
    assert ": made" in viva("roles", "apply", EXAMPLE).stderr
    assert ": unchanged" in viva("roles", "apply", EXAMPLE).stderr
    other = tmp_path / "role.yaml"
    other.write_text(EXAMPLE.read_text(encoding="utf-8").replace("max_follow_ups: 2", "max_follow_ups: 1"), "utf-8")
    assert ": changed" in viva("roles", "apply", other).stderr
    kept = json.loads(viva("roles", "get", "graduate_trainee", "--revision", "1", "--json").stdout)
    assert kept["content"]["max_follow_ups"] == 2
    (role,) = objects(viva("roles", "list", "--filter", 'state = "STATE_ACTIVE"', "--json"))
    assert role["revision"].endswith("/roles/graduate_trainee/revisions/2")
    assert "archived" in viva("roles", "archive", "graduate_trainee").stdout


def test_an_interview_from_invitation_to_its_end(viva: Viva, tmp_path: Path) -> None:
    viva("roles", "apply", EXAMPLE)
    file = tmp_path / "candidate.yaml"
    file.write_text("resume: {text: 'Projects: Sunflower', experience_years: 2}\n")
    viva("candidates", "set", "c-1", file)
    assert "experience years  2" in viva("candidates", "get", "c-1").stdout
    made = json.loads(
        viva(
            "interviews", "create", "--role", "graduate_trainee", "--candidate", "c-1", "--language", "en",
            "--consent", "analysis", "--consent", "voice", "--notice-now", "--deadline", "7d", "--json",
        ).stdout
    )  # fmt: skip
    assert made["policy"]["missing"] == []
    interview = made["name"].rpartition("/")[2]
    question = made["questions"][0]
    assert viva("interviews", "next", interview).stdout == f"{question['question_id']}: {question['text']}\n"
    words = ("interviews", "answer", interview, "--question", question["question_id"])
    assert viva(*words, "--text", "I led a team of four.").stdout.endswith(": queued\n")
    assert viva(*words, "--text", "Something else.", code=1).stderr.startswith("error: ")
    recording = tmp_path / "answer.mp4"
    recording.write_bytes(b"media" * 1000)
    second = made["questions"][1]["question_id"]
    assert viva("interviews", "answer", interview, "--question", second, recording).stdout.endswith(": queued\n")
    (listed,) = objects(viva("interviews", "list", "--filter", f'candidate = "{made["candidate"]}"', "--json"))
    assert listed["name"] == made["name"]
    assert "has no report" in viva(
        "reports", "decide", interview, "--outcome", "hold", "--reason", "Waits for it.", "--decider", "a", code=1
    ).stderr  # fmt: skip
    assert "NOT_FOUND" in viva("reports", "get", interview, code=1).stderr
    assert "cancelled" in viva("interviews", "cancel", interview).stdout


def test_lines_are_handed_over_with_what_is_wrong_with_each(viva: Viva, tmp_path: Path) -> None:
    viva("roles", "apply", EXAMPLE)
    made = json.loads(
        viva(
            "interviews", "create", "--role", "graduate_trainee", "--candidate", "c-2", "--language", "en",
            "--consent", "analysis", "--notice-now", "--json",
        ).stdout
    )  # fmt: skip
    first = made["questions"][0]["question_id"]
    file = tmp_path / "answers.jsonl"
    lines = [
        {"interview": made["name"], "question_id": "none", "text": "I led."},
        {"interview": "none", "question_id": first, "text": "I led."},
    ]
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    records = objects(viva("interviews", "submit", file, "--json", code=1))
    assert [one["line"] for one in records] == [1, 2]
    assert all(one["error"]["reason"] for one in records)


def test_a_legal_hold_is_set_and_lifted(viva: Viva, tmp_path: Path) -> None:
    file = tmp_path / "candidate.json"
    file.write_text('{"resume": {"degree": "bachelor"}}')
    viva("candidates", "set", "c-3", file)
    assert "legal hold reason" in viva("candidates", "hold", "c-3", "--reason", "Case 1").stdout
    assert "LEGAL_HOLD" in viva("candidates", "erase", "c-3", "--yes", code=1).stderr
    assert "legal hold" not in viva("candidates", "hold", "c-3", "--lift").stdout


def test_a_rule_is_applied_tested_and_deleted(viva: Viva, tmp_path: Path) -> None:
    rule, facts = tmp_path / "rule.yaml", tmp_path / "facts.yaml"
    rule.write_text(
        "screening_rule_id: strong\ndisplay_name: Strong\nexpression: report.overall >= 7.5\n"
        "tests:\n  - facts: {report: {overall: 8}}\n    expected: true\n"
    )
    facts.write_text("report: {overall: 7.9}\n")
    assert ": made" in viva("rules", "apply", rule).stderr
    assert ": applied" in viva("rules", "apply", rule).stderr
    assert json.loads(viva("rules", "test", rule, "--facts", facts, "--json").stdout)["value"] == "true"
    assert "strong" in viva("rules", "list").stdout
    viva("rules", "delete", "strong")
    assert viva("rules", "list", "--json").stdout == ""


def test_a_webhook_is_made_and_deleted(viva: Viva) -> None:
    made = viva("webhooks", "create", "https://93.184.216.34/viva", "--event", "viva.report.created")
    assert made.stdout.startswith("whsec_")
    (endpoint,) = objects(viva("webhooks", "list", "--json"))
    assert viva("webhooks", "replay", endpoint["name"], "--since", "1h", "--json").stdout
    assert viva("webhooks", "deliveries", endpoint["name"], "--json").stdout == ""
    viva("webhooks", "delete", endpoint["name"])


def test_a_tenant_that_used_nothing_has_an_empty_bill(viva: Viva, tmp_path: Path) -> None:
    assert json.loads(viva("tenants", "usage", "--since", "30d", "--json").stdout)["answer_count"] == "0"
    viva("tenants", "usage", "--csv", tmp_path / "usage.csv")
    assert (tmp_path / "usage.csv").read_text() == "answer,time,kind,media_seconds,model_seconds\n"
