"""Who may call."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from serving.api import auth
from serving.api.auth import Authenticator, configured_callers
from serving.domain.errors import Reason, StoreUnavailable, Unauthorized
from serving.domain.tenant import ApiKey, Caller, Scope, Tenant
from serving.records import api_keys
from serving.records.ports import ListQuery, Page

HERE = "ipv4:127.0.0.1:4"
REMOTE = "ipv4:10.0.0.9:1"
PLAIN = {"transport_security_type": [b"insecure"]}
SECURE = {"transport_security_type": [b"ssl"]}
REQUEST_ID = "9b2c6a38-2c0a-4e0b-8f53-6f2f4a3f1a11"


def sha256(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


class Stored:
    """Credentials in memory; counts how often keys are looked up."""

    def __init__(self) -> None:
        self.keys: dict[str, tuple[str, ApiKey]] = {}
        self.looked_up: list[str] = []
        self.away = False

    def add(self, **changes: object) -> str:
        given = ApiKey(scopes=("read", "submit"))
        record, key = api_keys.mint("tenants/acme", given, datetime.now(UTC), "")
        for name, value in changes.items():
            object.__setattr__(record, name, value)
        self.keys[record.key_sha256] = ("acme", record)
        return key

    async def find(self, key_sha256: str) -> tuple[str, ApiKey] | None:
        self.looked_up.append(key_sha256)
        if self.away:
            raise StoreUnavailable("away")
        return self.keys.get(key_sha256)

    async def tenant(self, tenant: str) -> Tenant | None:
        return Tenant(name="tenants/acme") if tenant == "acme" else None

    async def tenants(self, query: ListQuery) -> Page[Tenant]:
        raise NotImplementedError


class Tokens:
    """Takes every token for one of the tenant that it names."""

    async def verify(self, token: str) -> Caller:
        return Caller(token.split(".")[0], frozenset({Scope.READ}), "jwt:x")


@pytest.fixture
def stored() -> Stored:
    return Stored()


def authenticator(stored: Stored, *, open_to_host: bool = True, tls: bool = False) -> Authenticator:
    configured = configured_callers({sha256("k-1"): "acme"}, {sha256("k-2"): "ops"})
    return Authenticator(stored, configured=configured, tokens=Tokens(), open_to_host=open_to_host, tls=tls)


async def call(asked: Authenticator, header: str | None, peer: str = HERE) -> Caller:
    return await asked.caller([] if header is None else [("authorization", header)], peer, PLAIN, REQUEST_ID)


async def test_a_stored_key_names_its_tenant_and_scopes_from_anywhere(stored: Stored) -> None:
    caller = await call(authenticator(stored), f"Bearer {stored.add()}", REMOTE)
    (_, record), *_ = stored.keys.values()
    actor = record.name.removeprefix("tenants/acme/")
    assert caller == Caller("acme", frozenset({Scope.READ, Scope.SUBMIT}), actor, REQUEST_ID)


async def test_a_key_of_the_configuration_may_do_all_but_administer(stored: Stored) -> None:
    caller = await call(authenticator(stored), "Bearer k-1", REMOTE)
    assert (caller.tenant, caller.scopes) == ("acme", frozenset(Scope) - {Scope.ADMIN})


async def test_an_admin_key_of_the_configuration_is_the_operator(stored: Stored) -> None:
    caller = await call(authenticator(stored), "bearer k-2", REMOTE)
    assert caller == Caller("operator", frozenset(Scope), "apiKeys/ops", REQUEST_ID)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer k-3", "Basic k-1", "k-1", "Bearer  k-1", "Bearer \ud800"])
async def test_anything_else_is_refused(stored: Stored, header: str) -> None:
    with pytest.raises(Unauthorized) as raised:
        await call(authenticator(stored), header)
    assert raised.value.reason is Reason.UNAUTHENTICATED
    assert stored.looked_up == []


async def test_an_unknown_key_is_refused(stored: Stored) -> None:
    with pytest.raises(Unauthorized) as raised:
        await call(authenticator(stored), f"Bearer viva_{'x' * 43}")
    assert raised.value.reason is Reason.UNAUTHENTICATED
    assert len(stored.looked_up) == 1


@pytest.mark.parametrize("field", ["expire_time", "revoke_time"])
async def test_a_key_that_has_ended_is_refused(stored: Stored, field: str) -> None:
    key = stored.add(**{field: datetime.now(UTC) - timedelta(seconds=1)})
    with pytest.raises(Unauthorized) as raised:
        await call(authenticator(stored), f"Bearer {key}")
    assert raised.value.reason is Reason.KEY_EXPIRED


async def test_a_key_ends_although_it_is_remembered(stored: Stored) -> None:
    key = stored.add(expire_time=datetime.now(UTC) + timedelta(seconds=0.2))
    asked = authenticator(stored)
    assert (await call(asked, f"Bearer {key}")).tenant == "acme"
    while True:
        try:
            await call(asked, f"Bearer {key}")
        except Unauthorized as error:
            assert error.reason is Reason.KEY_EXPIRED
            break
    assert len(stored.looked_up) == 1


async def test_known_and_unknown_keys_are_remembered(stored: Stored) -> None:
    asked, key = authenticator(stored), stored.add()
    for _ in range(3):
        await call(asked, f"Bearer {key}")
        with pytest.raises(Unauthorized):
            await call(asked, f"Bearer viva_{'x' * 43}")
    assert len(stored.looked_up) == 2


async def test_a_key_is_looked_up_again_once_the_database_is_back(stored: Stored) -> None:
    asked, key = authenticator(stored), stored.add()
    stored.away = True
    with pytest.raises(StoreUnavailable):
        await call(asked, f"Bearer {key}")
    stored.away = False
    assert (await call(asked, f"Bearer {key}")).tenant == "acme"


async def test_a_token_needs_a_tenant_that_exists(stored: Stored) -> None:
    asked = authenticator(stored)
    assert (await call(asked, "Bearer acme.b.c")).scopes == frozenset({Scope.READ})
    with pytest.raises(Unauthorized, match="does not exist"):
        await call(asked, "Bearer other.b.c")


@pytest.mark.parametrize("peer", [HERE, "ipv6:[::1]:4", "ipv6:%5B::1%5D:4", "unix:"])
async def test_callers_on_an_open_host_who_show_nothing_are_the_local_tenant(stored: Stored, peer: str) -> None:
    caller = await call(authenticator(stored), None, peer)
    assert caller == Caller(auth.LOCAL_TENANT, frozenset(Scope), "local", REQUEST_ID)


@pytest.mark.parametrize("peer", [REMOTE, "ipv6:[fe80::1]:4", "ipv4:192.168.127.1:4"])
async def test_other_hosts_who_show_nothing_are_refused(stored: Stored, peer: str) -> None:
    with pytest.raises(Unauthorized, match="only callers on the same host"):
        await call(authenticator(stored), None, peer)


async def test_where_keys_are_asked_for_nobody_is_local(stored: Stored) -> None:
    with pytest.raises(Unauthorized, match="authorization: Bearer KEY"):
        await call(authenticator(stored, open_to_host=False), None)


async def test_with_tls_a_plain_connection_is_refused_whatever_it_shows(stored: Stored) -> None:
    asked = authenticator(stored, tls=True)
    for metadata in ([], [("authorization", "Bearer k-1")]):
        for context in (PLAIN, {}):
            with pytest.raises(Unauthorized, match="with TLS"):
                await asked.caller(metadata, HERE, context, REQUEST_ID)
    assert (await asked.caller([("authorization", "Bearer k-1")], REMOTE, SECURE, REQUEST_ID)).tenant == "acme"
