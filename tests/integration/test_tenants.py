"""Tenants, keys and quotas on a real PostgreSQL."""

import asyncio
import dataclasses
import hashlib
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp

from serving.adapters.postgres.credentials import PostgresCredentials
from serving.adapters.postgres.database import PostgresDatabase
from serving.api.auth import Authenticator
from serving.api.limits import AnswerQuota
from serving.api.tenants import TenantService
from serving.domain.errors import (
    Conflict,
    Forbidden,
    InvalidRequest,
    NotAllowedNow,
    NotFound,
    QuotaExceeded,
    Reason,
    Stale,
    StoreUnavailable,
    Unauthorized,
)
from serving.domain.job import Job, JobKind, Lane, Rank
from serving.domain.tenant import Caller, Scope, Tenant, UsageRecord
from serving.records.tenants import ensure_tenants
from tests.postgres import caller, new_tenant
from viva.v1 import tenants_pb2 as pb

ALL_BUT_ADMIN = [scope for scope in Scope if scope is not Scope.ADMIN]


@pytest.fixture
def service(database: PostgresDatabase) -> TenantService:
    return TenantService(database, PostgresCredentials(database))


@pytest.fixture
def operator() -> Caller:
    return dataclasses.replace(caller("operator"), actor="apiKeys/ops")


@pytest.fixture
async def tenant(service: TenantService, operator: Caller) -> str:
    """Id of a tenant that the operator has made."""
    return (await create(service, operator, new_tenant())).name.removeprefix("tenants/")


async def create(service: TenantService, by: Caller, tenant: str, **fields: Any) -> pb.Tenant:
    given = pb.Tenant(**{"display_name": "Acme", **fields})
    return await service.create_tenant(pb.CreateTenantRequest(tenant_id=tenant, tenant=given), by)


async def new_key(service: TenantService, by: Caller, tenant: str = "-", **fields: Any) -> pb.CreateApiKeyResponse:
    given = pb.ApiKey(**{"scopes": ["read"], **fields})
    return await service.create_api_key(pb.CreateApiKeyRequest(parent=f"tenants/{tenant}", api_key=given), by)


def after(**since_now: float) -> Timestamp:
    found = Timestamp()
    found.FromDatetime(datetime.now(UTC) + timedelta(**since_now))
    return found


async def actions(service: TenantService, tenant: str) -> list[tuple[str, str, str]]:
    """What was done in a tenant, newest first: action, actor, resource."""
    page = await service.list_audit_entries(pb.ListAuditEntriesRequest(parent="tenants/-"), caller(tenant))
    return [(one.action, one.actor, one.resource) for one in page.audit_entries]


async def test_the_operator_makes_a_tenant_and_its_first_key_and_the_key_works(
    service: TenantService, database: PostgresDatabase, operator: Caller, tenant: str
) -> None:
    made = await new_key(service, operator, tenant, scopes=["read", "manage"], display_name="first")
    assert made.key.startswith(made.api_key.prefix)
    assert (len(made.key), len(made.api_key.prefix)) == (48, 12)
    asked = Authenticator(PostgresCredentials(database), configured={}, tokens=None, open_to_host=False, tls=False)
    found = await asked.caller([("authorization", f"Bearer {made.key}")], "ipv4:10.0.0.9:1", {}, "r")
    key_id = made.api_key.name.rpartition("/")[2]
    assert found == Caller(tenant, frozenset({Scope.READ, Scope.MANAGE}), f"apiKeys/{key_id}", "r")
    assert (await service.get_tenant(pb.GetTenantRequest(name="tenants/-"), found)).name == f"tenants/{tenant}"
    assert await actions(service, tenant) == [
        ("CreateApiKey", "tenants/operator/apiKeys/ops", made.api_key.name),
        ("CreateTenant", "tenants/operator/apiKeys/ops", f"tenants/{tenant}"),
    ]


async def test_the_key_itself_is_stored_nowhere(
    service: TenantService, database: PostgresDatabase, tenant: str
) -> None:
    made = await new_key(service, caller(tenant))
    async with database.transaction(tenant) as tx:
        rows = await (await tx._connection.execute("SELECT row_to_json(api_keys)::text FROM api_keys")).fetchall()
    (row,) = rows[0]
    assert made.key not in row
    assert hashlib.sha256(made.key.encode()).hexdigest() in row
    listed = await service.list_api_keys(pb.ListApiKeysRequest(parent="tenants/-"), caller(tenant))
    assert list(listed.api_keys) == [made.api_key]


