"""Protocols that the use cases over stored resources need, and the adapters fill.

Every method may raise `StoreUnavailable`. Records are frozen dataclasses of `serving.domain` with a `name`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from serving.domain.candidate import Candidate
from serving.domain.interview import Interview
from serving.domain.job import Job, Lane, LeasedJob, Rank
from serving.domain.submission import AnswerState, Failure, Media, Submission
from serving.domain.tenant import ApiKey, AuditEntry, Caller, Tenant, UsageRecord, UsageSummary
from serving.domain.webhook import Event, EventType, WebhookDelivery, WebhookEndpoint

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class ListQuery:
    """A page of a list.

    Attributes:
        parent: name that the records lie in; `.../-` lists over all parents of a tenant.
        page_size: 0 stands for 50.
        page_token: of the page before; empty for the first.
        filter: AIP-160 comparisons joined by AND.
        order_by: a field, with ` desc` for the other direction; empty for the time of creation.
    """

    parent: str
    page_size: int = 0
    page_token: str = ""
    filter: str = ""
    order_by: str = ""


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """Records, and the token of the page after; empty on the last."""

    records: tuple[R, ...]
    next_page_token: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in the order in which events were committed: after the event `number` of a transaction, or before it."""

    transaction: int = 0
    number: int = 0


class Deliveries(Protocol):
    """The part of a transaction that is about sending events to webhook endpoints.

    Whoever changes deliveries in number locks their endpoint first; then comes a delivery, then its job. In this order
    nobody waits in a circle.
    """

    async def hold(self, name: str) -> None:
        """Hold a name, whether or not something has it, until the transaction ends: others who hold it wait."""
        ...

    async def event(self, event_id: str) -> Event | None:
        """An event, None when there is none, or none any more."""
        ...

    async def delivery(self, endpoint: str, event_id: str) -> WebhookDelivery | None:
        """What became of sending an event to an endpoint so far; held until the transaction ends."""
        ...

    async def store_delivery(self, endpoint: str, delivery: WebhookDelivery) -> None:
        """Store what became of a delivery."""
        ...

    async def fail_deliveries(self, endpoint: str, error: str) -> None:
        """Give up all that waits for a locked endpoint: the deliveries have failed, and their jobs are dropped."""
        ...

    async def drop_deliveries(self, endpoint: str) -> None:
        """Delete the deliveries to a locked endpoint, and the jobs of those that wait."""
        ...

    async def replay(self, endpoint: WebhookEndpoint, start: datetime) -> int:
        """Send the events that a locked endpoint wants, from a time on, again and from the first attempt on.

        Returns:
            How many events will be sent.
        """
        ...

    async def deliveries(self, endpoint: str, page_size: int, page_token: str) -> Page[WebhookDelivery]:
        """The deliveries to an endpoint, newest first. Raises `InvalidRequest`."""
        ...


@dataclass(frozen=True, slots=True)
class Erased:
    """What was deleted with some interviews.

    Attributes:
        media: sha256 of each of the answers' media, which are still there.
    """

    answer_count: int
    report_count: int
    media: tuple[str, ...]


class Erasures(Protocol):
    """The part of a transaction that deletes what retention or a candidate's wish has ended."""

    async def erase_interviews(self, interviews: Sequence[str]) -> Erased:
        """Delete locked interviews with all that lies below them or tells of them.

        These are answers, assessments, reports, decisions, contests, satisfactions, events with their deliveries,
        request ids and jobs. Usage, the audit log and the operations of batches stay, which hold ids alone.
        """
        ...

    async def hold_media(self, sha256: str) -> tuple[Media, ...]:
        """As `media`, held until the transaction ends: nobody comes to refer to it, or notes it, meanwhile."""
        ...

    async def media_in_use(self, sha256: str) -> bool:
        """Whether a question of a role, or an answer whose media's retention has not ended, refers to it."""
        ...

    async def keep_media(self, sha256: str) -> None:
        """Look no more whether something refers to it, until `check_media`."""
        ...

    async def check_media(self, sha256: Sequence[str]) -> None:
        """Have housekeeping look whether something still refers to these."""
        ...

    async def drop_media(self, sha256: str) -> None:
        """Delete the notes of media of this content, in all storage classes."""
        ...


@dataclass(frozen=True, slots=True)
class Scorable:
    """An answer with what scoring it rests on, as of one moment.

    Attributes:
        candidate: None where there is no file.
        storage_classes: that hold its media; empty where it has none, or none any more.
    """

    submission: Submission
    interview: Interview
    tenant: Tenant
    candidate: Candidate | None
    storage_classes: tuple[str, ...]


