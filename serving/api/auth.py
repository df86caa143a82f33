"""Who calls: API keys to tenants."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

from serving.domain.errors import Unauthorized

LOCAL_TENANT: Final = "local"


class ApiKeys:
    """Tenants by the SHA-256 of their key; keys themselves are never stored.

    Without any key the stack serves one local tenant and asks for no credentials; the composition root allows that
    on loopback addresses only.
    """

    def __init__(self, tenant_by_sha256: Mapping[str, str]) -> None:
        self._tenants = dict(tenant_by_sha256)

    def tenant(self, metadata: Sequence[tuple[str, str | bytes]]) -> str:
        """Tenant of a call.

        Args:
            metadata: invocation metadata; `authorization: Bearer KEY` is looked for.

        Raises:
            Unauthorized: keys are required, and this is none of them.
        """
        if not self._tenants:
            return LOCAL_TENANT
        scheme, _, key = str(dict(metadata).get("authorization", "")).partition(" ")
        # Looked up by digest, so that the time of a miss says nothing about the keys.
        tenant = self._tenants.get(hashlib.sha256(key.encode()).hexdigest())
        if scheme.lower() != "bearer" or tenant is None:
            raise Unauthorized("the call needs metadata `authorization: Bearer KEY` with a valid API key")
        return tenant