async def test_the_same_request_makes_a_tenant_once(service: TenantService, operator: Caller) -> None:
    request = pb.CreateTenantRequest(
        tenant_id=new_tenant(), tenant=pb.Tenant(display_name="Acme"), request_id=str(uuid.uuid4())
    )
    first = await service.create_tenant(request, operator)
    assert await service.create_tenant(request, operator) == first
    request.tenant.display_name = "Other"
    with pytest.raises(Conflict) as raised:
        await service.create_tenant(request, operator)
    assert raised.value.reason is Reason.REQUEST_ID_REUSED
    request.ClearField("request_id")
    with pytest.raises(Conflict) as raised:
        await service.create_tenant(request, operator)
    assert raised.value.reason is Reason.ALREADY_EXISTS


@pytest.mark.parametrize(
    ("tenant_id", "fields", "field"),
    [
        ("", {}, "tenant_id"),
        ("9-acme", {}, "tenant_id"),
        ("good-id", {"display_name": ""}, "tenant.display_name"),
        ("good-id", {"jurisdictions": ["US-IL", "ATLANTIS"]}, "tenant.jurisdictions[1]"),
        ("good-id", {"quotas": {"requests_per_second": -1}}, "tenant.quotas.requests_per_second"),
    ],
)
async def test_a_tenant_that_cannot_be_is_refused_by_its_field(
    service: TenantService, operator: Caller, tenant_id: str, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidRequest) as raised:
        await create(service, operator, tenant_id, **fields)
    assert raised.value.field == field


async def test_another_tenant_is_not_found_by_any_call(service: TenantService, tenant: str) -> None:
    theirs = await new_key(service, caller(tenant))
    mine = caller(new_tenant(), *ALL_BUT_ADMIN)
    name, key = f"tenants/{tenant}", theirs.api_key.name
    calls = (
        service.get_tenant(pb.GetTenantRequest(name=name), mine),
        service.update_tenant(pb.UpdateTenantRequest(tenant=pb.Tenant(name=name, display_name="x")), mine),
        new_key(service, mine, tenant),
        service.list_api_keys(pb.ListApiKeysRequest(parent=name), mine),
        service.rotate_api_key(pb.RotateApiKeyRequest(name=key), mine),
        service.revoke_api_key(pb.RevokeApiKeyRequest(name=key), mine),
        service.list_audit_entries(pb.ListAuditEntriesRequest(parent=name), mine),
        service.list_usage_records(pb.ListUsageRecordsRequest(parent=name), mine),
        service.summarize_usage(pb.SummarizeUsageRequest(parent=f"{name}/interviews/i-1"), mine),
    )
    for asked in calls:
        with pytest.raises(NotFound):
            await asked


async def test_the_operator_finds_no_tenant_that_was_never_made(service: TenantService, operator: Caller) -> None:
    missing = new_tenant()
    with pytest.raises(NotFound):
        await new_key(service, operator, missing)
    with pytest.raises(NotFound):
        await service.get_tenant(pb.GetTenantRequest(name=f"tenants/{missing}"), operator)


async def test_the_operator_lists_all_tenants_and_everybody_else_their_own(
    service: TenantService, operator: Caller
) -> None:
    mark = uuid.uuid4().hex
    made = [(await create(service, operator, new_tenant(), display_name=mark)).name for _ in range(3)]
    request = pb.ListTenantsRequest(filter=f'display_name = "{mark}"', page_size=2)
    first = await service.list_tenants(request, operator)
    request.page_token = first.next_page_token
    second = await service.list_tenants(request, operator)
    assert [one.name for one in (*first.tenants, *second.tenants)] == made
    assert not second.next_page_token
    own = caller(made[1].removeprefix("tenants/"), *ALL_BUT_ADMIN)
    assert [one.name for one in (await service.list_tenants(pb.ListTenantsRequest(), own)).tenants] == [made[1]]