class Transaction(Deliveries, Erasures, Protocol):
    """One transaction of one tenant: all of it or nothing happens, and nothing of another tenant can be seen.

    Who locks several locks a candidate before an interview, that before its answers and contests, and a job last.
    """

    @property
    def now(self) -> datetime:
        """Time of the transaction, the same for all that it writes."""
        ...

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        """A part that is undone when it raises, while the transaction goes on."""
        ...

    async def insert(self, record: R) -> R:
        """Store a new record; returned as stored, with its times and etag. Raises `Conflict`."""
        ...

    async def ensure(self, record: Any) -> bool:
        """Store a new record unless there is one of its name; whether there was none."""
        ...

    async def get(self, kind: type[R], name: str, *, lock: bool = False, share: bool = False) -> R:
        """A record. Raises `NotFound`.

        Args:
            lock: hold it until the transaction ends: nobody else changes it, or reads it with a lock.
            share: hold it as it is until the transaction ends; others may do so too.
        """
        ...

    async def find(self, kind: type[R], name: str) -> R | None:
        """A record, None when there is none."""
        ...

    async def children(self, kind: type[R], parent: str) -> tuple[R, ...]:
        """All records below `parent`, oldest first: for parents that have few."""
        ...

    async def replace(self, record: R, etag: str = "") -> R:
        """Store a changed record; returned as stored.

        Raises:
            NotFound: there is none of this name.
            Stale: `etag` is given and not the newest.
        """
        ...

    async def delete(self, kind: type[Any], name: str) -> bool:
        """Delete a record; whether there was one."""
        ...

    async def page(self, kind: type[R], query: ListQuery) -> Page[R]:
        """A page of a list; costs the same wherever the page stands. Raises `InvalidRequest` naming the field."""
        ...

    async def repeat(self, caller: Caller, method: str, request: bytes, name: str) -> str | None:
        """Note a request id with what it makes.

        Args:
            request: the request in bytes that do not depend on the sender; only its hash is stored.
            name: name of the resource that the request makes.

        Returns:
            None for a new id; for one that was used for the same request, the name that the first one made.

        Raises:
            Conflict: the id was used for another request.
        """
        ...

    async def audit(self, caller: Caller, action: str, resource: str) -> None:
        """Append to the audit log; ids of candidates become hashes."""
        ...

    async def enqueue(self, jobs: Sequence[Job]) -> None:
        """Add work, visible to workers when the transaction commits."""
        ...

    async def cancel(self, subject: str) -> bool:
        """Drop the waiting or leased jobs of a subject: whoever works on one cannot finish it. Whether there were."""
        ...

    async def attempts(self, subjects: Sequence[str]) -> dict[str, int]:
        """How often work on each of these subjects was begun, for those that somebody works on now."""
        ...

    async def queued_answers(self, limit: int) -> int:
        """Answers of the tenant that wait or are being scored, counted up to `limit`."""
        ...

    async def scored_answers(self, window_s: float) -> int:
        """Answers of the tenant that were scored in the last `window_s` seconds."""
        ...

    async def finish(self, job: LeasedJob) -> bool:
        """End a leased job with this transaction. False: the lease was lost, and nothing else may be stored."""
        ...

    async def emit(self, event: Event) -> None:
        """Write an event, and a delivery to each endpoint that wants it."""
        ...

    async def events_after(self, kind: EventType, after: Place, limit: int) -> tuple[tuple[Place, str], ...]:
        """Places and subjects of the events after a place, in order. None is missed: one whose transaction may still
        be followed by the commit of an older one does not come yet."""
        ...

    async def events_end(self) -> Place:
        """The place after which the events of transactions come that are not over."""
        ...

    async def audit_entries(self, page_size: int, page_token: str) -> Page[AuditEntry]:
        """The audit log, newest first."""
        ...

    async def add_usage(self, interview: str, usage: UsageRecord) -> None:
        """Record what scoring an answer used; harmless when repeated."""
        ...

    async def usage(
        self, interview: str, start: datetime | None, end: datetime | None, page_size: int, page_token: str
    ) -> Page[UsageRecord]:
        """Usage of a tenant, or of one interview, in order of time."""
        ...

    async def usage_summary(self, interview: str, start: datetime | None, end: datetime | None) -> UsageSummary:
        """Sum of the usage."""
        ...

    async def add_media(self, media: Media) -> Media:
        """Note media that the object store holds or is to hold, and hold the note until the transaction ends; as noted.

        Harmless when repeated. What nothing refers to a day later is deleted.
        """
        ...

    async def media(self, sha256: str, *, share: bool = False) -> tuple[Media, ...]:
        """Media of this content, one for each storage class that it is kept in.

        Args:
            share: hold them until the transaction ends: nobody deletes them meanwhile.
        """
        ...

    async def scorable(self, answer: str) -> Scorable:
        """An answer with what scoring it rests on. Raises `NotFound`."""
        ...

    async def states(self, answers: Sequence[str]) -> dict[str, tuple[AnswerState, Failure | None]]:
        """States of answers by name, with why each failed, of those that exist."""
        ...

    async def store_assessment(self, answer: str, revision: int, assessment: bytes) -> None:
        """Store a serialised assessment. Raises `Conflict` when the answer has one of this revision."""
        ...

    async def assessments(self, answers: Sequence[tuple[str, int]]) -> dict[tuple[str, int], bytes]:
        """Serialised assessments by answer and revision; revision 0 is the newest, under its own key (answer, 0)."""
        ...


