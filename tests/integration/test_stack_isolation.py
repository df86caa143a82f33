"""One tenant that tries every call on another's resources: each answers as if there had never been any."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

import grpc
import pytest
from google.protobuf import json_format
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from tests import estate
from tests.estate import Estate
from tests.stack import Stack
from viva.v1 import interviews_pb2 as interviews
from viva.v1 import reports_pb2 as reports
from viva.v1 import tenants_pb2 as tenants
from viva_client import VivaClient

CALL_S: Final = 30.0
SCOPES: Final = {
    "read": """GetTenant ListTenants ListUsageRecords SummarizeUsage GetRole ListRoles GetRoleRevision
        ListRoleRevisions GetInterview ListInterviews GetCandidate ListCandidates GetAnswer ListAnswers GetOperation
        ListOperations WaitOperation GetReport ListReports WatchReports CreateReportLink GetCandidateFeedback
        ListDecisions ListContests GetScreeningRule ListScreeningRules TestScreeningRule GetWebhookEndpoint
        ListWebhookEndpoints ListWebhookDeliveries RenderReport""",
    "submit": """ScoreAnswer UploadAnswer UploadMedia GetUpload SubmitAnswer BatchSubmitAnswers RetryAnswer
        CreateInterview UpdateInterview CancelInterview CloseInterview NextQuestion UpdateCandidate SubmitSatisfaction
        CreateContest CancelOperation DeleteOperation""",
    "review": "CreateDecision ReviewContest",
    "manage": """UpdateTenant CreateApiKey ListApiKeys RotateApiKey RevokeApiKey ListAuditEntries CreateRole UpdateRole
        ArchiveRole EraseCandidate SetLegalHold CreateScreeningRule UpdateScreeningRule DeleteScreeningRule
        CreateWebhookEndpoint UpdateWebhookEndpoint DeleteWebhookEndpoint RotateWebhookSecret ReplayEvents""",
    "admin": "CreateTenant",
}
SCOPE_OF: Final = {name: scope for scope, names in SCOPES.items() for name in names.split()}


@dataclass(frozen=True, slots=True)
class Parties:
    """The tenant that is attacked, the one that attacks, and one that never was, whose names look like the first's."""

    victim: Estate
    attacker: Estate
    ghosts: dict[str, str]

    def ghostly(self, text: str) -> str:
        for one, other in self.ghosts.items():
            text = text.replace(one, other)
        return text


@pytest.fixture(scope="module")
def parties(stack: Stack) -> Parties:
    victim, attacker = (estate.build(stack.address, f"iso-{uuid.uuid4().hex[:16]}") for _ in range(2))
    ghosts = {one: _like(one) for one in victim.ids}
    return Parties(victim, attacker, ghosts)


@pytest.fixture(scope="module")
def channel(stack: Stack) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(stack.address) as opened:
        yield opened


def test_every_call_has_a_case_and_a_scope(parties: Parties) -> None:
    assert set(estate.requests_of(parties.victim)) == set(estate.METHODS) == set(SCOPE_OF)


@pytest.mark.parametrize("name", sorted(estate.METHODS))
def test_what_another_tenant_has_answers_as_what_never_existed(
    parties: Parties, channel: grpc.Channel, name: str
) -> None:
    for what, sent in _attacks(parties, name):
        ghost = [_rewritten(one, parties.ghostly) for one in sent]
        assert ghost != sent, what
        found, never = (_outcome(channel, name, one, parties.attacker.key) for one in (sent, ghost))
        if name == "BatchSubmitAnswers":  # each of its operations has a name of its own
            found, never = (re.sub(r"operations/\w+", "operations/one", one) for one in (found, never))
        assert parties.ghostly(found) == never, what
        # A list that is filtered by such a name is empty, and a batch says so of each of its answers.
        wanted = "PERMISSION_DENIED" if SCOPE_OF[name] == "admin" else "NOT_FOUND"
        if name != "BatchSubmitAnswers" and not re.search(r"filter|token", what):
            assert found.startswith(wanted), f"{what}: {found}"
        assert parties.victim.tenant_id not in found or not found.startswith("OK"), what


