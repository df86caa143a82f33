"""What a tenant may use at one gateway."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from serving.api.intake import Intake
from serving.api.limits import REQUESTS_PER_SECOND, AnswerQuota, RateLimits
from serving.api.recent import Recent
from serving.domain.errors import QuotaExceeded, StoreUnavailable
from serving.domain.tenant import ApiKey, Quotas, Tenant
from serving.records.backlog import Backlog
from serving.records.ports import ListQuery, Page


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Tenants:
    """Quotas in memory."""

    def __init__(self, **requests_per_second: int) -> None:
        self.rates = requests_per_second
        self.asked = 0
        self.away = False

    async def find(self, key_sha256: str) -> tuple[str, ApiKey] | None:
        raise NotImplementedError

    async def tenant(self, tenant: str) -> Tenant | None:
        self.asked += 1
        if self.away:
            raise StoreUnavailable("away")
        rate = self.rates.get(tenant)
        return None if rate is None else Tenant(name=f"tenants/{tenant}", quotas=Quotas(requests_per_second=rate))

    async def tenants(self, query: ListQuery) -> Page[Tenant]:
        raise NotImplementedError


async def taken(limits: RateLimits, tenant: str, most: int = 10_000) -> int:
    """Calls that a tenant can make now."""
    for count in range(most):
        try:
            await limits.take(tenant)
        except QuotaExceeded:
            return count
    return most


async def test_a_burst_is_twice_the_rate_and_refills_at_the_rate() -> None:
    clock = Clock()
    limits = RateLimits(Tenants(acme=10), clock)
    assert await taken(limits, "acme") == 20
    clock.now += 0.55
    assert await taken(limits, "acme") == 5
    clock.now += 60
    assert await taken(limits, "acme") == 20


async def test_a_refusal_says_exactly_when_the_next_call_may_be_made() -> None:
    clock = Clock()
    limits = RateLimits(Tenants(acme=4), clock)
    await taken(limits, "acme")
    with pytest.raises(QuotaExceeded) as raised:
        await limits.take("acme")
    assert raised.value.metadata == {"quota": "requests_per_second", "limit": "4"}
    assert raised.value.retry_after_s == pytest.approx(0.25)
    clock.now += 0.24
    with pytest.raises(QuotaExceeded):
        await limits.take("acme")
    clock.now += 0.0101
    await limits.take("acme")


async def test_one_tenant_does_not_use_up_what_is_anothers() -> None:
    limits = RateLimits(Tenants(acme=1, other=3), Clock())
    assert await taken(limits, "acme") == 2
    assert await taken(limits, "other") == 6


@pytest.mark.parametrize("tenants", [Tenants(acme=0), Tenants()])
async def test_without_a_quota_the_default_holds(tenants: Tenants) -> None:
    assert await taken(RateLimits(tenants, Clock()), "acme") == 2 * REQUESTS_PER_SECOND


async def test_many_calls_ask_for_the_quota_once() -> None:
    tenants = Tenants(acme=100)
    await taken(RateLimits(tenants, Clock()), "acme")
    assert tenants.asked == 1


async def test_a_changed_quota_holds_within_seconds_and_outlives_the_database() -> None:
    clock, tenants = Clock(), Tenants(acme=10)
    limits = RateLimits(tenants, clock)
    await limits.take("acme")
    tenants.rates["acme"] = 2
    clock.now += 6
    await limits.take("acme")
    await asyncio.sleep(0)  # the new quota is read beside the call
    await asyncio.sleep(0)
    assert await taken(limits, "acme") == 4
    tenants.away = True
    clock.now += 6
    await limits.take("acme")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert await taken(limits, "acme") == 3


async def test_one_look_up_serves_all_who_wait_for_it_and_a_failed_one_is_forgotten() -> None:
    asked: list[str] = []
    goes_on = asyncio.Event()

    async def load(key: str) -> int:
        asked.append(key)
        await goes_on.wait()
        if len(asked) == 1:
            raise StoreUnavailable("away")
        return len(asked)

    recent = Recent(load, keep_s=5.0, clock=Clock())
    waiting = [asyncio.create_task(recent.get("a")) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    goes_on.set()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(one) for one in outcomes] == [asyncio.CancelledError, StoreUnavailable, StoreUnavailable]
    assert [await recent.get("a"), await recent.get("a")] == [2, 2]
    assert asked == ["a", "a"]


async def test_what_was_found_is_kept_for_its_time_and_up_to_a_number() -> None:
    clock, asked = Clock(), []

    async def load(key: int) -> int:
        asked.append(key)
        return key

    recent = Recent(load, keep_s=5.0, most=2, clock=clock)
    for key in (1, 2, 1, 3, 2):
        await recent.get(key)
    assert asked == [1, 2, 3]
    await recent.get(1)
    assert asked == [1, 2, 3, 1]
    clock.now += 5
    await recent.get(1)
    assert asked == [1, 2, 3, 1, 1]


class Queue:
    """A database in which every tenant may have ten answers in the queue, and has none."""

    @asynccontextmanager
    async def transaction(self, tenant: str) -> AsyncIterator[Any]:
        async def find(kind: type[Tenant], name: str) -> Tenant:
            return Tenant(name=name, quotas=Quotas(queued_answers=10))

        async def none(of: float) -> int:
            return 0

        yield SimpleNamespace(find=find, queued_answers=none, scored_answers=none)


async def test_what_a_tenant_may_not_send_takes_no_room_from_the_others() -> None:
    quota = AnswerQuota(Queue(), intake=Intake(Backlog(None), 20))  # type: ignore[arg-type]
    for _ in range(5):
        with pytest.raises(QuotaExceeded):
            await quota.admit("greedy", 11)
    await quota.admit("other", 10)
    await quota.admit("greedy", 10)
