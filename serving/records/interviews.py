"""Interviews: opened with questions and a policy, decided again when consent changes, ended with a report."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from serving.domain import names
from serving.domain.candidate import Candidate
from serving.domain.errors import InvalidRequest, NotAllowedNow, NotFound, Reason
from serving.domain.fields import invalid
from serving.domain.interview import Interview, InterviewState
from serving.domain.policy import PolicyDecision
from serving.domain.role import Role, RoleRevision, RoleState
from serving.domain.submission import AnswerState, Submission
from serving.domain.tenant import Tenant
from serving.records import events, policy, rescoring
from serving.records.ports import Transaction
from serving.records.questions.follow_ups import next_follow_up
from serving.records.questions.selection import assign
from serving.records.reports import write_report
from serving.records.screening_ports import RuleEngine
from serving.records.work import score_job

FINAL: Final = (AnswerState.SCORED, AnswerState.FAILED, AnswerState.CANCELLED)
_MISSING: Final = {
    "analysis_consent": Reason.CONSENT_MISSING,
    "notice": Reason.NOTICE_MISSING,
    "bias_audit": Reason.AUDIT_MISSING,
}


async def open_interview(tx: Transaction, given: Interview) -> Interview:
    """Store a new interview: with questions of its role, and what policy says of it.

    Args:
        given: its fields checked one by one; candidate and role are names of this tenant.

    Raises:
        NotFound: there is no such role or revision; names the field.
        NotAllowedNow: the role is archived, or the candidate is being erased.
        InvalidRequest: the language is not the role's, or the deadline has passed.
    """
    if given.deadline_time is not None and given.deadline_time <= tx.now:
        raise invalid("interview.deadline_time", "has passed")
    revision = await _revision(tx, given.role_revision)
    language = given.language or revision.content.languages[0]
    if language not in revision.content.languages:
        raise InvalidRequest(
            f"interview.language is {language[:20]!r}; the role's are {', '.join(revision.content.languages)}",
            reason=Reason.UNKNOWN_LANGUAGE,
            field="interview.language",
            metadata={"supported": ",".join(revision.content.languages)},
        )
    candidate = await _candidate(tx, given.candidate)
    interview = dataclasses.replace(
        given,
        role_revision=revision.name,
        language=language,
        questions=assign(revision.content, language=language, candidate=candidate),
    )
    tenant = await tx.get(Tenant, f"tenants/{names.tenant_of(given.name)}")
    decision = decided(interview, tenant, candidate, tx.now)
    interview = await tx.insert(dataclasses.replace(interview, policy=decision))
    await tx.emit(events.interview_created(interview, tx.now))
    return interview


async def decide(tx: Transaction, interview: Interview) -> PolicyDecision:
    """What policy says of an interview as things are now."""
    tenant = await tx.get(Tenant, f"tenants/{names.tenant_of(interview.name)}")
    return decided(interview, tenant, await tx.find(Candidate, interview.candidate), tx.now)


def decided(interview: Interview, tenant: Tenant, candidate: Candidate | None, now: datetime) -> PolicyDecision:
    """What policy says of an interview at a time; without a candidate's file nobody needs anything."""
    return policy.decide(
        tenant=tenant,
        jurisdictions=interview.jurisdictions,
        consents=interview.consents,
        accommodations=candidate.accommodations if candidate else None,
        now=now,
    )


def check_obligations(decision: PolicyDecision) -> None:
    """Raise `NotAllowedNow` for what must be there before an answer is taken."""
    for one in decision.missing:
        where = f" ({one.jurisdiction}: {one.source})" if one.jurisdiction else ""
        raise NotAllowedNow(
            f"{one.name} is missing{where}",
            reason=_MISSING[one.name],
            field=f"interview.{one.name}",
            metadata={"obligation": one.name, "jurisdiction": one.jurisdiction},
        )


def check_open(interview: Interview, now: datetime) -> None:
    """Raise `NotAllowedNow` unless the interview takes answers."""
    if interview.state is not InterviewState.OPEN:
        raise NotAllowedNow(
            f"the interview is {interview.state.value}", reason=Reason.INTERVIEW_NOT_OPEN, field="parent"
        )
    if interview.deadline_time is not None and interview.deadline_time < now:
        raise NotAllowedNow(
            f"the deadline was {interview.deadline_time.isoformat()}", reason=Reason.DEADLINE_PASSED, field="parent"
        )


def check_not_erased(candidate: Candidate) -> None:
    """Raise `NotAllowedNow` while a candidate is being erased: nothing more is stored of them then."""
    if candidate.erasure:
        raise NotAllowedNow(
            "the candidate is being erased", field="candidate", metadata={"operation": candidate.erasure}
        )


