"""API keys: made, succeeded, ended. The key itself is shown once; its hash is kept."""

from __future__ import annotations

import dataclasses
import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from serving.domain import names
from serving.domain.errors import Forbidden, NotAllowedNow
from serving.domain.fields import invalid
from serving.domain.tenant import ApiKey, Scope

PATTERN: Final = r"viva_[A-Za-z0-9_-]{43}"  # 32 random bytes
_BYTES: Final = 32
_PREFIX_CHARS: Final = 12  # 7 of them random: 36 more stay unknown


def mint(tenant: str, given: ApiKey, now: datetime, path: str) -> tuple[ApiKey, str]:
    """A new key of a tenant, and the key itself.

    Args:
        tenant: name of the tenant.
        path: where `given` stands in the request.

    Raises:
        InvalidRequest: it would have ended already.
    """
    if given.expire_time is not None and given.expire_time <= now:
        raise invalid(f"{path}.expire_time" if path else "expire_time", "must be in the future")
    key = f"viva_{secrets.token_urlsafe(_BYTES)}"
    made = ApiKey(
        name=f"{tenant}/apiKeys/{names.new_id()}",
        display_name=given.display_name,
        scopes=given.scopes,
        expire_time=given.expire_time,
        prefix=key[:_PREFIX_CHARS],
        key_sha256=hashlib.sha256(key.encode()).hexdigest(),
    )
    return made, key


def outgoing(old: ApiKey, now: datetime, overlap: timedelta) -> ApiKey:
    """A key that has a successor: it ends when the overlap does, or by itself before. Raises `NotAllowedNow`."""
    if ended(old, now):
        raise NotAllowedNow(f"{old.name} has expired or was revoked; make a new key")
    end = now + overlap
    return dataclasses.replace(old, expire_time=min(old.expire_time or end, end))


def ended(key: ApiKey, now: datetime) -> bool:
    """Whether a key works no more."""
    revoked = key.revoke_time is not None
    return revoked or (key.expire_time is not None and key.expire_time <= now)


def check_grant(scopes: Collection[str], held: frozenset[Scope]) -> None:
    """Nobody gives what they do not have. Raises `Forbidden`."""
    for scope in scopes:
        if Scope(scope) not in held:
            raise Forbidden(f"granting the scope {scope} needs the scope itself", metadata={"scope": scope})
