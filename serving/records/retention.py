"""What comes to its end by itself: interviews by their deadline, media and records by their retention.

Each function does one thing in the caller's transaction, looks first whether it is still to be done, and is harmless
when repeated. A candidate is locked before their interviews, as everywhere.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta

from serving.domain import names
from serving.domain.candidate import Candidate
from serving.domain.interview import Interview, InterviewState
from serving.domain.submission import Media, Submission
from serving.domain.tenant import Caller
from serving.records import interviews
from serving.records.objects import StorageClasses, media_key
from serving.records.ports import ListQuery, Transaction
from serving.records.screening_ports import RuleEngine


async def end_by_deadline(tx: Transaction, name: str, rules: RuleEngine) -> None:
    """End an open interview whose deadline has passed: with its report, or as expired where no answer came.

    Raises:
        NotFound: it was deleted.
    """
    interview = await tx.get(Interview, name, lock=True)
    if interview.state is not InterviewState.OPEN or not _past(interview.deadline_time, tx.now):
        return
    if await tx.children(Submission, name):
        await interviews.close(tx, interview, rules)
        await tx.audit(system(name), "CloseInterview", name)
    else:
        await interviews.cancel(tx, interview, InterviewState.EXPIRED)
        await tx.audit(system(name), "ExpireInterview", name)


async def end_media(tx: Transaction, name: str) -> None:
    """Give up an interview's media when their retention has ended: housekeeping then deletes what nobody else needs.

    Raises:
        NotFound: it was deleted.
    """
    if not await _may_go(tx, name):
        return
    interview = await tx.get(Interview, name, lock=True)
    if _past(interview.media_until, tx.now):
        await tx.replace(dataclasses.replace(interview, media_until=None))
        await tx.check_media([one.media_sha256 for one in await tx.children(Submission, name) if one.media_sha256])
        await tx.audit(system(name), "DeleteMedia", name)


async def end_interview(tx: Transaction, name: str) -> None:
    """Delete an interview with all of it when its retention has ended.

    With the candidate's last interview goes their file, unless it was changed since within the same time.

    Raises:
        NotFound: it was deleted.
    """
    if not await _may_go(tx, name):
        return
    interview = await tx.get(Interview, name, lock=True)
    if not _past(interview.report_until, tx.now):
        return
    erased = await tx.erase_interviews([name])
    await tx.check_media(erased.media)
    candidate = await tx.get(Candidate, interview.candidate)
    if not await interviews_of(tx, interview.candidate):
        kept = timedelta(days=interview.policy.report_retention_days)
        if candidate.update_time is not None and candidate.update_time + kept <= tx.now:
            await tx.delete(Candidate, interview.candidate)
    await tx.audit(system(name), "DeleteInterview", name)


async def delete_media(tx: Transaction, storage: StorageClasses, tenant: str, sha256: str) -> tuple[Media, ...]:
    """Delete media that nothing refers to, from every storage class.

    The objects go first: when the transaction does not come to its end, their rows are there for another attempt.
    While it runs, nobody comes to refer to them (`Transaction.hold_media`).

    Returns:
        What was deleted; nothing where it is in use.

    Raises:
        StoreUnavailable: an object store is away.
        NotAllowedNow: a storage class is not configured.
    """
    held = await tx.hold_media(sha256)
    if not held:
        return ()
    if await tx.media_in_use(sha256):
        await tx.keep_media(sha256)
        return ()
    for one in held:
        await storage.of(one.storage_class).delete(media_key(tenant, sha256))
    await tx.drop_media(sha256)
    return held


async def interviews_of(tx: Transaction, candidate: str) -> tuple[Interview, ...]:
    """All interviews of a candidate."""
    found: list[Interview] = []
    token = ""
    while True:
        query = ListQuery(f"tenants/{names.tenant_of(candidate)}", 1000, token, f'candidate = "{candidate}"')
        page = await tx.page(Interview, query)
        found += page.records
        token = page.next_page_token
        if not token:
            return tuple(found)


def system(name: str) -> Caller:
    """Ourselves, for the audit log of the tenant of a name."""
    return Caller(names.tenant_of(name), frozenset(), "system")


async def _may_go(tx: Transaction, name: str) -> bool:
    """Whether neither a legal hold nor an erasure is about the interview's candidate, who is held from now on."""
    candidate = await tx.get(Candidate, (await tx.get(Interview, name)).candidate, lock=True)
    return candidate.legal_hold is None and not candidate.erasure


def _past(time: datetime | None, now: datetime) -> bool:
    return time is not None and time <= now
