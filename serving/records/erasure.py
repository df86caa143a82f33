"""The right to be forgotten: everything of a candidate is deleted, and a receipt of hashes and counts stays.

`begin` ends the candidate's interviews and lets nothing more come. The job deletes media first, then all rows in one
transaction that also leaves the receipt, then what deleted rows leave in the database's files; then it is done. It can
break off anywhere and begin again, since whatever it does twice is harmless.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Sequence
from typing import Final

from serving.domain import names
from serving.domain.candidate import Candidate, ErasureReceipt
from serving.domain.errors import NotAllowedNow, Reason, StoreUnavailable, VivaError
from serving.domain.interview import Interview, InterviewState
from serving.domain.job import Job, JobKind, JobOutcome, Lane, LeasedJob, Rank
from serving.domain.operation import Operation, OperationKind
from serving.domain.submission import Media, Submission
from serving.domain.tenant import Caller
from serving.records import events, interviews
from serving.records.objects import StorageClasses
from serving.records.ports import Database, Erased, JobQueue, Transaction, Vacuum
from serving.records.retention import delete_media, interviews_of, system
from serving.records.worker import LEASE_S

logger = logging.getLogger("viva.worker")

_FIRST_WAIT_S: Final = 2.0
_DOUBLINGS: Final = 7  # the longest wait is four minutes


async def begin(tx: Transaction, caller: Caller, name: str, operation: str) -> Operation:
    """End all interviews of a candidate and store the operation that erases them, with its job.

    Args:
        name: of the candidate.
        operation: name of the operation that is made.

    Raises:
        NotFound: there is no such candidate, or none any more.
        NotAllowedNow: a legal hold is set, or an erasure runs.
    """
    candidate = await tx.get(Candidate, name, lock=True)
    if candidate.legal_hold is not None:
        raise NotAllowedNow("a legal hold is set for the candidate", reason=Reason.LEGAL_HOLD, field="name")
    interviews.check_not_erased(candidate)
    worked_on = [await _stop(tx, interview) for interview in await interviews_of(tx, name)]
    await tx.replace(dataclasses.replace(candidate, erasure=operation))
    hashed = names.without_candidate(name)
    made = Operation(
        name=operation,
        kind=OperationKind.ERASE,
        stage="media",
        facts={"candidate_sha256": hashed.rpartition(":")[2], "media_count": 0, "media_bytes": 0},
    )
    # A worker hears within its lease that an answer is not its own any more, and deletes its copy of the media.
    delay_s = LEASE_S if any(worked_on) else 0.0
    subject = f"{name}#{names.id_of(operation)}"
    await tx.enqueue([Job(JobKind.ERASE, Lane.ERRAND, Rank.INTERACTIVE, subject, delay_s)])
    await tx.audit(caller, "EraseCandidate", name)
    return await tx.insert(made)


async def _stop(tx: Transaction, found: Interview) -> bool:
    """End an interview, give its media up and drop its answers' jobs; whether somebody worked on one."""
    interview = await tx.get(Interview, found.name, lock=True)
    worked_on = await tx.attempts([answer.name for answer in await tx.children(Submission, interview.name)])
    if interview.end_time is None:
        interview = await interviews.cancel(tx, interview)
    else:
        await interviews.cancel_answers(tx, interview)  # one of them may be scored again
    await tx.replace(dataclasses.replace(interview, state=InterviewState.CANCELLED, media_until=None))
    return bool(worked_on)