async def change_consents(tx: Transaction, interview: Interview) -> Interview:
    """Decide again for consents that have changed; the interview is locked, and still to be stored.

    Answers that wait, or that somebody works on, begin anew under the new decision: whoever has one cannot store what
    it found. Where analysis itself is refused, they are cancelled.
    """
    interview = dataclasses.replace(interview, policy=await decide(tx, interview))
    refused = any(one.name == "analysis_consent" for one in interview.policy.missing)
    for answer in await tx.children(Submission, interview.name):
        if answer.state in FINAL:
            continue
        await tx.cancel(answer.name)
        if refused:
            await tx.replace(dataclasses.replace(answer, state=AnswerState.CANCELLED, end_time=tx.now))
        else:
            await tx.enqueue([score_job(answer)])
    return interview


async def cancel(tx: Transaction, interview: Interview, state: InterviewState = InterviewState.CANCELLED) -> Interview:
    """End an open interview without a report. Raises `NotAllowedNow`; the interview is locked."""
    if interview.state not in (InterviewState.OPEN, InterviewState.SCORING):
        raise NotAllowedNow(f"the interview is {interview.state.value}", reason=Reason.INTERVIEW_NOT_OPEN, field="name")
    if interview.report:  # an answer of it is scored again
        raise NotAllowedNow("the interview has its report", reason=Reason.INTERVIEW_NOT_OPEN, field="name")
    await cancel_answers(tx, interview)
    return await tx.replace(_ended(interview, state, tx.now))


async def cancel_answers(tx: Transaction, interview: Interview) -> None:
    """End the answers that have not come to their end; whoever works on one cannot store what it found."""
    for answer in await tx.children(Submission, interview.name):
        if answer.state not in FINAL:
            await tx.cancel(answer.name)
            await tx.replace(dataclasses.replace(answer, state=AnswerState.CANCELLED, end_time=tx.now))


async def close(tx: Transaction, interview: Interview, rules: RuleEngine) -> Interview:
    """Take no more answers; the report is made when those that came are scored. The interview is locked."""
    if interview.state is not InterviewState.OPEN:
        raise NotAllowedNow(f"the interview is {interview.state.value}", reason=Reason.INTERVIEW_NOT_OPEN, field="name")
    closed = await tx.replace(dataclasses.replace(interview, state=InterviewState.SCORING))
    return await settle(tx, closed, rules)


async def settle(tx: Transaction, interview: Interview, rules: RuleEngine) -> Interview:
    """Go on after an answer came to its end: ask a follow-up, or write the report once there is nothing to wait for.

    The interview is locked: of two answers that end at once, the later one sees the earlier.
    """
    if interview.state not in (InterviewState.OPEN, InterviewState.SCORING):
        return interview
    answers = await tx.children(Submission, interview.name)
    if interview.state is InterviewState.OPEN:
        interview = await _follow_up(tx, interview, answers)
        if len(answers) < len(interview.questions):
            return interview
    if any(answer.state not in FINAL for answer in answers):
        return interview
    if interview.report:
        return await rescoring.follow(tx, interview, answers, rules)
    report = await write_report(tx, interview, answers, rules)
    return await tx.replace(
        dataclasses.replace(_ended(interview, InterviewState.COMPLETED, tx.now), report=report.name)
    )


async def _follow_up(tx: Transaction, interview: Interview, answers: Sequence[Submission]) -> Interview:
    lacking = {one.question_id: one.standing.lacks for one in answers if one.standing}
    revision = await tx.get(RoleRevision, interview.role_revision)
    found = next_follow_up(revision.content, interview.questions, lacking)
    if found is None:
        return interview
    return await tx.replace(dataclasses.replace(interview, questions=(*interview.questions, found)))


async def _candidate(tx: Transaction, name: str) -> Candidate:
    """The candidate's file, made where there is none, and held as it is until the transaction ends."""
    while True:
        await tx.ensure(Candidate(name=name))
        try:
            candidate = await tx.get(Candidate, name, share=True)
        except NotFound:
            continue  # an erasure of the candidate has ended in between
        check_not_erased(candidate)
        return candidate


async def _revision(tx: Transaction, name: str) -> RoleRevision:
    """The revision that a role's name, or its own, stands for."""
    field = "interview.role_revision"
    role = await tx.find(Role, "/".join(name.split("/")[:4]))
    if role is None:
        raise NotFound(f"{field} names nothing that exists", field=field)
    if role.state is RoleState.ARCHIVED:
        raise NotAllowedNow(f"{role.name} is archived", reason=Reason.ROLE_ARCHIVED, field=field)
    revision = await tx.find(RoleRevision, role.revision if name == role.name else name)
    if revision is None:
        raise NotFound(f"{field} names nothing that exists", field=field)
    return revision


def _ended(interview: Interview, state: InterviewState, now: datetime) -> Interview:
    """The interview with its end, from which retention counts."""
    return dataclasses.replace(
        interview,
        state=state,
        end_time=now,
        media_until=now + timedelta(days=interview.policy.media_retention_days),
        report_until=now + timedelta(days=interview.policy.report_retention_days),
    )
