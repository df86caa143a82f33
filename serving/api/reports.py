"""`viva.v1.Reports`; what people do with reports is in reviews.py."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import ClassVar, Final

from google.protobuf.descriptor import ServiceDescriptor

from serving.api import fields, links, messages, resources, watching
from serving.api.admission import Lane
from serving.api.feedback import assessments_of, candidate_feedback
from serving.api.reviews import INTERVIEW, REPORT, ReviewCalls
from serving.domain import names
from serving.domain.competency import Language
from serving.domain.errors import Forbidden, NotAllowedNow, NotFound
from serving.domain.fields import invalid
from serving.domain.interview import Interview
from serving.domain.report import Audience, Report, ReportLink
from serving.domain.tenant import Caller, Scope
from serving.records.ports import Bell, Database, LinkSecrets, Transaction
from serving.records.screening_ports import RuleEngine
from viva.v1 import reports_pb2 as pb

_LATEST: Final = "latest"
_TTL_S: Final = (60, 2_592_000)
_DEFAULT_TTL_S: Final = 86_400


class ReportService(ReviewCalls):
    """Reports: read, watched, linked to, and what people decide on them.

    Args:
        base_url: where the pages are served, without a slash at its end; empty where they are not.
        watchers: bounds the streams that are open at a time.
    """

    DESCRIPTOR: ClassVar[ServiceDescriptor] = pb.DESCRIPTOR.services_by_name["Reports"]
    SCOPES: ClassVar[Mapping[str, Scope]] = {
        "GetReport": Scope.READ,
        "ListReports": Scope.READ,
        "WatchReports": Scope.READ,
        "CreateReportLink": Scope.READ,
        "GetCandidateFeedback": Scope.READ,
        "SubmitSatisfaction": Scope.SUBMIT,
        "CreateDecision": Scope.REVIEW,
        "ListDecisions": Scope.READ,
        "CreateContest": Scope.SUBMIT,
        "ListContests": Scope.READ,
        "ReviewContest": Scope.REVIEW,
    }

    def __init__(
        self,
        database: Database,
        rules: RuleEngine,
        bell: Bell,
        secrets: LinkSecrets,
        base_url: str,
        watchers: Lane,
    ) -> None:
        super().__init__(database, rules, bell)
        self._watchers = watchers
        self._secrets = secrets
        self._base_url = base_url

    async def get_report(self, request: pb.GetReportRequest, caller: Caller) -> pb.Report:
        """`GetReport`."""
        name = resources.name(request, caller, REPORT)
        async with self._database.transaction(caller.tenant) as tx:
            report = await _found(tx, name)
            assessments = await assessments_of(tx, report)
        message = messages.to_message(report, pb.Report())
        for one in message.answers:
            if one.answer in assessments:
                one.assessment.CopyFrom(assessments[one.answer])
        return message

    async def list_reports(self, request: pb.ListReportsRequest, caller: Caller) -> pb.ListReportsResponse:
        """`ListReports`."""
        query = resources.query(request, resources.parent(request, caller, INTERVIEW, wildcard=True))
        async with self._database.transaction(caller.tenant) as tx:
            page = await tx.page(Report, query)
        return resources.fill_page(pb.ListReportsResponse(), "reports", page)

    async def watch_reports(
        self, request: pb.WatchReportsRequest, caller: Caller
    ) -> AsyncIterator[pb.WatchReportsResponse]:
        """`WatchReports`."""
        resources.parent(request, caller)
        with self._watchers.place():
            async for response in watching.watch(self._database, caller.tenant, request.resume_token):
                yield response

    async def create_report_link(self, request: pb.CreateReportLinkRequest, caller: Caller) -> pb.ReportLink:
        """`CreateReportLink`."""
        name = resources.name(request, caller, REPORT)
        audience, ttl_s = _audience(request, caller), _ttl_s(request)
        language = fields.language(request.language, "language")
        if not self._base_url:
            raise NotAllowedNow("the operator has switched the page server off")
        secret = await self._secrets.link_secret()
        async with self._database.transaction(caller.tenant) as tx:
            report = await _found(tx, name)
            expires = (tx.now + timedelta(seconds=ttl_s)).replace(microsecond=0)
            await tx.audit(caller, "CreateReportLink", report.name)
        token = links.to_token(links.Link(report.name, audience, language or _language(report), expires), secret)
        return messages.to_message(ReportLink(f"{self._base_url}/r/{token}", expires), pb.ReportLink())

    async def get_candidate_feedback(
        self, request: pb.GetCandidateFeedbackRequest, caller: Caller
    ) -> pb.CandidateFeedback:
        """`GetCandidateFeedback`."""
        name = resources.name(request, caller, INTERVIEW)
        async with self._database.transaction(caller.tenant) as tx:
            interview = await tx.get(Interview, name)
            if not interview.report:
                raise NotAllowedNow(f"the interview is {interview.state.value} and has no report", field="name")
            report = await tx.get(Report, interview.report)
            feedback = await candidate_feedback(tx, interview, report, _language(report))
        return messages.to_message(feedback, pb.CandidateFeedback())


async def _found(tx: Transaction, name: str) -> Report:
    """The report of a name, where `latest` stands for the newest. Raises `NotFound`."""
    if names.id_of(name) == _LATEST:
        interview = await tx.get(Interview, names.parent_of(name))
        if not interview.report:
            raise NotFound(f"{interview.name} has no report", field="name")
        name = interview.report
    return await tx.get(Report, name)


def _audience(request: pb.CreateReportLinkRequest, caller: Caller) -> Audience:
    if request.audience not in pb.CreateReportLinkRequest.Audience.values():
        raise invalid("audience", f"has an unknown value {request.audience}")
    if request.audience != pb.CreateReportLinkRequest.AUDIENCE_CANDIDATE:
        return Audience.RECRUITER
    if Scope.SUBMIT not in caller.scopes:  # by the page's forms, whoever has the link submits
        raise Forbidden(
            f"a candidate's link needs the scope {Scope.SUBMIT.value}", metadata={"scope": Scope.SUBMIT.value}
        )
    return Audience.CANDIDATE


def _ttl_s(request: pb.CreateReportLinkRequest) -> int:
    least, most = _TTL_S
    if request.ttl_seconds and not least <= request.ttl_seconds <= most:
        raise invalid("ttl_seconds", f"is {request.ttl_seconds}, it must be {least} to {most}", limit=most)
    return request.ttl_seconds or _DEFAULT_TTL_S


def _language(report: Report) -> Language:
    return "zh" if report.language == "zh" else "en"