class Erase:
    """Does jobs of the kind ERASE, whose subject is `{candidate}#{operation id}`."""

    def __init__(self, database: Database, queue: JobQueue, storage: StorageClasses, vacuum: Vacuum) -> None:
        self._database = database
        self._queue = queue
        self._storage = storage
        self._vacuum = vacuum

    async def run(self, job: LeasedJob) -> JobOutcome:
        """Erase a candidate, or give the job back for another attempt; it never gives up.

        Raises:
            StoreUnavailable: the job could not be given back; it is begun again when its lease has ended.
        """
        try:
            return JobOutcome.DONE if await self._erase(job) else JobOutcome.DROPPED
        except asyncio.CancelledError:
            await asyncio.shield(self._queue.release(job, 0.0))
            raise
        except Exception as error:
            if not isinstance(error, StoreUnavailable):
                logger.exception("erasure of job %d failed", job.job_id)
            wait_s = _FIRST_WAIT_S * 2 ** min(job.attempt - 1, _DOUBLINGS)
            await self._queue.release(job, wait_s)
            return JobOutcome.RETRIED

    async def _erase(self, job: LeasedJob) -> bool:
        """Whether this worker still had the job at its end."""
        name, _, operation_id = job.subject.partition("#")
        operation = f"tenants/{job.tenant}/operations/{operation_id}"
        async with self._database.transaction(job.tenant) as tx:
            erased = "receipt" in (await tx.get(Operation, operation)).facts
            media = [] if erased else await _media_of(tx, name)
        if not erased:
            for sha256 in media:
                async with self._database.transaction(job.tenant) as tx:
                    await _note(tx, operation, await delete_media(tx, self._storage, job.tenant, sha256))
            async with self._database.transaction(job.tenant) as tx:
                await _erase_records(tx, name, operation)
        try:
            await self._vacuum.run()
        except VivaError as error:
            logger.warning("rows of job %d wait for the database's own vacuum: %s", job.job_id, error.message)
        async with self._database.transaction(job.tenant) as tx:
            ours = await tx.finish(job)
            if ours:
                await _end(tx, name, operation)
        return ours


async def _media_of(tx: Transaction, name: str) -> list[str]:
    """The sha256 of each of a candidate's media."""
    found = [
        answer.media_sha256
        for interview in await interviews_of(tx, name)
        for answer in await tx.children(Submission, interview.name)
    ]
    return sorted({sha256 for sha256 in found if sha256})


async def _note(tx: Transaction, operation: str, deleted: Sequence[Media]) -> None:
    """Count what was deleted, in the transaction that did it."""
    if not deleted:
        return
    current = await tx.get(Operation, operation, lock=True)
    facts = {
        **current.facts,
        "media_count": current.facts["media_count"] + len(deleted),
        "media_bytes": current.facts["media_bytes"] + sum(one.size_bytes for one in deleted),
    }
    await tx.replace(dataclasses.replace(current, facts=facts))


async def _erase_records(tx: Transaction, name: str, operation: str) -> None:
    """Delete all rows, and leave the receipt; once, whoever does it."""
    current = await tx.get(Operation, operation, lock=True)
    if "receipt" in current.facts:
        return
    await tx.get(Candidate, name, lock=True)
    found = [one.name for one in await interviews_of(tx, name)]
    for one in found:
        await tx.get(Interview, one, lock=True)
    erased = await tx.erase_interviews(found)
    await tx.check_media(erased.media)  # what others need stays, and is looked at again
    await tx.delete(Candidate, name)
    receipt = _receipt(current, len(found), erased)
    facts = {"candidate_sha256": receipt.candidate_sha256, "receipt": _counts(receipt)}
    await tx.replace(dataclasses.replace(current, stage="records", facts=facts))


async def _end(tx: Transaction, name: str, operation: str) -> None:
    current = await tx.get(Operation, operation, lock=True)
    receipt = ErasureReceipt(**current.facts["receipt"], erase_time=tx.now)
    await tx.replace(dataclasses.replace(current, stage="done", done=True))
    await tx.emit(events.candidate_erased(names.tenant_of(name), receipt, tx.now))
    await tx.audit(system(name), "CandidateErased", name)


def _receipt(operation: Operation, interview_count: int, erased: Erased) -> ErasureReceipt:
    return ErasureReceipt(
        candidate_sha256=operation.facts["candidate_sha256"],
        interview_count=interview_count,
        answer_count=erased.answer_count,
        report_count=erased.report_count,
        media_count=operation.facts["media_count"],
        media_bytes=operation.facts["media_bytes"],
    )


def _counts(receipt: ErasureReceipt) -> dict[str, str | int]:
    """The receipt as JSON; when it was made is when the operation was last changed."""
    return {key: value for key, value in dataclasses.asdict(receipt).items() if key != "erase_time"}
