"""Who calls: API keys to tenants."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

from serving.domain.errors import Unauthorized

LOCAL_TENANT: Final = "local"
_LOOPBACK: Final = ("ipv4:127.", "ipv6:[::1]", "ipv6:%5B::1%5D", "unix:")  # newer gRPC escapes the brackets


class ApiKeys:
    """Tenants by the SHA-256 of their key; keys themselves are never stored.

    Without any key the stack serves one local tenant: without credentials, and to callers on this host only, since
    Ray binds the ingress port of a replica on all interfaces.
    """

    def __init__(self, tenant_by_sha256: Mapping[str, str]) -> None:
        self._tenants = dict(tenant_by_sha256)

    def tenant(self, metadata: Sequence[tuple[str, str | bytes]], peer: str) -> str:
        """Tenant of a call.

        Args:
            metadata: invocation metadata; `authorization: Bearer KEY` is looked for.
            peer: the caller's address as gRPC writes it (`ipv4:127.0.0.1:40000`, `unix:...`).

        Raises:
            Unauthorized: keys are required and this is none of them, or the caller is not on this host.
        """
        if not self._tenants:
            if peer.startswith(_LOOPBACK):
                return LOCAL_TENANT
            raise Unauthorized("without API keys only callers on the same host are served")
        scheme, _, key = str(dict(metadata).get("authorization", "")).partition(" ")
        # Looked up by digest, so that the time of a miss says nothing about the keys.
        tenant = self._tenants.get(hashlib.sha256(key.encode()).hexdigest())
        if scheme.lower() != "bearer" or tenant is None:
            raise Unauthorized("the call needs metadata `authorization: Bearer KEY` with a valid API key")
        return tenant
