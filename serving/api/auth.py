"""Who calls: keys and tokens to tenants and scopes."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from serving.api.recent import Recent
from serving.domain import names
from serving.domain.errors import Reason, Unauthorized
from serving.domain.tenant import ApiKey, Caller, Scope
from serving.records import api_keys
from serving.records.ports import Credentials

LOCAL_TENANT: Final = "local"
OPERATOR_TENANT: Final = "operator"

_LOOPBACK: Final = ("ipv4:127.", "ipv6:[::1]", "ipv6:%5B::1%5D", "unix:")  # newer gRPC escapes the brackets
_KEEP_S: Final = 5.0  # a key that another gateway revoked works here for so long
_KEY: Final = re.compile(api_keys.PATTERN)
_TENANT_SCOPES: Final = frozenset(Scope) - {Scope.ADMIN}


class Tokens(Protocol):
    """Verifies JSON Web Tokens."""

    async def verify(self, token: str) -> Caller:
        """Whom a token speaks for; whether the tenant exists is not looked at.

        Raises:
            Unauthorized: it is none of a configured issuer, not for us, or not valid now.
            StoreUnavailable: the issuer's keys cannot be read.
        """
        ...


def configured_callers(api_keys: Mapping[str, str], admin_keys: Mapping[str, str]) -> Mapping[str, Caller]:
    """Callers of the configuration by the hex SHA-256 of their key.

    Args:
        api_keys: tenant by hash; with all scopes but `admin`.
        admin_keys: name by hash; keys of the operator, with all scopes.
    """
    tenants = {key: Caller(tenant, _TENANT_SCOPES, f"apiKeys/{key[:12]}") for key, tenant in api_keys.items()}
    admins = {key: Caller(OPERATOR_TENANT, frozenset(Scope), f"apiKeys/{name}") for key, name in admin_keys.items()}
    return {**tenants, **admins}


class Authenticator:
    """Finds out who calls.

    Args:
        credentials: the stored API keys, and the tenants.
        configured: callers of the configuration by the hex SHA-256 of their key.
        tokens: for callers with a JWT; None where no issuer is configured.
        open_to_host: whether callers on this host who show nothing are the local tenant. Only they: Ray binds the
            ingress port of a replica on all interfaces.
        tls: refuse calls that came over a plain connection.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        configured: Mapping[str, Caller],
        tokens: Tokens | None,
        open_to_host: bool,
        tls: bool,
    ) -> None:
        self._keys: Recent[str, tuple[str, ApiKey] | None] = Recent(credentials.find, _KEEP_S)
        self._tenants = Recent(credentials.tenant, _KEEP_S)
        self._configured = dict(configured)
        self._tokens = tokens
        self._open_to_host = open_to_host
        self._tls = tls

    async def caller(
        self,
        metadata: Sequence[tuple[str, str | bytes]],
        peer: str,
        auth_context: Mapping[str, Any],
        request_id: str,
    ) -> Caller:
        """Who makes a call.

        Args:
            metadata: invocation metadata; `authorization: Bearer KEY` is looked for.
            peer: the caller's address as gRPC writes it (`ipv4:127.0.0.1:40000`, `unix:...`).
            auth_context: of the connection, as gRPC gives it.

        Raises:
            Unauthorized: no, unknown or expired credentials, or a connection without the TLS that is asked for.
            StoreUnavailable: the credentials cannot be looked up.
        """
        if self._tls and b"ssl" not in auth_context.get("transport_security_type", ()):
            raise Unauthorized("this port takes no calls; use the advertised one, with TLS")
        given = dict(metadata).get("authorization")
        found = self._local(peer) if given is None else await self._bearer(str(given))
        return dataclasses.replace(found, request_id=request_id)

    def _local(self, peer: str) -> Caller:
        if not self._open_to_host:
            raise _unknown()
        if not peer.startswith(_LOOPBACK):
            raise Unauthorized("without API keys only callers on the same host are served")
        return Caller(LOCAL_TENANT, frozenset(Scope), "local")

    async def _bearer(self, given: str) -> Caller:
        scheme, _, key = given.partition(" ")
        if scheme.lower() != "bearer":
            raise _unknown()
        # Looked up by digest, so that the time of a miss says nothing about the keys.
        key_sha256 = hashlib.sha256(key.encode(errors="replace")).hexdigest()
        if (known := self._configured.get(key_sha256)) is not None:
            return known
        if self._tokens is not None and key.count(".") == 2:
            return await self._token(self._tokens, key)
        if not _KEY.fullmatch(key):  # a flood of anything else does not reach the database
            raise _unknown()
        found = await self._keys.get(key_sha256)
        if found is None:
            raise _unknown()
        tenant, record = found
        if api_keys.ended(record, datetime.now(UTC)):
            raise Unauthorized("the API key has expired or was revoked", reason=Reason.KEY_EXPIRED)
        return Caller(tenant, frozenset(map(Scope, record.scopes)), f"apiKeys/{names.id_of(record.name)}")

    async def _token(self, tokens: Tokens, token: str) -> Caller:
        caller = await tokens.verify(token)
        if await self._tenants.get(caller.tenant) is None:
            raise Unauthorized("the token names a tenant that does not exist")
        return caller


def _unknown() -> Unauthorized:
    return Unauthorized("the call needs metadata `authorization: Bearer KEY` with a valid API key")