class Database(Protocol):
    def transaction(self, tenant: str) -> AbstractAsyncContextManager[Transaction]:
        """A transaction of a tenant; rolled back when the block raises."""
        ...


class Credentials(Protocol):
    """Who may call, over all tenants; for the edge and the operator."""

    async def find(self, key_sha256: str) -> tuple[str, ApiKey] | None:
        """The API key with this hash, expired and revoked ones too, and the id of its tenant."""
        ...

    async def tenant(self, tenant: str) -> Tenant | None:
        """The tenant of an id."""
        ...

    async def tenants(self, query: ListQuery) -> Page[Tenant]:
        """A page of all tenants; the query's parent means nothing. Raises `InvalidRequest` naming the field."""
        ...


class LinkSecrets(Protocol):
    async def link_secret(self) -> bytes:
        """What links to pages are signed with, the same for all gateways of an installation."""
        ...


@dataclass(frozen=True, slots=True)
class Waiting:
    """Jobs of a lane and a rank that were not ended, over all tenants.

    Attributes:
        known: those that an earlier look found too.
        newest: number of the newest, to be given to the next look.
        oldest_s: for how long the oldest that could be begun waits; 0 where none could.
    """

    lane: Lane
    rank: Rank
    count: int
    known: int
    newest: int
    oldest_s: float


class JobQueue(Protocol):
    """The workers' side of the queue, over all tenants; sees jobs and nothing else."""

    async def lease(self, lane: Lane, count: int, lease_s: float) -> tuple[LeasedJob, ...]:
        """Take up to `count` jobs of a lane: by rank, tenants in turn within a rank, oldest first within a tenant."""
        ...

    async def extend(self, jobs: Sequence[LeasedJob], lease_s: float) -> frozenset[str]:
        """Renew leases; those that still hold."""
        ...

    async def release(self, job: LeasedJob, delay_s: float) -> None:
        """Give a job back, to be begun again after a delay."""
        ...

    async def waiting(self, newest: int) -> tuple[Waiting, ...]:
        """What waits, and how much of it was there when `newest` was the newest. Reads all jobs: not for each call."""
        ...


@dataclass(frozen=True, slots=True)
class Due:
    """Something whose time has come.

    Attributes:
        name: of an interview, or the sha256 of media.
    """

    tenant: str
    name: str
    time: datetime


class DueWork(Protocol):
    """What housekeeping finds over all tenants.

    The queries give up to `limit` of what is due, in order of time and name, after the one that was given last.
    """

    def turn(self) -> AbstractAsyncContextManager[bool]:
        """Whether it is our turn, until the block ends: one process has it at a time."""
        ...

    async def deadlines(self, after: Due | None, limit: int) -> tuple[Due, ...]:
        """Open interviews whose deadline has passed."""
        ...

    async def media_ends(self, after: Due | None, limit: int) -> tuple[Due, ...]:
        """Interviews the retention of whose media has ended, but for those under a legal hold."""
        ...

    async def report_ends(self, after: Due | None, limit: int) -> tuple[Due, ...]:
        """Interviews whose retention has ended, but for those under a legal hold."""
        ...

    async def unchecked_media(self, after: Due | None, limit: int) -> tuple[Due, ...]:
        """Media of which is to be seen whether something refers to it."""
        ...

    async def delete_old(self, limit: int) -> bool:
        """Delete up to `limit` each of old request ids, deliveries, events and operations; whether there may be more.

        Request ids, events, and deliveries that have ended are old after 30 days, operations after 90.
        """
        ...


class Vacuum(Protocol):
    async def run(self) -> None:
        """Take rows that were deleted out of the files of the tables that hold candidates' data. Never in a
        transaction; takes no lock that readers or writers wait for."""
        ...


class Sweepable(Protocol):
    """A folder of media on their way."""

    def sweep(self, older_than_s: float) -> int:
        """Delete files that nobody has written for so long; how many. Blocks."""
        ...


class Bell(Protocol):
    def ring(self) -> None:
        """There may be work now: workers look for it. Returns at once; a ring that is lost costs two seconds."""
        ...
