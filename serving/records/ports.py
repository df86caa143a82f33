"""Protocols that the use cases over stored resources need, and the adapters fill.

Every method may raise `StoreUnavailable`. Records are frozen dataclasses of `serving.domain` with a `name`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from serving.domain.job import Job, Lane, LeasedJob
from serving.domain.tenant import AuditEntry, Caller, UsageRecord, UsageSummary
from serving.domain.webhook import Event

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


class Transaction(Protocol):
    """One transaction of one tenant: all of it or nothing happens, and nothing of another tenant can be seen."""

    @property
    def now(self) -> datetime:
        """Time of the transaction, the same for all that it writes."""
        ...

    async def insert(self, record: R) -> R:
        """Store a new record; returned as stored, with its times and etag. Raises `Conflict`."""
        ...

    async def get(self, kind: type[R], name: str, *, lock: bool = False) -> R:
        """A record. Raises `NotFound`.

        Args:
            lock: hold it until the transaction ends: nobody else changes it, or reads it with a lock.
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

    async def finish(self, job: LeasedJob) -> bool:
        """End a leased job with this transaction. False: the lease was lost, and nothing else may be stored."""
        ...

    async def emit(self, event: Event) -> None:
        """Write an event, and a delivery to each endpoint that wants it."""
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


class JobQueue(Protocol):
    """The workers' side of the queue, over all tenants; sees jobs and nothing else."""

    async def lease(self, lane: Lane, count: int, lease_s: float) -> tuple[LeasedJob, ...]:
        """Take up to `count` jobs of a lane: by rank, tenants in turn within a rank, oldest first within a tenant."""
        ...

    async def extend(self, jobs: Sequence[LeasedJob], lease_s: float) -> frozenset[int]:
        """Renew leases; ids of the jobs that are still ours."""
        ...

    async def release(self, job: LeasedJob, delay_s: float) -> None:
        """Give a job back, to be begun again after a delay."""
        ...
