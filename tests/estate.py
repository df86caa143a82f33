"""A tenant of a running stack that has one of everything, and a valid request of every call on what it has."""

from __future__ import annotations

import dataclasses
import hashlib
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import grpc
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from deployments.compose.edge import SERVICES
from tests import texts
from viva.v1 import answers_pb2 as answers
from viva.v1 import candidates_pb2 as candidates
from viva.v1 import interviews_pb2 as interviews
from viva.v1 import reports_pb2 as reports
from viva.v1 import roles_pb2 as roles
from viva.v1 import scoring_pb2 as scoring
from viva.v1 import screening_pb2 as screening
from viva.v1 import tenants_pb2 as tenants
from viva.v1 import webhooks_pb2 as webhooks
from viva_client import VivaClient

METHODS: Final[dict[str, MethodDescriptor]] = {one.name: one for service in SERVICES for one in service.methods}
TENANT_SCOPES: Final = ("read", "submit", "review", "manage")
REPORT_S: Final = 60.0
_QUESTIONS: Final = (("conflict", "teamwork"), ("problem", "problem_solving"))
# An address in numbers is not looked up, and an endpoint that is disabled is not posted to.
_ENDPOINT: Final[dict[str, Any]] = {"uri": "https://8.8.8.8/viva", "disabled": True}


def call(channel: grpc.Channel, name: str) -> Any:
    """The call of a name, as the contract describes it; where requests are streamed, it takes a list of them."""
    method = METHODS[name]
    kind = ("stream" if method.client_streaming else "unary", "stream" if method.server_streaming else "unary")
    return getattr(channel, "_".join(kind))(
        f"/{method.containing_service.full_name}/{name}",
        request_serializer=lambda message: message if isinstance(message, bytes) else message.SerializeToString(),
        response_deserializer=message_factory.GetMessageClass(method.output_type).FromString,
    )


def bearer(key: str) -> list[tuple[str, str]]:
    """Metadata of a caller with a key."""
    return [("authorization", f"Bearer {key}")] if key else []


@dataclass(frozen=True, slots=True)
class Estate:
    """What a tenant has: resource names, a key with all of a tenant's scopes, and tokens of its lists.

    Attributes:
        interview: completed, with the first question answered; `live` takes answers.
        candidate: of both, under a legal hold.
        operation: of a batch.
        upload: begun, and not committed.
    """

    tenant: str
    key: str
    api_key: str
    role: str
    revision: str
    candidate: str
    interview: str
    live: str
    answer: str
    report: str
    decision: str
    contest: str
    rule: str
    endpoint: str
    operation: str
    upload: str
    media_sha256: str
    page_token: str
    resume_token: str
    link: str

    @property
    def tenant_id(self) -> str:
        return self.tenant.partition("/")[2]

    @property
    def ids(self) -> tuple[str, ...]:
        """All ids that nobody else has; those that were chosen for it hold the tenant's."""
        found = {part for one in dataclasses.astuple(self) if one.startswith("tenants/") for part in one.split("/")}
        given = sorted(one for one in found if len(one) >= 32)
        return (self.tenant_id, self.media_sha256, *given)


NOBODY: Final = Estate(**{field.name: "" for field in dataclasses.fields(Estate)})
"""For the names of the calls, in the order in which they can be made."""