@pytest.mark.parametrize("name", sorted(estate.METHODS))
def test_a_key_without_the_scope_is_refused_by_the_scope_whatever_it_names(
    parties: Parties, channel: grpc.Channel, keys: dict[str, str], name: str
) -> None:
    for owner in (parties.victim, parties.attacker):
        sent = _messages(owner, name)
        status = _outcome(channel, name, sent, keys[SCOPE_OF[name]])
        assert status.startswith("PERMISSION_DENIED"), status
        assert f'"scope": "{SCOPE_OF[name]}"' in status


@pytest.fixture(scope="module")
def keys(stack: Stack, parties: Parties) -> dict[str, str]:
    """By scope: a key of the attacker that lacks it, and has the others."""
    with VivaClient(stack.address) as operator:
        made = {}
        for scope in SCOPES:
            held = tenants.ApiKey(scopes=[one for one in estate.TENANT_SCOPES if one != scope])
            made[scope] = operator.tenants.create_api_key(held, parent=parties.attacker.tenant).key
    return made


def test_a_batch_says_of_each_foreign_answer_that_it_does_not_exist(stack: Stack, parties: Parties) -> None:
    with VivaClient(stack.address, api_key=parties.attacker.key) as viva:
        answers = [
            {"question_id": "problem", "media_sha256": parties.victim.media_sha256},
            {"question_id": "problem", "media_sha256": parties.ghosts[parties.victim.media_sha256]},
        ]
        requests: list[Any] = [{"parent": parties.attacker.live, "answer": one} for one in answers]
        requests += [
            {"parent": one, "answer": {"question_id": "problem", "text": "We did it."}}
            for one in (parties.victim.live, parties.ghostly(parties.victim.live))
        ]
        results = viva.operations.wait(viva.answers.batch_submit(requests=requests)).results
    assert [one.status.code for one in results] == [grpc.StatusCode.NOT_FOUND.value[0]] * 4
    told = [re.sub(r"\[\d\]", "[0]", one.status.message) for one in results]
    assert told[0] == told[1]
    assert told[2] == told[3]


def test_a_token_of_another_tenant_shows_nothing_of_it(channel: grpc.Channel, parties: Parties) -> None:
    own = estate.bearer(parties.attacker.key)
    with pytest.raises(grpc.RpcError) as caught:
        estate.call(channel, "ListInterviews")(
            interviews.ListInterviewsRequest(parent="tenants/-", page_token=parties.victim.page_token), metadata=own
        )
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    watch = estate.call(channel, "WatchReports")(
        reports.WatchReportsRequest(parent="tenants/-", resume_token="MSwx"), metadata=own, timeout=CALL_S
    )
    assert next(watch).report.name == parties.attacker.report
    watch.cancel()


def test_lists_of_everything_show_the_callers_own_only(channel: grpc.Channel, parties: Parties) -> None:
    for name, method in estate.METHODS.items():
        fields = method.input_type.fields_by_name
        if not name.startswith("List"):
            continue
        for parent in ("tenants/-", "tenants/-/interviews/-"):
            request = _messages(parties.attacker, name)[0]
            for field in ("filter", "page_size", "order_by"):
                if field in fields:
                    request.ClearField(field)
            key = "parent" if "parent" in fields else "name" if "name" in fields else ""
            if key:
                setattr(request, key, parent)
            shown = _outcome(channel, name, [request], parties.attacker.key)
            assert parties.victim.tenant_id not in shown, name


