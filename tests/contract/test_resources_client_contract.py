"""Every method of the services over resources, through both clients, against a real gRPC server."""

from __future__ import annotations

import itertools
import json
import uuid
from collections import Counter
from collections.abc import Callable
from importlib import resources as package_files
from typing import Any

import grpc
import pytest
from conftest import Each
from google.protobuf import descriptor_pool
from resources_double import Resources
from scoring_double import AWAY, BUSY, Fault

import viva_client
from viva.v1 import (
    answers_pb2,
    interviews_pb2,
    reports_pb2,
    roles_pb2,
    screening_pb2,
    tenants_pb2,
    webhooks_pb2,
)
from viva_client import RetryPolicy
from viva_client.service_config import RETRIED

INTERVIEW = "tenants/-/interviews/i"
CALLS: dict[str, Callable[[Any], Any]] = {
    "Tenants/CreateTenant": lambda c: c.tenants.create(tenants_pb2.Tenant(), tenant_id="acme"),
    "Tenants/GetTenant": lambda c: c.tenants.get("tenants/-"),
    "Tenants/ListTenants": lambda c: c.tenants.list(),
    "Tenants/UpdateTenant": lambda c: c.tenants.update(tenants_pb2.Tenant(display_name="A")),
    "Tenants/CreateApiKey": lambda c: c.tenants.create_api_key(tenants_pb2.ApiKey(scopes=["read"])),
    "Tenants/ListApiKeys": lambda c: c.tenants.list_api_keys(),
    "Tenants/RotateApiKey": lambda c: c.tenants.rotate_api_key("tenants/-/apiKeys/k", overlap_seconds=0),
    "Tenants/RevokeApiKey": lambda c: c.tenants.revoke_api_key("tenants/-/apiKeys/k"),
    "Tenants/ListAuditEntries": lambda c: c.tenants.list_audit_entries(),
    "Tenants/ListUsageRecords": lambda c: c.tenants.list_usage_records(),
    "Tenants/SummarizeUsage": lambda c: c.tenants.summarize_usage(),
    "Roles/CreateRole": lambda c: c.roles.create(roles_pb2.Role(), role_id="trainee"),
    "Roles/GetRole": lambda c: c.roles.get("tenants/-/roles/r"),
    "Roles/ListRoles": lambda c: c.roles.list(),
    "Roles/UpdateRole": lambda c: c.roles.update(roles_pb2.Role(), {"paths": ["display_name"]}),
    "Roles/ArchiveRole": lambda c: c.roles.archive("tenants/-/roles/r"),
    "Roles/GetRoleRevision": lambda c: c.roles.get_revision("tenants/-/roles/r/revisions/1"),
    "Roles/ListRoleRevisions": lambda c: c.roles.list_revisions("tenants/-/roles/r"),
    "Interviews/CreateInterview": lambda c: c.interviews.create(interviews_pb2.Interview()),
    "Interviews/GetInterview": lambda c: c.interviews.get(INTERVIEW),
    "Interviews/ListInterviews": lambda c: c.interviews.list(),
    "Interviews/UpdateInterview": lambda c: c.interviews.update(interviews_pb2.Interview(name=INTERVIEW)),
    "Interviews/CancelInterview": lambda c: c.interviews.cancel(INTERVIEW),
    "Interviews/CloseInterview": lambda c: c.interviews.close(INTERVIEW, etag="e"),
    "Interviews/NextQuestion": lambda c: c.interviews.next_question(INTERVIEW),
    "Candidates/GetCandidate": lambda c: c.candidates.get("tenants/-/candidates/c"),
    "Candidates/ListCandidates": lambda c: c.candidates.list(),
    "Candidates/UpdateCandidate": lambda c: c.candidates.update({"name": "tenants/-/candidates/c"}, allow_missing=True),
    "Candidates/EraseCandidate": lambda c: c.candidates.erase("tenants/-/candidates/c"),
    "Candidates/SetLegalHold": lambda c: c.candidates.set_legal_hold("tenants/-/candidates/c", {"reason": "a matter"}),
    "Answers/SubmitAnswer": lambda c: c.answers.submit(answers_pb2.Answer(text="x"), INTERVIEW),
    "Answers/BatchSubmitAnswers": lambda c: c.answers.batch_submit(requests=[{"parent": INTERVIEW}]),
    "Answers/GetAnswer": lambda c: c.answers.get(f"{INTERVIEW}/answers/a"),
    "Answers/ListAnswers": lambda c: c.answers.list(),
    "Answers/RetryAnswer": lambda c: c.answers.retry(f"{INTERVIEW}/answers/a"),
    "Answers/UploadMedia": lambda c: c.answers.upload_media(b"media"),
    "Answers/GetUpload": lambda c: c.answers.get_upload("tenants/-/uploads/u"),
    "Reports/GetReport": lambda c: c.reports.get(f"{INTERVIEW}/reports/latest"),
    "Reports/ListReports": lambda c: c.reports.list(),
    "Reports/CreateReportLink": lambda c: c.reports.create_link(f"{INTERVIEW}/reports/1", ttl_seconds=60),
    "Reports/GetCandidateFeedback": lambda c: c.reports.get_candidate_feedback(INTERVIEW),
    "Reports/SubmitSatisfaction": lambda c: c.reports.submit_satisfaction(
        reports_pb2.Satisfaction(rating=5), INTERVIEW
    ),
    "Reports/CreateDecision": lambda c: c.reports.create_decision(reports_pb2.Decision(), INTERVIEW),
    "Reports/ListDecisions": lambda c: c.reports.list_decisions(),
    "Reports/CreateContest": lambda c: c.reports.create_contest(reports_pb2.Contest(), INTERVIEW),
    "Reports/ListContests": lambda c: c.reports.list_contests(),
    "Reports/ReviewContest": lambda c: c.reports.review_contest(f"{INTERVIEW}/contests/c", {"verdict": 1}),
    "Screening/CreateScreeningRule": lambda c: c.screening.create(screening_pb2.ScreeningRule()),
    "Screening/GetScreeningRule": lambda c: c.screening.get("tenants/-/screeningRules/s"),
    "Screening/ListScreeningRules": lambda c: c.screening.list(),
    "Screening/UpdateScreeningRule": lambda c: c.screening.update({"name": "tenants/-/screeningRules/s"}),
    "Screening/DeleteScreeningRule": lambda c: c.screening.delete("tenants/-/screeningRules/s"),
    "Screening/TestScreeningRule": lambda c: c.screening.test(screening_pb2.ScreeningRule(), report="r"),
    "Webhooks/CreateWebhookEndpoint": lambda c: c.webhooks.create(webhooks_pb2.WebhookEndpoint()),
    "Webhooks/GetWebhookEndpoint": lambda c: c.webhooks.get("tenants/-/webhookEndpoints/w"),
    "Webhooks/ListWebhookEndpoints": lambda c: c.webhooks.list(),
    "Webhooks/UpdateWebhookEndpoint": lambda c: c.webhooks.update({"name": "tenants/-/webhookEndpoints/w"}),
    "Webhooks/DeleteWebhookEndpoint": lambda c: c.webhooks.delete("tenants/-/webhookEndpoints/w"),
    "Webhooks/RotateWebhookSecret": lambda c: c.webhooks.rotate_secret("tenants/-/webhookEndpoints/w"),
    "Webhooks/ReplayEvents": lambda c: c.webhooks.replay("tenants/-/webhookEndpoints/w", {"seconds": 1}),
    "Webhooks/ListWebhookDeliveries": lambda c: c.webhooks.list_deliveries("tenants/-/webhookEndpoints/w"),
}
SERVICES = ["Tenants", "Roles", "Interviews", "Candidates", "Answers", "Reports", "Screening", "Webhooks"]
STALE = Fault(grpc.StatusCode.ABORTED, "ETAG_MISMATCH", "it has changed")
QUOTA = Fault(
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    "QUOTA_EXCEEDED",
    "no more today",
    retry_s=3600,
    metadata={"quota": "answers_per_day", "limit": "5"},
)


