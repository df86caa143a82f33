"""`viva.v1.Interviews`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import ClassVar, Final

from google.protobuf.descriptor import ServiceDescriptor

from serving.api import messages, resources
from serving.domain import fields, names
from serving.domain.errors import InvalidRequest, NotAllowedNow, Reason
from serving.domain.fields import invalid
from serving.domain.interview import Interview, InterviewState
from serving.domain.submission import Submission
from serving.domain.tenant import Caller, Scope
from serving.records import interviews, policy
from serving.records.ports import Bell, Database, Transaction
from serving.records.screening_ports import RuleEngine
from viva.v1 import interviews_pb2 as pb

PATTERN: Final = "tenants/*/interviews/*"
_CHANGEABLE: Final = ("deadline_time", "consents", "priority")


class InterviewService:
    """Interviews, from the invitation to the report."""

    DESCRIPTOR: ClassVar[ServiceDescriptor] = pb.DESCRIPTOR.services_by_name["Interviews"]
    SCOPES: ClassVar[Mapping[str, Scope]] = {
        "CreateInterview": Scope.SUBMIT,
        "GetInterview": Scope.READ,
        "ListInterviews": Scope.READ,
        "UpdateInterview": Scope.SUBMIT,
        "CancelInterview": Scope.SUBMIT,
        "CloseInterview": Scope.SUBMIT,
        "NextQuestion": Scope.SUBMIT,
    }

    def __init__(self, database: Database, rules: RuleEngine, bell: Bell) -> None:
        self._database = database
        self._rules = rules
        self._bell = bell

    async def create_interview(self, request: pb.CreateInterviewRequest, caller: Caller) -> pb.Interview:
        """`CreateInterview`."""
        parent = resources.parent(request, caller)
        given = resources.read(request.interview, Interview, "interview")
        policy.check_jurisdictions(given.jurisdictions, "interview.jurisdictions")
        given = dataclasses.replace(
            given,
            name=resources.new_name(parent, "interviews", request.interview_id, "interview_id"),
            candidate=names.check(given.candidate, "tenants/*/candidates/*", caller.tenant, "interview.candidate"),
            role_revision=_role(given.role_revision, caller),
        )
        async with self._database.transaction(caller.tenant) as tx:
            made = await resources.once(
                tx, caller, request, given.name, Interview, lambda: interviews.open_interview(tx, given)
            )
        self._bell.ring()
        return messages.to_message(made, pb.Interview())

    async def get_interview(self, request: pb.GetInterviewRequest, caller: Caller) -> pb.Interview:
        """`GetInterview`."""
        name = resources.name(request, caller, PATTERN)
        async with self._database.transaction(caller.tenant) as tx:
            interview = await tx.get(Interview, name)
            answered = {answer.question_id: answer.name for answer in await tx.children(Submission, name)}
        questions = tuple(
            dataclasses.replace(question, answer=answered.get(question.question_id, ""))
            for question in interview.questions
        )
        return messages.to_message(dataclasses.replace(interview, questions=questions), pb.Interview())

    async def list_interviews(self, request: pb.ListInterviewsRequest, caller: Caller) -> pb.ListInterviewsResponse:
        """`ListInterviews`."""
        query = resources.query(request, resources.parent(request, caller))
        async with self._database.transaction(caller.tenant) as tx:
            page = await tx.page(Interview, query)
        return resources.fill_page(pb.ListInterviewsResponse(), "interviews", page)

    async def update_interview(self, request: pb.UpdateInterviewRequest, caller: Caller) -> pb.Interview:
        """`UpdateInterview`."""
        name = names.check(request.interview.name, PATTERN, caller.tenant, "interview.name")
        async with self._database.transaction(caller.tenant) as tx:
            current = await tx.get(Interview, name, lock=True)
            changed = messages.merged(current, request.interview, request.update_mask, _CHANGEABLE, "interview")
            fields.check(changed, "interview")
            moved = changed.deadline_time if changed.deadline_time != current.deadline_time else None
            if moved is not None and moved <= tx.now:
                raise invalid("interview.deadline_time", "has passed")
            if current.state not in (InterviewState.OPEN, InterviewState.SCORING):
                raise NotAllowedNow(
                    f"the interview is {current.state.value}", reason=Reason.INTERVIEW_NOT_OPEN, field="interview.name"
                )
            if changed.consents != current.consents:
                changed = await interviews.change_consents(tx, changed)
            updated = await tx.replace(changed, request.interview.etag)
            updated = await interviews.settle(tx, updated, self._rules)
            await tx.audit(caller, "UpdateInterview", name)
        self._bell.ring()
        return messages.to_message(updated, pb.Interview())

    async def cancel_interview(self, request: pb.CancelInterviewRequest, caller: Caller) -> pb.Interview:
        """`CancelInterview`."""
        name = resources.name(request, caller, PATTERN)
        async with self._database.transaction(caller.tenant) as tx:
            current = await _locked(tx, name, request.etag)
            ended = await interviews.cancel(tx, current)
            await tx.audit(caller, "CancelInterview", name)
        return messages.to_message(ended, pb.Interview())

    async def close_interview(self, request: pb.CloseInterviewRequest, caller: Caller) -> pb.Interview:
        """`CloseInterview`."""
        name = resources.name(request, caller, PATTERN)
        async with self._database.transaction(caller.tenant) as tx:
            current = await _locked(tx, name, request.etag)
            ended = await interviews.close(tx, current, self._rules)
            await tx.audit(caller, "CloseInterview", name)
        self._bell.ring()
        return messages.to_message(ended, pb.Interview())

    async def next_question(self, request: pb.NextQuestionRequest, caller: Caller) -> pb.NextQuestionResponse:
        """`NextQuestion`."""
        name = resources.name(request, caller, PATTERN)
        async with self._database.transaction(caller.tenant) as tx:
            interview = await tx.get(Interview, name)
            answers = await tx.children(Submission, name)
        answered = {answer.question_id for answer in answers}
        response = pb.NextQuestionResponse(pending=any(one.state not in interviews.FINAL for one in answers))
        if interview.state is InterviewState.OPEN:
            for question in interview.questions:
                if question.question_id not in answered:
                    messages.to_message(question, response.question)
                    break
        return response


async def _locked(tx: Transaction, name: str, etag: str) -> Interview:
    """The interview, held until the transaction ends. Raises `Stale`."""
    current = await tx.get(Interview, name, lock=True)
    resources.check_etag(current, etag)
    return current


def _role(name: str, caller: Caller) -> str:
    """Name of a role, or of a revision."""
    pattern = "tenants/*/roles/*/revisions/*" if "/revisions/" in name else "tenants/*/roles/*"
    try:
        return names.check(name, pattern, caller.tenant, "interview.role_revision")
    except InvalidRequest as error:
        raise invalid("interview.role_revision", "must be the name of a role or of a revision") from error