async def test_a_tenant_changes_itself_but_not_its_quotas(
    service: TenantService, operator: Caller, tenant: str
) -> None:
    mine, name = caller(tenant, *ALL_BUT_ADMIN), f"tenants/{tenant}"
    changed = await service.update_tenant(
        pb.UpdateTenantRequest(tenant=pb.Tenant(name="tenants/-", jurisdictions=["EU"], media_retention_days=30)), mine
    )
    assert (changed.display_name, list(changed.jurisdictions), changed.media_retention_days) == ("Acme", ["EU"], 30)
    wanted = pb.Tenant(name=name, quotas=pb.Quotas(requests_per_second=5))
    with pytest.raises(Forbidden) as raised:
        await service.update_tenant(pb.UpdateTenantRequest(tenant=wanted), mine)
    assert raised.value.metadata == {"scope": "admin"}
    mask = FieldMask(paths=["quotas"])
    raised_quota = await service.update_tenant(pb.UpdateTenantRequest(tenant=wanted, update_mask=mask), operator)
    assert (raised_quota.quotas.requests_per_second, raised_quota.media_retention_days) == (5, 30)
    stale = pb.Tenant(name=name, display_name="x", etag=changed.etag)
    with pytest.raises(Stale):
        await service.update_tenant(pb.UpdateTenantRequest(tenant=stale), mine)
    with pytest.raises(InvalidRequest, match="ATLANTIS"):
        await service.update_tenant(
            pb.UpdateTenantRequest(tenant=pb.Tenant(name=name, jurisdictions=["ATLANTIS"])), mine
        )
    assert [action for action, _, _ in await actions(service, tenant)] == ["UpdateTenant"] * 2 + ["CreateTenant"]


async def test_nobody_grants_a_scope_that_they_lack(service: TenantService, tenant: str) -> None:
    admin_key = await new_key(service, caller(tenant), scopes=["admin"])
    manager = caller(tenant, Scope.MANAGE, Scope.READ)
    for scopes in (["submit"], ["read", "admin"]):
        with pytest.raises(Forbidden) as raised:
            await new_key(service, manager, scopes=scopes)
        assert raised.value.metadata == {"scope": scopes[-1]}
    with pytest.raises(Forbidden):  # its successor would be in the manager's hands
        await service.rotate_api_key(pb.RotateApiKeyRequest(name=admin_key.api_key.name), manager)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"scopes": []}, "api_key.scopes"),
        ({"scopes": ["fly"]}, "api_key.scopes[0]"),
        ({"expire_time": after(seconds=-1)}, "api_key.expire_time"),
    ],
)
async def test_a_key_that_cannot_be_is_refused_by_its_field(
    service: TenantService, tenant: str, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidRequest) as raised:
        await new_key(service, caller(tenant), **fields)
    assert raised.value.field == field


async def test_a_rotated_key_has_a_successor_and_ends_after_the_overlap(service: TenantService, tenant: str) -> None:
    mine = caller(tenant)
    end = after(days=90)
    old = await new_key(service, mine, scopes=["read", "submit"], display_name="job", expire_time=end)
    request = pb.RotateApiKeyRequest(name=old.api_key.name, overlap_seconds=60)
    new = await service.rotate_api_key(request, mine)
    assert new.key != old.key
    assert (list(new.api_key.scopes), new.api_key.display_name) == (["read", "submit"], "job")
    assert new.api_key.expire_time.ToMicroseconds() == end.ToMicroseconds()
    found = (await service.list_api_keys(pb.ListApiKeysRequest(parent="tenants/-"), mine)).api_keys
    leaving = next(one for one in found if one.name == old.api_key.name)
    left_s = leaving.expire_time.ToDatetime(UTC) - datetime.now(UTC)
    assert timedelta(seconds=30) < left_s <= timedelta(seconds=60)
    request.overlap_seconds = 2_592_000
    await service.rotate_api_key(request, mine)  # a longer overlap does not bring the old one's end back
    found = (await service.list_api_keys(pb.ListApiKeysRequest(parent="tenants/-"), mine)).api_keys
    assert next(one for one in found if one.name == old.api_key.name).expire_time == leaving.expire_time
    rotated = [resource for action, _, resource in await actions(service, tenant) if action == "RotateApiKey"]
    assert {new.api_key.name, old.api_key.name} <= set(rotated)


