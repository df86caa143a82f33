"""What a tenant may use: calls a second at this gateway, and answers that wait or were taken in a day."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from serving.api.intake import Intake
from serving.api.recent import Recent
from serving.domain.errors import QuotaExceeded, StoreUnavailable
from serving.domain.tenant import Quotas, Tenant
from serving.records.ports import Credentials, Database

REQUESTS_PER_SECOND: Final = 1_000  # these two are what viva/v1/tenants.proto states for 0
QUEUED_ANSWERS: Final = 100_000
_BURST_S: Final = 2  # a bucket holds the calls of so many seconds
_QUOTA_PERIOD_S: Final = 5.0
_MOST_BUCKETS: Final = 10_000

_LOAD_PERIOD_S: Final = 1.0
_DRAIN_WINDOW_S: Final = 60.0
_DAY_S: Final = 86_400.0
_COUNTED_PER_S: Final = 100_000  # rows of usage that a gateway counts in a second, at most about 1% of its database
_RETRY_S: Final = (1.0, 3_600.0)
_RETRY_UNKNOWN_S: Final = 60.0


@dataclass(slots=True)
class _Bucket:
    """Calls that a tenant may make now; refilled as time goes by.

    Attributes:
        rate: calls a second.
        tokens: calls that were left at `filled_at`.
        read_at: when the rate was asked for.
    """

    rate: int
    tokens: float
    filled_at: float
    read_at: float

    def take(self, now: float) -> float:
        """Take one call; 0.0, or the seconds until there is one."""
        self.tokens = min(float(_BURST_S * self.rate), self.tokens + (now - self.filled_at) * self.rate)
        self.filled_at = now
        if self.tokens < 1.0:
            return (1.0 - self.tokens) / self.rate
        self.tokens -= 1.0
        return 0.0


class RateLimits:
    """A token bucket for each tenant of this gateway.

    Quotas are read again every few seconds beside the calls, so that a call waits for the database the first time
    only, and while it is away the last known quota holds.
    """

    def __init__(self, credentials: Credentials, clock: Callable[[], float] = time.monotonic) -> None:
        self._credentials = credentials
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}
        self._refreshing: set[asyncio.Task[None]] = set()

    async def take(self, tenant: str) -> None:
        """Count one call. Raises `QuotaExceeded`."""
        bucket = self._buckets.pop(tenant, None)
        if bucket is None:
            rate, now = await self._rate(tenant, REQUESTS_PER_SECOND), self._clock()
            bucket = self._buckets.pop(tenant, None) or _Bucket(rate, float(_BURST_S * rate), now, now)
        self._buckets[tenant] = bucket  # last, so that those of tenants who went quiet are the first to go
        while len(self._buckets) > _MOST_BUCKETS:
            del self._buckets[next(iter(self._buckets))]
        now = self._clock()
        if now - bucket.read_at >= _QUOTA_PERIOD_S:
            bucket.read_at = now
            task = asyncio.create_task(self._refresh(tenant, bucket))
            self._refreshing.add(task)
            task.add_done_callback(self._refreshing.discard)
        if wait_s := bucket.take(now):
            raise QuotaExceeded(
                f"the tenant may make {bucket.rate} calls a second",
                metadata={"quota": "requests_per_second", "limit": str(bucket.rate)},
                retry_after_s=wait_s,
            )

    async def _refresh(self, tenant: str, bucket: _Bucket) -> None:
        bucket.rate = await self._rate(tenant, bucket.rate)

    async def _rate(self, tenant: str, known: int) -> int:
        try:
            found = await self._credentials.tenant(tenant)
        except StoreUnavailable:
            return known
        return (found.quotas.requests_per_second if found else 0) or REQUESTS_PER_SECOND


@dataclass(slots=True)
class _Load:
    """What a tenant has in the queue.

    Attributes:
        most_queued, most_a_day: its quotas; 0 a day is no limit.
        queued: answers in the queue when it was looked at.
        scored_a_day: answers scored in 24 hours; 0 where there is no limit.
        drained: answers scored in the last `_DRAIN_WINDOW_S` seconds.
        accepted: answers that this gateway has taken since.
    """

    most_queued: int
    most_a_day: int
    queued: int
    scored_a_day: int
    drained: int
    accepted: int = 0

    def check(self, count: int) -> None:
        """Raise `QuotaExceeded` where there is no room for `count` more."""
        waiting = self.queued + self.accepted + count
        if waiting > self.most_queued:
            rate = self.drained / _DRAIN_WINDOW_S
            wait_s = (waiting - self.most_queued) / rate if rate else _RETRY_UNKNOWN_S
            raise _used_up("queued_answers", self.most_queued, "answers may wait at a time", wait_s)
        if self.most_a_day and self.scored_a_day + waiting > self.most_a_day:
            # Room comes as answers of yesterday leave the window, which the drain rate of today does not tell.
            raise _used_up("answers_per_day", self.most_a_day, "answers are taken in 24 hours", _RETRY_S[1])


class AnswerQuota:
    """Bounds the answers of a tenant that wait, and that are taken in a day.

    The queue is looked at once a second for each tenant that sends; what this gateway accepts in between is added.
    Several gateways together may go beyond a quota by what they accept in that second.
    """

    def __init__(
        self, database: Database, clock: Callable[[], float] = time.monotonic, intake: Intake | None = None
    ) -> None:
        self._database = database
        self._intake = intake
        self._clock = clock
        self._loads: Recent[str, _Load] = Recent(self._look, _LOAD_PERIOD_S, clock=clock)
        self._days: dict[str, tuple[float, int]] = {}

    async def admit(self, tenant: str, count: int) -> None:
        """Take `count` answers in, all or none; call it before they are stored.

        Raises:
            QuotaExceeded: says when there should be room, from how fast the tenant's answers are being scored.
            Overloaded: the tenants together have as many as may wait.
            StoreUnavailable: they could not be stored either.
        """
        load = await self._loads.get(tenant)
        load.check(count)  # first: what a tenant may not send takes no room from the others
        if self._intake:
            self._intake.admit(count)
        load.accepted += count

    async def _look(self, tenant: str) -> _Load:
        async with self._database.transaction(tenant) as tx:
            found = await tx.find(Tenant, f"tenants/{tenant}")
            quotas = found.quotas if found else Quotas()
            most_queued = quotas.queued_answers or QUEUED_ANSWERS
            scored = 0
            if quotas.answers_per_day:
                until, scored = self._days.get(tenant, (0.0, 0))
                if (now := self._clock()) >= until:
                    scored = await tx.scored_answers(_DAY_S)
                    self._days[tenant] = (now + scored / _COUNTED_PER_S, scored)
            return _Load(
                most_queued=most_queued,
                most_a_day=quotas.answers_per_day,
                queued=await tx.queued_answers(most_queued + 1),
                scored_a_day=scored,
                drained=await tx.scored_answers(_DRAIN_WINDOW_S),
            )


def _used_up(quota: str, limit: int, what: str, wait_s: float) -> QuotaExceeded:
    least, most = _RETRY_S
    return QuotaExceeded(
        f"{limit} of the tenant's {what}",
        metadata={"quota": quota, "limit": str(limit)},
        retry_after_s=min(most, max(least, wait_s)),
    )
