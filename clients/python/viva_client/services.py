"""The services of the API: which methods there are, what they take and what they return.

What each does, and what every field means, is in the contract (`clients/proto/viva/v1`), in the file named as the
service. A `parent` that is left out is the caller's own tenant, or all interviews of it where a list allows that.
"""

from __future__ import annotations

from typing import Final, Generic

from google.longrunning import operations_pb2

from viva.v1 import answers_pb2 as answers
from viva.v1 import candidates_pb2 as candidates
from viva.v1 import interviews_pb2 as interviews
from viva.v1 import reports_pb2 as reports
from viva.v1 import roles_pb2 as roles
from viva.v1 import screening_pb2 as screening
from viva.v1 import tenants_pb2 as tenants
from viva.v1 import webhooks_pb2 as webhooks
from viva_client import flows
from viva_client.flows import Pending
from viva_client.methods import Listing, Method, Service, SomeRunner, Watching, creation, plain, unary

_OWN: Final = "tenants/-"
_ALL_INTERVIEWS: Final = "tenants/-/interviews/-"


class Tenants(Service[SomeRunner]):
    """Employers, their keys, what they used and what was done."""

    _path: Final = "/viva.v1.Tenants"
    create = creation(f"{_path}/CreateTenant", tenants.CreateTenantRequest, tenants.Tenant, tenants.Tenant)
    get = plain(f"{_path}/GetTenant", tenants.GetTenantRequest, tenants.Tenant)
    list = Listing(
        f"{_path}/ListTenants", tenants.ListTenantsRequest, tenants.ListTenantsResponse, lambda page: page.tenants
    )
    update = plain(f"{_path}/UpdateTenant", tenants.UpdateTenantRequest, tenants.Tenant)
    create_api_key = creation(
        f"{_path}/CreateApiKey",
        tenants.CreateApiKeyRequest,
        tenants.ApiKey,
        tenants.CreateApiKeyResponse,
        parent=_OWN,
    )
    list_api_keys = Listing(
        f"{_path}/ListApiKeys",
        tenants.ListApiKeysRequest,
        tenants.ListApiKeysResponse,
        lambda page: page.api_keys,
        parent=_OWN,
    )
    rotate_api_key = plain(f"{_path}/RotateApiKey", tenants.RotateApiKeyRequest, tenants.CreateApiKeyResponse)
    revoke_api_key = plain(f"{_path}/RevokeApiKey", tenants.RevokeApiKeyRequest, tenants.ApiKey)
    list_audit_entries = Listing(
        f"{_path}/ListAuditEntries",
        tenants.ListAuditEntriesRequest,
        tenants.ListAuditEntriesResponse,
        lambda page: page.audit_entries,
        parent=_OWN,
    )
    list_usage_records = Listing(
        f"{_path}/ListUsageRecords",
        tenants.ListUsageRecordsRequest,
        tenants.ListUsageRecordsResponse,
        lambda page: page.usage_records,
        parent=_OWN,
    )
    summarize_usage = plain(f"{_path}/SummarizeUsage", tenants.SummarizeUsageRequest, tenants.UsageSummary, parent=_OWN)


class Roles(Service[SomeRunner]):
    """Jobs that are interviewed for."""

    _path: Final = "/viva.v1.Roles"
    create = creation(f"{_path}/CreateRole", roles.CreateRoleRequest, roles.Role, roles.Role, parent=_OWN)
    get = plain(f"{_path}/GetRole", roles.GetRoleRequest, roles.Role)
    list = Listing(
        f"{_path}/ListRoles", roles.ListRolesRequest, roles.ListRolesResponse, lambda page: page.roles, parent=_OWN
    )
    update = plain(f"{_path}/UpdateRole", roles.UpdateRoleRequest, roles.Role)
    archive = plain(f"{_path}/ArchiveRole", roles.ArchiveRoleRequest, roles.Role)
    get_revision = plain(f"{_path}/GetRoleRevision", roles.GetRoleRevisionRequest, roles.RoleRevision)
    list_revisions = Listing(
        f"{_path}/ListRoleRevisions",
        roles.ListRoleRevisionsRequest,
        roles.ListRoleRevisionsResponse,
        lambda page: page.role_revisions,
    )