@pytest.mark.parametrize("overlap_s", [-1, 2_592_001])
async def test_an_overlap_has_its_limits(service: TenantService, tenant: str, overlap_s: int) -> None:
    made = await new_key(service, caller(tenant))
    with pytest.raises(InvalidRequest) as raised:
        await service.rotate_api_key(
            pb.RotateApiKeyRequest(name=made.api_key.name, overlap_seconds=overlap_s), caller(tenant)
        )
    assert raised.value.field == "overlap_seconds"


async def test_a_revoked_key_ends_and_has_no_successor(
    service: TenantService, database: PostgresDatabase, tenant: str
) -> None:
    mine = caller(tenant)
    made = await new_key(service, mine)
    request = pb.RevokeApiKeyRequest(name=made.api_key.name)
    revoked = await service.revoke_api_key(request, mine)
    assert revoked.HasField("revoke_time")
    assert await service.revoke_api_key(request, mine) == revoked
    asked = Authenticator(PostgresCredentials(database), configured={}, tokens=None, open_to_host=True, tls=False)
    with pytest.raises(Unauthorized) as raised:
        await asked.caller([("authorization", f"Bearer {made.key}")], "ipv4:127.0.0.1:1", {}, "r")
    assert raised.value.reason is Reason.KEY_EXPIRED
    with pytest.raises(NotAllowedNow):
        await service.rotate_api_key(pb.RotateApiKeyRequest(name=made.api_key.name), mine)
    assert [action for action, _, _ in await actions(service, tenant)].count("RevokeApiKey") == 1


async def test_the_audit_log_is_read_in_pages(service: TenantService, tenant: str) -> None:
    for _ in range(3):
        await new_key(service, caller(tenant))
    request, seen = pb.ListAuditEntriesRequest(parent="tenants/-", page_size=3), []
    while True:
        page = await service.list_audit_entries(request, caller(tenant))
        seen += [one.action for one in page.audit_entries]
        request.page_token = page.next_page_token
        if not page.next_page_token:
            break
    assert seen == ["CreateApiKey"] * 3 + ["CreateTenant"]


async def test_usage_is_listed_and_summed_by_period_and_interview(
    service: TenantService, database: PostgresDatabase, tenant: str
) -> None:
    start = datetime.now(UTC) - timedelta(hours=1)
    async with database.transaction(tenant) as tx:
        for number in range(3):
            interview = f"tenants/{tenant}/interviews/i-{number % 2}"
            used = UsageRecord(f"{interview}/answers/a-{number}", start + timedelta(minutes=number), "audio", 10.0, 0.5)
            await tx.add_usage(interview, used)
    mine = caller(tenant, Scope.READ)
    total = await service.summarize_usage(pb.SummarizeUsageRequest(parent="tenants/-"), mine)
    assert (total.answer_count, total.media_seconds, total.interview_count) == (3, 30.0, 2)
    one = await service.summarize_usage(pb.SummarizeUsageRequest(parent="tenants/-/interviews/i-0"), mine)
    assert (one.answer_count, one.interview_count) == (2, 1)
    request = pb.ListUsageRecordsRequest(parent="tenants/-", page_size=1)
    request.start_time.FromDatetime(start + timedelta(minutes=1))
    request.end_time.FromDatetime(start + timedelta(minutes=2))
    page = await service.list_usage_records(request, mine)
    assert [record.answer.rpartition("/")[2] for record in page.usage_records] == ["a-1"]
    request.start_time.seconds = 10**12
    with pytest.raises(InvalidRequest, match="start_time"):
        await service.list_usage_records(request, mine)


async def test_gateways_that_start_together_make_a_missing_tenant_once(
    service: TenantService, database: PostgresDatabase
) -> None:
    missing = [new_tenant(), new_tenant()]
    await asyncio.gather(*(ensure_tenants(database, missing) for _ in range(4)))
    await ensure_tenants(database, missing)
    for tenant in missing:
        assert await actions(service, tenant) == [("CreateTenant", "system", f"tenants/{tenant}")]


async def test_a_database_without_the_schema_is_waited_for(database: PostgresDatabase) -> None:
    with pytest.raises(StoreUnavailable, match="no schema yet"):
        async with database.transaction(new_tenant()) as tx:
            await tx._connection.execute("SELECT 1 FROM not_migrated")


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


async def set_quotas(service: TenantService, operator: Caller, tenant: str, **quotas: int) -> None:
    given = pb.Tenant(name=f"tenants/{tenant}", quotas=pb.Quotas(**quotas))
    await service.update_tenant(pb.UpdateTenantRequest(tenant=given), operator)