def methods(service: str) -> list[str]:
    found = descriptor_pool.Default().FindServiceByName(f"viva.v1.{service}")
    return [f"{service}/{method.name}" for method in found.methods]


def test_every_method_of_the_contract_has_its_call() -> None:
    every = {name for service in SERVICES for name in methods(service)}
    assert every == {*CALLS, "Reports/WatchReports"}


def test_every_call_reaches_its_method(resources: Resources, each: Each) -> None:
    client = each.connect(resources.address, api_key="k")
    resources.double.uploads["tenants/-/uploads/u"] = bytearray()
    for path, call in CALLS.items():
        each.done(call(client))
        seen = resources.double.seen[-1]
        assert seen.method == path.partition("/")[2]
        assert seen.metadata["authorization"] == "Bearer k"
        fields = seen.request.DESCRIPTOR.fields_by_name
        assert "parent" not in fields or seen.request.parent.startswith("tenants/-"), path
        if "request_id" in fields:
            assert uuid.UUID(seen.request.request_id).version == 4
            assert seen.metadata["x-request-id"] == seen.request.request_id


def test_fields_are_given_by_name_or_in_the_order_of_the_contract(resources: Resources, each: Each) -> None:
    client = each.connect(resources.address)
    role = roles_pb2.Role(display_name="Trainee")
    made = each.done(client.roles.create(role, parent="tenants/acme", role_id="trainee", request_id="mine"))
    assert (made.name, made.display_name) == ("tenants/acme/roles/trainee", "Trainee")
    assert resources.double.seen[-1].request.request_id == "mine"
    each.done(client.roles.update(made, {"paths": ["display_name"]}))
    assert resources.double.seen[-1].request.role.name == "tenants/acme/roles/trainee"
    assert list(resources.double.seen[-1].request.update_mask.paths) == ["display_name"]
    with pytest.raises(ValueError, match="nam"):
        each.done(client.roles.get(nam="x"))
    with pytest.raises(TypeError, match="given twice"):
        each.done(client.roles.get("x", name="x"))
    with pytest.raises(TypeError, match="has 1 fields, 2"):
        each.done(client.roles.get("x", "y"))


