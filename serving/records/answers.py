"""Answers: accepted with their job in one transaction, and brought to their one result."""

from __future__ import annotations

import dataclasses
from typing import Final
from urllib.parse import urlsplit

from serving.domain import names
from serving.domain.answer import Modality
from serving.domain.assessment import Assessment, ModalityState
from serving.domain.errors import Conflict, InvalidRequest, NotAllowedNow, NotFound, Reason
from serving.domain.fields import invalid
from serving.domain.interview import AssignedQuestion, Interview
from serving.domain.job import LeasedJob, Rank
from serving.domain.policy import PolicyDecision
from serving.domain.submission import AnswerResult, AnswerState, CompetencyResult, Failure, Submission
from serving.domain.tenant import Tenant, UsageRecord
from serving.pipeline.modalities import SHED
from serving.records import events
from serving.records.egress import host_is_one_of
from serving.records.interviews import check_obligations, check_open, decide, settle
from serving.records.ports import Transaction
from serving.records.questions.follow_ups import lacks
from serving.records.screening_ports import RuleEngine
from serving.records.work import score_job

_PORTS: Final = {"https": 443, "http": 80}


def question_of(interview: Interview, question_id: str, path: str) -> AssignedQuestion:
    """The assigned question of an id. Raises `InvalidRequest`."""
    for question in interview.questions:
        if question.question_id == question_id:
            return question
    known = ", ".join(question.question_id for question in interview.questions)
    raise invalid(path, f"is {question_id[:60]!r}; the interview's are {known}")


async def accept(
    tx: Transaction, given: Submission, interview: Interview, path: str, rank: Rank | None = None
) -> Submission:
    """Store an answer and the job that scores it.

    Args:
        given: its fields checked one by one, its name that of the interview and the question.
        interview: read with a share lock, so that it does not end meanwhile.
        path: where the answer stands in the request.
        rank: None for the interview's own.

    Raises:
        NotAllowedNow: the interview takes no answers, policy asks for something first, or the media lies where this
            interview's must not.
        InvalidRequest: no such question, or content that cannot be taken.
        NotFound: no media of this sha256.
        Conflict: the question has an answer.
    """
    check_open(interview, tx.now)
    question_of(interview, given.question_id, f"{path}.question_id")
    if interview.policy.jurisdictions or interview.policy.missing:
        check_obligations(await decide(tx, interview))  # notices come of age, audits grow old
    if given.media_sha256 is not None:
        await _check_media(tx, given.media_sha256, interview, f"{path}.media_sha256")
    if given.media_uri is not None:
        await _check_uri(tx, given.media_uri, interview, f"{path}.media_uri")
    try:
        answer = await tx.insert(dataclasses.replace(given, rank=interview.priority.rank if rank is None else rank))
    except Conflict as error:
        raise Conflict(
            f"{given.question_id} has an answer", reason=Reason.QUESTION_ANSWERED, field=f"{path}.question_id"
        ) from error
    await tx.enqueue([score_job(answer)])
    return answer


async def _check_media(tx: Transaction, sha256: str, interview: Interview, path: str) -> None:
    """Media that was sent for no interview, or for another, may lie where this one's must not."""
    stored = await tx.media(sha256, share=True)
    if not stored:
        raise NotFound(f"{path} names no media of this tenant", field=path)
    wanted = interview.policy.storage_class
    if wanted not in (one.storage_class for one in stored):
        raise NotAllowedNow(
            f"{path} names media that is not in the storage class {wanted!r}; upload it for this interview",
            field=path,
            metadata={"storage_class": wanted},
        )


