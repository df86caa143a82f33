"""Who gets through the edge: credentials, then calls a second, then scopes."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from deployments.compose.edge import Edge
from deployments.config import from_mapping
from serving.adapters.postgres.server import PostgresServer
from serving.api import rpc
from serving.domain.errors import Forbidden, NotFound, QuotaExceeded, StoreUnavailable
from serving.domain.tenant import Caller
from viva.v1 import tenants_pb2 as pb

HERE = "ipv4:127.0.0.1:1"


class Context:
    """What gRPC tells of a call."""

    def __init__(self, key: str = "") -> None:
        self._key = key

    def invocation_metadata(self) -> list[tuple[str, str]]:
        return [("authorization", f"Bearer {self._key}")] if self._key else []

    def peer(self) -> str:
        return HERE

    def auth_context(self) -> dict[str, list[bytes]]:
        return {}


@pytest.fixture
async def edge(postgres: PostgresServer, tmp_path: Path) -> AsyncIterator[Edge]:
    config = from_mapping({"data_dir": str(tmp_path), "database": {"url": postgres.app_url}})
    scorer: Any = None  # no answer is scored here
    edge = Edge(config, scorer)
    running = asyncio.create_task(edge.run())
    yield edge
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def call(edge: Edge, name: str, request: Any, key: str = "") -> tuple[Caller, Any]:
    """One call as the gateway makes it."""
    asked = rpc.table(*edge.services)[name]
    caller = await edge.caller(asked, Context(key), "00000000-0000-4000-8000-000000000000")
    return caller, await asked.handler(request, caller)


async def until_there_is_the_local_tenant(edge: Edge) -> pb.Tenant:
    while True:
        try:
            _, found = await call(edge, "GetTenant", pb.GetTenantRequest(name="tenants/-"))
            assert isinstance(found, pb.Tenant)
            return found
        except (NotFound, StoreUnavailable):
            await asyncio.sleep(0.02)


async def test_a_new_stack_has_the_local_tenant(edge: Edge) -> None:
    assert (await until_there_is_the_local_tenant(edge)).name == "tenants/local"


async def test_an_open_host_holds_several_tenants(edge: Edge) -> None:
    await until_there_is_the_local_tenant(edge)
    tenant = "edge-" + hashlib.sha256(str(id(edge)).encode()).hexdigest()[:12]
    given = pb.Tenant(display_name="Acme", quotas=pb.Quotas(requests_per_second=3))
    await call(edge, "CreateTenant", pb.CreateTenantRequest(tenant_id=tenant, tenant=given))
    wanted = pb.CreateApiKeyRequest(parent=f"tenants/{tenant}", api_key=pb.ApiKey(scopes=["read"]))
    _, made = await call(edge, "CreateApiKey", wanted)
    caller, found = await call(edge, "GetTenant", pb.GetTenantRequest(name="tenants/-"), made.key)
    assert (caller.tenant, found.name) == (tenant, f"tenants/{tenant}")
    with pytest.raises(Forbidden) as raised:
        await call(edge, "CreateApiKey", wanted, made.key)
    assert raised.value.metadata == {"scope": "manage"}
    with pytest.raises(QuotaExceeded):
        for _ in range(100):
            await call(edge, "GetTenant", pb.GetTenantRequest(name="tenants/-"), made.key)
    await call(edge, "GetTenant", pb.GetTenantRequest(name="tenants/-"))  # the local tenant has its own