@pytest.mark.parametrize("fault", [AWAY, BUSY])
@pytest.mark.parametrize("path", ["Roles/CreateRole", "Answers/SubmitAnswer", "Candidates/EraseCandidate"])
def test_a_creation_is_retried_with_the_same_id(resources: Resources, each: Each, path: str, fault: Fault) -> None:
    method = path.partition("/")[2]
    resources.double.faults[method].extend([fault, fault])
    each.done(CALLS[path](each.connect(resources.address)))
    attempts = resources.double.of(method)
    assert len(attempts) == 3
    assert len({seen.request.request_id for seen in attempts}) == 1


@pytest.mark.parametrize("path", ["Tenants/CreateApiKey", "Webhooks/RotateWebhookSecret", "Roles/UpdateRole"])
def test_what_could_be_done_twice_is_not_retried(resources: Resources, each: Each, path: str) -> None:
    method = path.partition("/")[2]
    resources.double.faults[method].append(AWAY)
    with pytest.raises(viva_client.UnavailableError):
        each.done(CALLS[path](each.connect(resources.address)))
    assert len(resources.double.of(method)) == 1


def test_the_service_config_lists_every_method_once() -> None:
    config = json.loads(package_files.files("viva_client").joinpath("service_config.json").read_text("utf-8"))
    listed = Counter(f"{name['service']}/{name['method']}" for part in config["methodConfig"] for name in part["name"])
    every = {f"viva.v1.{name}" for service in ["Scoring", *SERVICES] for name in methods(service)}
    assert listed == Counter({*every, "google.longrunning.Operations/GetOperation"})