class Interviews(Service[SomeRunner]):
    """One candidate, one revision of a role, and the questions that were assigned."""

    _path: Final = "/viva.v1.Interviews"
    create = creation(
        f"{_path}/CreateInterview",
        interviews.CreateInterviewRequest,
        interviews.Interview,
        interviews.Interview,
        parent=_OWN,
    )
    get = plain(f"{_path}/GetInterview", interviews.GetInterviewRequest, interviews.Interview)
    list = Listing(
        f"{_path}/ListInterviews",
        interviews.ListInterviewsRequest,
        interviews.ListInterviewsResponse,
        lambda page: page.interviews,
        parent=_OWN,
    )
    update = plain(f"{_path}/UpdateInterview", interviews.UpdateInterviewRequest, interviews.Interview)
    cancel = plain(f"{_path}/CancelInterview", interviews.CancelInterviewRequest, interviews.Interview)
    close = plain(f"{_path}/CloseInterview", interviews.CloseInterviewRequest, interviews.Interview)
    next_question = plain(f"{_path}/NextQuestion", interviews.NextQuestionRequest, interviews.NextQuestionResponse)


class Candidates(Service[SomeRunner]):
    """Candidate files, and the right to be forgotten."""

    _path: Final = "/viva.v1.Candidates"
    get = plain(f"{_path}/GetCandidate", candidates.GetCandidateRequest, candidates.Candidate)
    list = Listing(
        f"{_path}/ListCandidates",
        candidates.ListCandidatesRequest,
        candidates.ListCandidatesResponse,
        lambda page: page.candidates,
        parent=_OWN,
    )
    update = plain(f"{_path}/UpdateCandidate", candidates.UpdateCandidateRequest, candidates.Candidate)
    erase = unary(
        f"{_path}/EraseCandidate",
        candidates.EraseCandidateRequest,
        operations_pb2.Operation,
        lambda operation: Pending(operation, candidates.ErasureReceipt, candidates.EraseCandidateMetadata),
    )
    set_legal_hold = plain(f"{_path}/SetLegalHold", candidates.SetLegalHoldRequest, candidates.Candidate)


class Answers(Service[SomeRunner]):
    """Answers of interviews, and their media."""

    _path: Final = "/viva.v1.Answers"
    submit = creation(f"{_path}/SubmitAnswer", answers.SubmitAnswerRequest, answers.Answer, answers.Answer)
    batch_submit = unary(
        f"{_path}/BatchSubmitAnswers",
        answers.BatchSubmitAnswersRequest,
        operations_pb2.Operation,
        lambda operation: Pending(operation, answers.BatchSubmitAnswersResponse, answers.BatchSubmitAnswersMetadata),
        parent=_OWN,
    )
    get = plain(f"{_path}/GetAnswer", answers.GetAnswerRequest, answers.Answer)
    list = Listing(
        f"{_path}/ListAnswers",
        answers.ListAnswersRequest,
        answers.ListAnswersResponse,
        lambda page: page.answers,
        parent=_ALL_INTERVIEWS,
    )
    retry = plain(f"{_path}/RetryAnswer", answers.RetryAnswerRequest, answers.Answer)
    upload_media = Method(flows.upload_media)
    get_upload = plain(f"{_path}/GetUpload", answers.GetUploadRequest, answers.Upload)


class Reports(Service[SomeRunner]):
    """Reports, what people decided on them, and what candidates get to see."""

    _path: Final = "/viva.v1.Reports"
    get = plain(f"{_path}/GetReport", reports.GetReportRequest, reports.Report)
    list = Listing(
        f"{_path}/ListReports",
        reports.ListReportsRequest,
        reports.ListReportsResponse,
        lambda page: page.reports,
        parent=_ALL_INTERVIEWS,
    )
    watch = Watching(f"{_path}/WatchReports", reports.WatchReportsRequest, parent=_OWN)
    create_link = plain(f"{_path}/CreateReportLink", reports.CreateReportLinkRequest, reports.ReportLink)
    get_candidate_feedback = plain(
        f"{_path}/GetCandidateFeedback", reports.GetCandidateFeedbackRequest, reports.CandidateFeedback
    )
    submit_satisfaction = creation(
        f"{_path}/SubmitSatisfaction", reports.SubmitSatisfactionRequest, reports.Satisfaction, reports.Satisfaction
    )
    create_decision = creation(
        f"{_path}/CreateDecision", reports.CreateDecisionRequest, reports.Decision, reports.Decision
    )
    list_decisions = Listing(
        f"{_path}/ListDecisions",
        reports.ListDecisionsRequest,
        reports.ListDecisionsResponse,
        lambda page: page.decisions,
        parent=_ALL_INTERVIEWS,
    )
    create_contest = creation(f"{_path}/CreateContest", reports.CreateContestRequest, reports.Contest, reports.Contest)
    list_contests = Listing(
        f"{_path}/ListContests",
        reports.ListContestsRequest,
        reports.ListContestsResponse,
        lambda page: page.contests,
        parent=_ALL_INTERVIEWS,
    )
    review_contest = plain(f"{_path}/ReviewContest", reports.ReviewContestRequest, reports.Contest)


