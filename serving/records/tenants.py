"""Tenants that the configuration names."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

from serving.domain.errors import StoreUnavailable
from serving.domain.tenant import Caller, Tenant
from serving.records.ports import Database

_RETRY_S: Final = 1.0


async def ensure_tenants(database: Database, ids: Iterable[str]) -> None:
    """Store those that are missing, when the database is there. Harmless when several gateways do so at a time."""
    for tenant in ids:
        while True:
            try:
                await _ensure(database, tenant)
                break
            except StoreUnavailable:
                await asyncio.sleep(_RETRY_S)


async def _ensure(database: Database, tenant: str) -> None:
    name = f"tenants/{tenant}"
    async with database.transaction(tenant) as tx:
        if await tx.ensure(Tenant(name=name, display_name=tenant)):
            await tx.audit(Caller(tenant, frozenset(), "system"), "CreateTenant", name)