async def _check_uri(tx: Transaction, uri: str, interview: Interview, path: str) -> None:
    """What can be said without looking the host up, which is done when the media is fetched."""
    tenant = await tx.get(Tenant, "/".join(interview.name.split("/")[:2]))
    try:
        parts = urlsplit(uri)
        host, own = parts.hostname or "", _PORTS.get(parts.scheme.lower())
        port = own if parts.port is None else parts.port
    except ValueError:
        host, port, own = "", None, None  # such as `https://[`
    if not host_is_one_of(host, port, tenant.media_hosts, own_port=port == own):
        allowed = ", ".join(tenant.media_hosts) or "none"
        raise InvalidRequest(
            f"{path} is at the host {host[:100]!r}; the tenant's media_hosts are {allowed}",
            reason=Reason.URI_NOT_ALLOWED,
            field=path,
        )


def check_allowed(answer: Submission, decision: PolicyDecision) -> None:
    """Raise `NotAllowedNow` where policy leaves nothing of the answer that could be scored.

    Media of which neither speech nor words may be looked at is not even decoded.
    """
    check_obligations(decision)
    denied = {one.modality for one in decision.denied}
    if Modality.LANGUAGE.value in denied or (answer.scored_text is None and Modality.SPEECH.value in denied):
        raise NotAllowedNow("policy lets nothing of the answer be analysed", reason=Reason.CONSENT_MISSING)


async def store_result(
    tx: Transaction,
    job: LeasedJob,
    answer: Submission,
    assessment: Assessment,
    serialised: bytes,
    usage: UsageRecord,
    rules: RuleEngine,
) -> bool:
    """Bring an answer to its end: assessment, usage, event, report, and the end of its job, all or nothing.

    Args:
        answer: as it was read under the job's lease: who changes an answer takes its job away.

    Returns:
        Whether this worker still had the job; if not, another has or will have the answer, and nothing is stored.
    """
    interview = await _finished(tx, job)
    if interview is None:
        return False
    revision = answer.result.revision + 1 if answer.result else 1
    question = question_of(interview, answer.question_id, "answer.question_id")
    scored = dataclasses.replace(
        answer,
        state=AnswerState.SCORED,
        error=None,
        attempt_count=answer.attempt_count + job.attempt,
        end_time=tx.now,
        result=result_of(assessment, question.competency, revision),
    )
    await tx.replace(scored)
    await tx.store_assessment(answer.name, revision, serialised)
    await tx.add_usage(interview.name, dataclasses.replace(usage, time=tx.now))
    await tx.emit(events.answer_scored(scored, tx.now))
    await settle(tx, interview, rules)
    return True


async def store_failure(tx: Transaction, job: LeasedJob, failure: Failure, rules: RuleEngine) -> bool:
    """Bring an answer to its end without a result; as `store_result`."""
    interview = await _finished(tx, job)
    if interview is None:
        return False
    answer = await tx.get(Submission, job.subject)
    failed = dataclasses.replace(
        answer,
        state=AnswerState.FAILED,
        error=failure,
        attempt_count=answer.attempt_count + job.attempt,
        end_time=tx.now,
    )
    await tx.replace(failed)
    await tx.emit(events.answer_failed(failed, tx.now))
    await settle(tx, interview, rules)
    return True


async def _finished(tx: Transaction, job: LeasedJob) -> Interview | None:
    """End the job of an answer; its interview, locked, or None when this worker had the job no more.

    The interview is locked before its job, as everywhere: whoever changes an interview drops jobs while it holds it.
    """
    try:
        interview = await tx.get(Interview, names.parent_of(job.subject), lock=True)
    except NotFound:
        return None  # erased, and its jobs with it
    return interview if await tx.finish(job) else None


def result_of(assessment: Assessment, competency: str, revision: int) -> AnswerResult:
    """What a report needs of an assessment."""
    return AnswerResult(
        revision=revision,
        competencies=tuple(
            CompetencyResult(one.name, one.status.value, one.score, one.low, one.high)
            for one in assessment.competencies
        ),
        flag_count=len(assessment.flags),
        lacks=lacks(assessment, competency),
        shed=_shed(assessment),
    )


def _shed(assessment: Assessment) -> bool | None:
    face = next((one for one in assessment.modalities if one.name == Modality.FACE.value), None)
    if face is None or (face.state is ModalityState.SKIPPED and face.reason != SHED):
        return None
    return face.reason == SHED