def build(address: str, tenant_id: str, *, words: str = texts.LEADER, statement: str = "I said more.") -> Estate:
    """Make a tenant with the operator's means, and all that is in it with a key of its own.

    Args:
        words: the answer of its candidate.
        statement: why the candidate contests.
    """
    with VivaClient(address) as operator:
        tenant = operator.tenants.create(tenants.Tenant(display_name=tenant_id), tenant_id=tenant_id).name
        key = operator.tenants.create_api_key(tenants.ApiKey(scopes=TENANT_SCOPES), parent=tenant)
    with VivaClient(address, api_key=key.key) as viva:
        role = viva.roles.create(role_message(tenant_id), role_id=f"clerk-{tenant_id}")
        candidate = f"{tenant}/candidates/c-{tenant_id}"
        made = [_interview(viva, candidate, role.name) for _ in range(2)]
        question = _QUESTIONS[0][0]
        batch = [answers.SubmitAnswerRequest(parent=made[0], answer={"question_id": question, "text": words})]
        operation = viva.answers.batch_submit(requests=batch)
        viva.operations.wait(operation, timeout_s=REPORT_S)
        viva.interviews.close(made[0])
        report = _report(viva, made[0])
        decision = reports.Decision(
            outcome=reports.Decision.OUTCOME_HOLD, reason="To be talked about.", decider="HR", report=report
        )
        contest = reports.Contest(report=report, answer=f"{made[0]}/answers/{question}", statement=statement)
        rule = viva.screening.create(rule_message(), screening_rule_id=f"good-{tenant_id}")
        viva.candidates.set_legal_hold(candidate, candidates.LegalHold(reason="A law suit."))
        content = f"media of {tenant}".encode()
        upload = f"{tenant}/uploads/{uuid.uuid4()}"
        audience = reports.CreateReportLinkRequest.AUDIENCE_CANDIDATE
        with grpc.insecure_channel(address) as channel:
            _upload(channel, key.key, f"{tenant}/uploads/{uuid.uuid4()}", content, commit=True)
            _upload(channel, key.key, upload, content, commit=False)
            page = call(channel, "ListInterviews")(
                interviews.ListInterviewsRequest(parent=tenant, page_size=1), metadata=bearer(key.key)
            )
            watch = call(channel, "WatchReports")(
                reports.WatchReportsRequest(parent=tenant, resume_token="start"), metadata=bearer(key.key)
            )
            resume_token = next(iter(watch)).resume_token
            watch.cancel()
        return Estate(
            tenant=tenant,
            key=key.key,
            api_key=key.api_key.name,
            role=role.name,
            revision=role.revision,
            candidate=candidate,
            interview=made[0],
            live=made[1],
            answer=f"{made[0]}/answers/{question}",
            report=report,
            decision=viva.reports.create_decision(decision, made[0]).name,
            contest=viva.reports.create_contest(contest, made[0]).name,
            rule=rule.name,
            endpoint=viva.webhooks.create(webhooks.WebhookEndpoint(**_ENDPOINT)).name,
            operation=operation.name,
            upload=upload,
            media_sha256=hashlib.sha256(content).hexdigest(),
            page_token=page.next_page_token,
            resume_token=resume_token,
            link=viva.reports.create_link(report, audience=audience).uri,
        )


def role_message(display_name: str) -> roles.Role:
    """A role with two questions."""
    return roles.Role(
        display_name=display_name,
        content=roles.RoleContent(
            competencies=[{"competency": name} for _, name in _QUESTIONS],
            languages=["en"],
            questions=[
                {"question_id": one, "competency": name, "language": "en", "text": f"Tell me of {name}."}
                for one, name in _QUESTIONS
            ],
        ),
    )


def rule_message() -> screening.ScreeningRule:
    """A rule with a test."""
    return screening.ScreeningRule(
        display_name="Good",
        expression="report.overall >= 8.0",
        tests=[screening.ScreeningTest(facts={"report": {"overall": 9.0}}, expected=True)],
    )