def test_the_attacked_tenant_is_as_it_was(channel: grpc.Channel, parties: Parties) -> None:
    for name in estate.METHODS:
        if name.startswith("Get"):
            found = _outcome(channel, name, _messages(parties.victim, name), parties.victim.key)
            assert found.startswith("OK"), f"{name}: {found}"
    live = _outcome(channel, "GetInterview", _live(parties.victim), parties.victim.key)
    assert "STATE_OPEN" in live


def _live(owner: Estate) -> list[Message]:
    return [interviews.GetInterviewRequest(name=owner.live)]


def _attacks(parties: Parties, name: str) -> Iterator[tuple[str, list[Message]]]:
    """The victim's own request; that with the attacker as its tenant; and the attacker's with one text of the
    victim's in each place."""
    theirs, own = (_messages(owner, name) for owner in (parties.victim, parties.attacker))
    if [_rewritten(one, parties.ghostly) for one in theirs] == theirs:
        return  # names nothing
    yield "the whole request", theirs
    victim, attacker = parties.victim.tenant, parties.attacker.tenant
    moved = [_rewritten(one, lambda text: text.replace(f"{victim}/", f"{attacker}/")) for one in theirs]
    if moved != theirs and [_rewritten(one, parties.ghostly) for one in moved] != moved:
        yield "the ids below the caller's own tenant, filter", moved
    for index, (mine, other) in enumerate(zip(own, theirs, strict=True)):
        for path, text in _texts(other):
            if parties.ghostly(text) == text:
                continue
            mixed = type(mine)()
            mixed.CopyFrom(mine)
            _put(mixed, path, text)
            yield f"{'.'.join(map(str, path))}", [*own[:index], mixed, *own[index + 1 :]]


def _messages(owner: Estate, name: str) -> list[Any]:
    made = estate.requests_of(owner)[name]
    return made if isinstance(made, list) else [made]


def _texts(message: Message, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every text in a message, and where it stands."""
    for field, value in message.ListFields():
        entries = list(enumerate(value)) if field.is_repeated else [(None, value)]
        for index, entry in entries:
            here = (*path, field.name) if index is None else (*path, field.name, index)
            if isinstance(entry, Message):
                yield from _texts(entry, here)
            elif isinstance(entry, str):
                yield here, entry


def _put(message: Any, path: tuple[str | int, ...], text: str) -> None:
    *above, last = path
    for step in above:
        message = message[step] if isinstance(step, int) else getattr(message, step)
    if isinstance(last, int):
        message[last] = text
    else:
        setattr(message, last, text)


def _rewritten(message: Message, change: Any) -> Message:
    made = type(message)()
    made.CopyFrom(message)
    for path, text in _texts(message):
        _put(made, path, change(text))
    return made


def _outcome(channel: grpc.Channel, name: str, sent: list[Message], key: str) -> str:
    """What a caller sees: `OK` and the response, or the code and all that comes with it but the request's own id."""
    method = estate.METHODS[name]
    request: Any = iter(sent) if method.client_streaming else sent[0]
    try:
        response = estate.call(channel, name)(request, metadata=estate.bearer(key), timeout=CALL_S)
        if method.server_streaming:
            with ExitStack() as ending:
                ending.callback(response.cancel)
                response = next(response)
    except grpc.RpcError as error:
        return _refusal(error)
    return f"OK {json_format.MessageToJson(response)}"


def _refusal(error: Any) -> str:
    status = rpc_status.from_call(error)
    assert status is not None, error
    shown = [
        json_format.MessageToJson(one) for one in status.details if not one.Is(error_details_pb2.RequestInfo.DESCRIPTOR)
    ]
    keys = sorted(key for key, _ in error.trailing_metadata())
    return "\n".join((error.code().name, error.details(), *shown, *keys))


def _like(text: str) -> str:
    """An id of the same form that nobody has."""
    if text.startswith("iso-"):
        return f"iso-{uuid.uuid4().hex[:16]}"
    if len(text) == 64:
        return uuid.uuid4().hex * 2
    return str(uuid.uuid4()) if "-" in text else uuid.uuid4().hex