async def enqueue(database: PostgresDatabase, tenant: str, count: int) -> None:
    async with database.transaction(tenant) as tx:
        await tx.enqueue([Job(JobKind.SCORE, Lane.TEXT, Rank.BULK, f"answer-{one}") for one in range(count)])
        await tx.enqueue([Job(JobKind.DELIVER, Lane.ERRAND, Rank.BULK, "event")])  # scores nothing


async def score(database: PostgresDatabase, tenant: str, count: int, ago: timedelta) -> None:
    async with database.transaction(tenant) as tx:
        for _ in range(count):
            used = UsageRecord(f"tenants/{tenant}/{uuid.uuid4()}", datetime.now(UTC) - ago, "text", 0.0, 0.1)
            await tx.add_usage("i", used)


async def admitted(quota: AnswerQuota, tenant: str, most: int = 100) -> int:
    for count in range(most):
        try:
            await quota.admit(tenant, 1)
        except QuotaExceeded:
            return count
    return most


async def test_answers_are_taken_up_to_what_may_wait(
    service: TenantService, database: PostgresDatabase, operator: Caller, tenant: str
) -> None:
    await set_quotas(service, operator, tenant, queued_answers=10)
    await enqueue(database, tenant, 4)
    clock = Clock()
    quota = AnswerQuota(database, clock)
    with pytest.raises(QuotaExceeded) as raised:
        await quota.admit(tenant, 7)
    assert raised.value.metadata == {"quota": "queued_answers", "limit": "10"}
    assert raised.value.retry_after_s == 60.0  # nothing was scored lately
    assert await admitted(quota, tenant) == 6
    assert await admitted(quota, tenant) == 0
    clock.now += 1.0  # the queue is looked at again: nothing of what was admitted came
    assert await admitted(quota, tenant) == 6
    other = new_tenant()
    assert await admitted(quota, other) == 100


async def test_a_full_queue_says_when_it_has_drained_far_enough(
    service: TenantService, database: PostgresDatabase, operator: Caller, tenant: str
) -> None:
    await set_quotas(service, operator, tenant, queued_answers=10)
    await enqueue(database, tenant, 10)
    await score(database, tenant, 30, timedelta(seconds=5))
    await score(database, tenant, 50, timedelta(seconds=90))
    for count, wait_s in ((5, 10.0), (1, 2.0), (100_000, 3_600.0)):
        with pytest.raises(QuotaExceeded) as raised:
            await AnswerQuota(database).admit(tenant, count)
        assert raised.value.retry_after_s == pytest.approx(wait_s)


async def test_answers_of_a_day_are_those_scored_in_it_and_those_that_wait(
    service: TenantService, database: PostgresDatabase, operator: Caller, tenant: str
) -> None:
    await set_quotas(service, operator, tenant, answers_per_day=20)
    await score(database, tenant, 5, timedelta(hours=2))
    await score(database, tenant, 9, timedelta(hours=25))
    await enqueue(database, tenant, 3)
    clock = Clock()
    quota = AnswerQuota(database, clock)
    assert await admitted(quota, tenant) == 12
    with pytest.raises(QuotaExceeded) as raised:
        await quota.admit(tenant, 1)
    assert raised.value.metadata == {"quota": "answers_per_day", "limit": "20"}
    await score(database, tenant, 10, timedelta())
    clock.now += 1.5
    assert await admitted(quota, tenant) == 2


async def test_accepting_asks_the_database_once_a_second(
    service: TenantService, database: PostgresDatabase, tenant: str
) -> None:
    clock = Clock()
    quota = AnswerQuota(database, clock)
    await asyncio.gather(*(quota.admit(tenant, 1) for _ in range(50)))
    await database.close()
    await quota.admit(tenant, 1)
    clock.now += 1.0
    with pytest.raises(StoreUnavailable):
        await quota.admit(tenant, 1)


async def test_a_tenant_that_was_never_made_has_default_quotas(database: PostgresDatabase) -> None:
    async with database.transaction(tenant := new_tenant()) as tx:
        assert await tx.find(Tenant, f"tenants/{tenant}") is None
    with pytest.raises(QuotaExceeded, match="100000 of the tenant's answers"):
        await AnswerQuota(database).admit(tenant, 100_001)