def requests_of(own: Estate) -> dict[str, Message | list[Message]]:
    """A valid request of every call, by its name; those that are not repeatable stand last."""
    now, soon = Timestamp(), Timestamp()
    now.GetCurrentTime()
    soon.FromSeconds(int(time.time()) + 86_400)
    interview = {"candidate": own.candidate, "role_revision": own.revision, "deadline_time": soon}
    answer = {"question_id": "conflict", "media_sha256": own.media_sha256}
    decision = {"outcome": 2, "reason": "To be talked about.", "decider": "HR", "report": own.report}
    contest = {"report": own.report, "answer": own.answer, "statement": "I said more."}
    rule = rule_message()
    rule.role = own.role
    kept = screening.ScreeningRule()
    kept.CopyFrom(rule)
    kept.name = own.rule
    config = scoring.AnswerConfig(question="Why?", language="en", competencies=["teamwork"])
    upload_parts: list[Message] = [
        scoring.UploadAnswerRequest(config={"config": config, "kind": 1}),
        scoring.UploadAnswerRequest(chunk=b"no media"),
        scoring.UploadAnswerRequest(commit={"size_bytes": 8, "sha256": hashlib.sha256(b"no media").hexdigest()}),
    ]
    media_parts: list[Message] = [
        answers.UploadMediaRequest(config={"name": own.upload, "interview": own.interview}),
        answers.UploadMediaRequest(chunk=b"no media"),
    ]
    by_name: list[tuple[str, dict[str, Any]]] = [
        ("GetTenant", {"name": own.tenant}),
        ("ListTenants", {"page_size": 2}),
        ("UpdateTenant", {"tenant": {"name": own.tenant, "display_name": "Other"}}),
        ("CreateApiKey", {"parent": own.tenant, "api_key": {"scopes": ["read"], "expire_time": soon}}),
        ("ListApiKeys", {"parent": own.tenant, "page_size": 2}),
        ("ListAuditEntries", {"parent": own.tenant, "page_size": 2}),
        ("ListUsageRecords", {"parent": own.interview, "page_size": 2, "start_time": now}),
        ("SummarizeUsage", {"parent": own.interview, "end_time": soon}),
        ("CreateRole", {"parent": own.tenant, "role": role_message("Clerk")}),
        ("GetRole", {"name": own.role}),
        ("ListRoles", {"parent": own.tenant, "page_size": 2, "filter": 'state = "active"', "order_by": "name"}),
        ("UpdateRole", {"role": {"name": own.role, "display_name": "Other"}}),
        ("GetRoleRevision", {"name": own.revision}),
        ("ListRoleRevisions", {"parent": own.role, "page_size": 2}),
        ("CreateInterview", {"parent": own.tenant, "interview": interview}),
        ("GetInterview", {"name": own.interview}),
        ("ListInterviews", {"parent": own.tenant, "page_size": 1, "filter": f'candidate = "{own.candidate}"'}),
        ("UpdateInterview", {"interview": {"name": own.live, "deadline_time": soon}}),
        ("NextQuestion", {"name": own.live}),
        ("GetCandidate", {"name": own.candidate}),
        ("ListCandidates", {"parent": own.tenant, "page_size": 2}),
        ("UpdateCandidate", {"candidate": {"name": own.candidate, "resume": {"text": "Much."}}}),
        ("SetLegalHold", {"name": own.candidate, "legal_hold": {"reason": "A law suit."}}),
        ("SubmitAnswer", {"parent": own.live, "answer": answer}),
        ("BatchSubmitAnswers", {"parent": own.tenant, "requests": [{"parent": own.live, "answer": answer}]}),
        ("GetAnswer", {"name": own.answer}),
        ("ListAnswers", {"parent": own.interview, "page_size": 2}),
        ("RetryAnswer", {"name": own.answer}),
        ("GetUpload", {"name": own.upload}),
        ("GetOperation", {"name": own.operation}),
        ("ListOperations", {"name": own.tenant, "page_size": 2}),
        ("WaitOperation", {"name": own.operation, "timeout": Duration(seconds=1)}),
        ("CancelOperation", {"name": own.operation}),
        ("GetReport", {"name": own.report}),
        ("ListReports", {"parent": own.interview, "page_size": 2, "order_by": "overall desc"}),
        ("WatchReports", {"parent": own.tenant, "resume_token": own.resume_token}),
        ("CreateReportLink", {"name": own.report, "ttl_seconds": 60}),
        ("GetCandidateFeedback", {"name": own.interview}),
        ("SubmitSatisfaction", {"parent": own.interview, "satisfaction": {"rating": 4, "comment": "Well."}}),
        ("CreateDecision", {"parent": own.interview, "decision": decision}),
        ("ListDecisions", {"parent": own.interview, "page_size": 2}),
        ("CreateContest", {"parent": own.interview, "contest": contest}),
        ("ListContests", {"parent": own.interview, "page_size": 2}),
        (
            "ReviewContest",
            {"name": own.contest, "review": {"verdict": 1, "reason": "It was heard well.", "reviewer": "HR"}},
        ),
        ("CreateScreeningRule", {"parent": own.tenant, "screening_rule": rule}),
        ("GetScreeningRule", {"name": own.rule}),
        ("ListScreeningRules", {"parent": own.tenant, "page_size": 2, "filter": f'role = "{own.role}"'}),
        ("UpdateScreeningRule", {"screening_rule": kept}),
        ("TestScreeningRule", {"parent": own.tenant, "screening_rule": rule, "report": own.report}),
        ("CreateWebhookEndpoint", {"parent": own.tenant, "webhook_endpoint": _ENDPOINT}),
        ("GetWebhookEndpoint", {"name": own.endpoint}),
        ("ListWebhookEndpoints", {"parent": own.tenant, "page_size": 2}),
        ("UpdateWebhookEndpoint", {"webhook_endpoint": {"name": own.endpoint, **_ENDPOINT}}),
        ("RotateWebhookSecret", {"name": own.endpoint}),
        ("ReplayEvents", {"name": own.endpoint, "start_time": now}),
        ("ListWebhookDeliveries", {"parent": own.endpoint, "page_size": 2}),
        ("ScoreAnswer", {"config": config, "text": "We did it together."}),
        ("RenderReport", {"assessment": {"language": "en", "overall": {"score": 5.0}}, "language": "en"}),
        ("CreateTenant", {"tenant_id": own.tenant.partition("/")[2], "tenant": {"display_name": "Twice"}}),
        ("RotateApiKey", {"name": own.api_key}),
        ("CancelInterview", {"name": own.live}),
        ("CloseInterview", {"name": own.live}),
        ("ArchiveRole", {"name": own.role}),
        ("DeleteScreeningRule", {"name": own.rule}),
        ("DeleteWebhookEndpoint", {"name": own.endpoint}),
        ("DeleteOperation", {"name": own.operation}),
        ("EraseCandidate", {"name": own.candidate}),
        ("RevokeApiKey", {"name": own.api_key}),
    ]
    made: dict[str, Message | list[Message]] = {
        name: message_factory.GetMessageClass(METHODS[name].input_type)(**fields) for name, fields in by_name
    }
    return {"UploadAnswer": upload_parts, "UploadMedia": media_parts, **made}


def _interview(viva: VivaClient, candidate: str, role: str) -> str:
    given = interviews.Interview(candidate=candidate, role_revision=role)
    given.consents.analysis = given.consents.voice = True
    given.consents.notice_time.GetCurrentTime()
    return viva.interviews.create(given).name


def _report(viva: VivaClient, interview: str) -> str:
    deadline = time.monotonic() + REPORT_S
    while time.monotonic() < deadline:
        if name := viva.interviews.get(interview).report:
            return name
        time.sleep(0.05)
    raise AssertionError(f"{interview} has no report")


def _upload(channel: grpc.Channel, key: str, name: str, content: bytes, *, commit: bool) -> None:
    def parts() -> Iterator[Message]:
        yield answers.UploadMediaRequest(config={"name": name})
        yield answers.UploadMediaRequest(chunk=content)
        if commit:
            sha256 = hashlib.sha256(content).hexdigest()
            yield answers.UploadMediaRequest(commit={"size_bytes": len(content), "sha256": sha256})

    try:
        call(channel, "UploadMedia")(parts(), metadata=bearer(key))
    except grpc.RpcError as error:
        assert not commit and error.code() is grpc.StatusCode.ABORTED, error