class Screening(Service[SomeRunner]):
    """Rules that recommend, and never reject."""

    _path: Final = "/viva.v1.Screening"
    create = creation(
        f"{_path}/CreateScreeningRule",
        screening.CreateScreeningRuleRequest,
        screening.ScreeningRule,
        screening.ScreeningRule,
        parent=_OWN,
    )
    get = plain(f"{_path}/GetScreeningRule", screening.GetScreeningRuleRequest, screening.ScreeningRule)
    list = Listing(
        f"{_path}/ListScreeningRules",
        screening.ListScreeningRulesRequest,
        screening.ListScreeningRulesResponse,
        lambda page: page.screening_rules,
        parent=_OWN,
    )
    update = plain(f"{_path}/UpdateScreeningRule", screening.UpdateScreeningRuleRequest, screening.ScreeningRule)
    delete = plain(f"{_path}/DeleteScreeningRule", screening.DeleteScreeningRuleRequest, screening.ScreeningRule)
    test = creation(
        f"{_path}/TestScreeningRule",
        screening.TestScreeningRuleRequest,
        screening.ScreeningRule,
        screening.Recommendation,
        parent=_OWN,
    )


class Webhooks(Service[SomeRunner]):
    """Where events are posted; `viva_client.verify_webhook` checks what arrives."""

    _path: Final = "/viva.v1.Webhooks"
    create = creation(
        f"{_path}/CreateWebhookEndpoint",
        webhooks.CreateWebhookEndpointRequest,
        webhooks.WebhookEndpoint,
        webhooks.WebhookEndpoint,
        parent=_OWN,
    )
    get = plain(f"{_path}/GetWebhookEndpoint", webhooks.GetWebhookEndpointRequest, webhooks.WebhookEndpoint)
    list = Listing(
        f"{_path}/ListWebhookEndpoints",
        webhooks.ListWebhookEndpointsRequest,
        webhooks.ListWebhookEndpointsResponse,
        lambda page: page.webhook_endpoints,
        parent=_OWN,
    )
    update = plain(f"{_path}/UpdateWebhookEndpoint", webhooks.UpdateWebhookEndpointRequest, webhooks.WebhookEndpoint)
    delete = plain(f"{_path}/DeleteWebhookEndpoint", webhooks.DeleteWebhookEndpointRequest, webhooks.WebhookEndpoint)
    rotate_secret = plain(f"{_path}/RotateWebhookSecret", webhooks.RotateWebhookSecretRequest, webhooks.WebhookEndpoint)
    replay = plain(f"{_path}/ReplayEvents", webhooks.ReplayEventsRequest, webhooks.ReplayEventsResponse)
    list_deliveries = Listing(
        f"{_path}/ListWebhookDeliveries",
        webhooks.ListWebhookDeliveriesRequest,
        webhooks.ListWebhookDeliveriesResponse,
        lambda page: page.webhook_deliveries,
    )


class Operations(Service[SomeRunner]):
    """Long work: of `answers.batch_submit` and `candidates.erase`."""

    get = Method(flows.get_operation)
    wait = Method(flows.wait)


class Services(Generic[SomeRunner]):
    """All services, on one client."""

    def __init__(self, runner: SomeRunner) -> None:
        self.tenants: Tenants[SomeRunner] = Tenants(runner)
        self.roles: Roles[SomeRunner] = Roles(runner)
        self.interviews: Interviews[SomeRunner] = Interviews(runner)
        self.candidates: Candidates[SomeRunner] = Candidates(runner)
        self.answers: Answers[SomeRunner] = Answers(runner)
        self.reports: Reports[SomeRunner] = Reports(runner)
        self.screening: Screening[SomeRunner] = Screening(runner)
        self.webhooks: Webhooks[SomeRunner] = Webhooks(runner)
        self.operations: Operations[SomeRunner] = Operations(runner)
