"""`viva.v1.Tenants`."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar, Final

from google.protobuf.descriptor import ServiceDescriptor

from serving.api import messages, resources
from serving.domain import fields, names
from serving.domain.errors import Forbidden
from serving.domain.fields import invalid
from serving.domain.tenant import ApiKey, Caller, Scope, Tenant
from serving.records import api_keys, policy
from serving.records.ports import Credentials, Database, Transaction
from viva.v1 import tenants_pb2 as pb

_TENANT: Final = "tenants/*"
_API_KEY: Final = "tenants/*/apiKeys/*"
_INTERVIEW: Final = "tenants/*/interviews/*"
_CHANGEABLE: Final = (
    "display_name",
    "jurisdictions",
    "media_retention_days",
    "report_retention_days",
    "scores_shown_to_candidates",
    "media_hosts",
    "bias_audit_time",
    "quotas",
)
_OVERLAP_S: Final = 86_400  # the default and the most that viva/v1/tenants.proto states
_MOST_OVERLAP_S: Final = 2_592_000


class TenantService:
    """Tenants, their keys, what they used and what was done."""

    DESCRIPTOR: ClassVar[ServiceDescriptor] = pb.DESCRIPTOR.services_by_name["Tenants"]
    SCOPES: ClassVar[Mapping[str, Scope]] = {
        "CreateTenant": Scope.ADMIN,
        "GetTenant": Scope.READ,
        "ListTenants": Scope.READ,
        "UpdateTenant": Scope.MANAGE,
        "CreateApiKey": Scope.MANAGE,
        "ListApiKeys": Scope.MANAGE,
        "RotateApiKey": Scope.MANAGE,
        "RevokeApiKey": Scope.MANAGE,
        "ListAuditEntries": Scope.MANAGE,
        "ListUsageRecords": Scope.READ,
        "SummarizeUsage": Scope.READ,
    }

    def __init__(self, database: Database, credentials: Credentials) -> None:
        self._database = database
        self._credentials = credentials

    async def create_tenant(self, request: pb.CreateTenantRequest, caller: Caller) -> pb.Tenant:
        """`CreateTenant`."""
        if not re.fullmatch(names.TENANT_ID, request.tenant_id):
            says = "3 to 40 characters of a-z, 0-9 and -, beginning with a letter"
            raise invalid("tenant_id", f"is {request.tenant_id[:40]!r}, it must be {says}")
        tenant = resources.read(request.tenant, Tenant, "tenant")
        policy.check_jurisdictions(tenant.jurisdictions, "tenant.jurisdictions")
        tenant = dataclasses.replace(tenant, name=f"tenants/{request.tenant_id}")
        async with self._database.transaction(request.tenant_id) as tx:
            made = await resources.once(
                tx, _seen_from(request.tenant_id, caller), request, tenant.name, Tenant, lambda: tx.insert(tenant)
            )
        return messages.to_message(made, pb.Tenant())

    async def get_tenant(self, request: pb.GetTenantRequest, caller: Caller) -> pb.Tenant:
        """`GetTenant`."""
        name = _name(request.name, _TENANT, caller, "name")
        async with self._database.transaction(names.tenant_of(name)) as tx:
            return messages.to_message(await tx.get(Tenant, name), pb.Tenant())

    async def list_tenants(self, request: pb.ListTenantsRequest, caller: Caller) -> pb.ListTenantsResponse:
        """`ListTenants`."""
        query = resources.query(request, "tenants")
        if Scope.ADMIN in caller.scopes:
            page = await self._credentials.tenants(query)
        else:
            async with self._database.transaction(caller.tenant) as tx:
                page = await tx.page(Tenant, query)
        return resources.fill_page(pb.ListTenantsResponse(), "tenants", page)

    async def update_tenant(self, request: pb.UpdateTenantRequest, caller: Caller) -> pb.Tenant:
        """`UpdateTenant`."""
        name = _name(request.tenant.name, _TENANT, caller, "tenant.name")
        tenant = names.tenant_of(name)
        async with self._database.transaction(tenant) as tx:
            current = await tx.get(Tenant, name, lock=True)
            changed = messages.merged(current, request.tenant, request.update_mask, _CHANGEABLE, "tenant")
            fields.check(changed, "tenant")
            policy.check_jurisdictions(changed.jurisdictions, "tenant.jurisdictions")
            if changed.quotas != current.quotas and Scope.ADMIN not in caller.scopes:
                raise Forbidden("changing tenant.quotas needs the scope admin", metadata={"scope": "admin"})
            updated = await tx.replace(changed, request.tenant.etag)
            await tx.audit(_seen_from(tenant, caller), "UpdateTenant", name)
        return messages.to_message(updated, pb.Tenant())

    async def create_api_key(self, request: pb.CreateApiKeyRequest, caller: Caller) -> pb.CreateApiKeyResponse:
        """`CreateApiKey`."""
        parent = _name(request.parent, _TENANT, caller, "parent")
        given = resources.read(request.api_key, ApiKey, "api_key")
        api_keys.check_grant(given.scopes, caller.scopes)
        async with self._database.transaction(names.tenant_of(parent)) as tx:
            await tx.get(Tenant, parent)
            made, key = api_keys.mint(parent, given, tx.now, "api_key")
            stored = await _store(tx, made, caller, "CreateApiKey")
        return pb.CreateApiKeyResponse(api_key=messages.to_message(stored, pb.ApiKey()), key=key)

    async def list_api_keys(self, request: pb.ListApiKeysRequest, caller: Caller) -> pb.ListApiKeysResponse:
        """`ListApiKeys`."""
        parent = _name(request.parent, _TENANT, caller, "parent")
        async with self._database.transaction(names.tenant_of(parent)) as tx:
            page = await tx.page(ApiKey, resources.query(request, parent))
        return resources.fill_page(pb.ListApiKeysResponse(), "api_keys", page)

    async def rotate_api_key(self, request: pb.RotateApiKeyRequest, caller: Caller) -> pb.CreateApiKeyResponse:
        """`RotateApiKey`."""
        name = _name(request.name, _API_KEY, caller, "name")
        overlap_s = request.overlap_seconds if request.HasField("overlap_seconds") else _OVERLAP_S
        if not 0 <= overlap_s <= _MOST_OVERLAP_S:
            raise invalid("overlap_seconds", f"is {overlap_s}, it must be 0 to {_MOST_OVERLAP_S}")
        expire_time = messages.time_of(request, "expire_time")
        async with self._database.transaction(names.tenant_of(name)) as tx:
            old = await tx.get(ApiKey, name, lock=True)
            api_keys.check_grant(old.scopes, caller.scopes)
            leaving = api_keys.outgoing(old, tx.now, timedelta(seconds=overlap_s))
            wanted = dataclasses.replace(old, expire_time=expire_time or old.expire_time)
            made, key = api_keys.mint(names.parent_of(name), wanted, tx.now, "")
            await tx.replace(leaving)
            await tx.audit(_seen_from(names.tenant_of(name), caller), "RotateApiKey", name)
            stored = await _store(tx, made, caller, "RotateApiKey")
        return pb.CreateApiKeyResponse(api_key=messages.to_message(stored, pb.ApiKey()), key=key)

    async def revoke_api_key(self, request: pb.RevokeApiKeyRequest, caller: Caller) -> pb.ApiKey:
        """`RevokeApiKey`."""
        name = _name(request.name, _API_KEY, caller, "name")
        async with self._database.transaction(names.tenant_of(name)) as tx:
            key = await tx.get(ApiKey, name, lock=True)
            if key.revoke_time is None:
                key = await tx.replace(dataclasses.replace(key, revoke_time=tx.now))
                await tx.audit(_seen_from(names.tenant_of(name), caller), "RevokeApiKey", name)
        return messages.to_message(key, pb.ApiKey())

    async def list_audit_entries(
        self, request: pb.ListAuditEntriesRequest, caller: Caller
    ) -> pb.ListAuditEntriesResponse:
        """`ListAuditEntries`."""
        resources.parent(request, caller)
        async with self._database.transaction(caller.tenant) as tx:
            page = await tx.audit_entries(request.page_size, request.page_token)
        return resources.fill_page(pb.ListAuditEntriesResponse(), "audit_entries", page)

    async def list_usage_records(
        self, request: pb.ListUsageRecordsRequest, caller: Caller
    ) -> pb.ListUsageRecordsResponse:
        """`ListUsageRecords`."""
        interview, start, end = _interview(request, caller), *_period(request)
        async with self._database.transaction(caller.tenant) as tx:
            page = await tx.usage(interview, start, end, request.page_size, request.page_token)
        return resources.fill_page(pb.ListUsageRecordsResponse(), "usage_records", page)

    async def summarize_usage(self, request: pb.SummarizeUsageRequest, caller: Caller) -> pb.UsageSummary:
        """`SummarizeUsage`."""
        interview, start, end = _interview(request, caller), *_period(request)
        async with self._database.transaction(caller.tenant) as tx:
            return messages.to_message(await tx.usage_summary(interview, start, end), pb.UsageSummary())


def _name(name: str, pattern: str, caller: Caller, path: str) -> str:
    """A checked name: of any tenant for the operator, of the caller's own for everybody else."""
    named = name.split("/")[1:2]
    anywhere = Scope.ADMIN in caller.scopes and named not in ([], [names.OWN])
    return names.check(name, pattern, named[0] if anywhere else caller.tenant, path)


def _seen_from(tenant: str, caller: Caller) -> Caller:
    """The caller as a tenant's audit log names it: one of another tenant with that tenant's name."""
    if tenant == caller.tenant:
        return caller
    return dataclasses.replace(caller, actor=f"tenants/{caller.tenant}/{caller.actor}")


async def _store(tx: Transaction, key: ApiKey, caller: Caller, action: str) -> ApiKey:
    stored = await tx.insert(key)
    await tx.audit(_seen_from(names.tenant_of(key.name), caller), action, key.name)
    return stored


def _interview(request: Any, caller: Caller) -> str:
    """The interview that usage is asked of; empty for all of the tenant's."""
    if request.parent.count("/") > 1:
        return resources.parent(request, caller, _INTERVIEW)
    resources.parent(request, caller)
    return ""


def _period(request: Any) -> tuple[Any, Any]:
    return messages.time_of(request, "start_time"), messages.time_of(request, "end_time")