def test_the_service_config_retries_creations_that_have_an_id_and_waits_as_the_client_does() -> None:
    config = json.loads(package_files.files("viva_client").joinpath("service_config.json").read_text("utf-8"))
    for path in CALLS:
        service, _, name = path.partition("/")
        method = descriptor_pool.Default().FindServiceByName(f"viva.v1.{service}").FindMethodByName(name)
        if "request_id" in method.input_type.fields_by_name or name.startswith(("Get", "List")):
            assert f"/viva.v1.{path}" in RETRIED
    (policy,) = (part["retryPolicy"] for part in config["methodConfig"] if "retryPolicy" in part)
    own = RetryPolicy()
    assert policy["initialBackoff"] == f"{own.initial_s:g}s"
    assert policy["maxBackoff"] == f"{own.max_s:g}s"
    assert policy["backoffMultiplier"] == own.multiplier


def test_a_list_reads_a_page_when_it_is_needed(resources: Resources, each: Each) -> None:
    def page(request: Any) -> interviews_pb2.ListInterviewsResponse:
        start = int(request.page_token or 0)
        response = interviews_pb2.ListInterviewsResponse(next_page_token=str(start + 2) if start < 4 else "")
        for number in range(start, min(start + 2, 5)):
            response.interviews.add(name=str(number))
        return response

    resources.double.scripts["ListInterviews"] = page
    client = each.connect(resources.address)
    items = client.interviews.list(filter='state = "STATE_OPEN"', order_by="name", page_size=2)
    assert resources.double.seen == []
    assert [each.next(items).name, each.next(items).name] == ["0", "1"]
    assert len(resources.double.seen) == 1
    resources.double.faults["ListInterviews"].append(AWAY)
    assert [item.name for item in each.done(items)] == ["2", "3", "4"]
    tokens = [seen.request.page_token for seen in resources.double.seen]
    assert [token for token, _ in itertools.groupby(tokens)] == ["", "2", "4"]
    for seen in resources.double.seen:
        assert (seen.request.filter, seen.request.order_by) == ('state = "STATE_OPEN"', "name")
        assert (seen.request.page_size, seen.request.parent) == (2, "tenants/-")
    assert [item.name for item in each.done(client.interviews.list(page_token="4"))] == ["4"]


def test_a_service_can_be_given_another_time(resources: Resources, each: Each) -> None:
    client = each.connect(resources.address, timeout_s=100)
    each.done(client.roles.within(7).get("x"))
    each.done(client.roles.get("x"))
    short, long = (seen.remaining_s for seen in resources.double.seen)
    assert short < 10 < 60 < long < 110


@pytest.mark.parametrize(
    ("fault", "kind", "caught_as"),
    [
        (Fault(grpc.StatusCode.ALREADY_EXISTS, "ALREADY_EXISTS"), "ConflictError", "InvalidArgumentError"),
        (Fault(grpc.StatusCode.FAILED_PRECONDITION, "LEGAL_HOLD"), "FailedPreconditionError", "InvalidArgumentError"),
        (Fault(grpc.StatusCode.PERMISSION_DENIED, "SCOPE_MISSING"), "PermissionDeniedError", "AuthenticationError"),
        (Fault(grpc.StatusCode.ABORTED, "UPLOAD_MISMATCH"), "AbortedError", "VivaError"),
        (STALE, "StaleError", "VivaError"),
        (QUOTA, "OverloadedError", "VivaError"),
    ],
)
def test_each_error_has_its_type(resources: Resources, each: Each, fault: Fault, kind: str, caught_as: str) -> None:
    resources.double.faults["GetRole"].append(fault)
    with pytest.raises(getattr(viva_client, caught_as)) as caught:
        each.done(each.connect(resources.address).roles.get("x"))
    assert type(caught.value).__name__ == kind
    assert caught.value.reason == fault.reason
    assert caught.value.metadata == fault.metadata
    assert len(resources.double.seen) == 1
