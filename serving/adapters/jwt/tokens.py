"""JSON Web Tokens of configured issuers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import jwt
from jwt.exceptions import ExpiredSignatureError, PyJWTError

from serving.adapters.jwt.issuer import Issuer
from serving.adapters.jwt.keys import ALGORITHMS, IssuerKeys
from serving.domain import names
from serving.domain.errors import Reason, Unauthorized
from serving.domain.tenant import SCOPES, Caller, Scope

_LEEWAY_S: Final = 60
_MOST_CHARS: Final = 16_384
_SCOPE_PREFIX: Final = "viva:"


class IssuedTokens:
    """Verifies tokens: signature (RS256, ES256, EdDSA), issuer, audience, and their time with a minute's leeway."""

    def __init__(self, issuers: Iterable[Issuer]) -> None:
        self._issuers = {issuer.issuer: (issuer, IssuerKeys(issuer)) for issuer in issuers}

    async def verify(self, token: str) -> Caller:
        """Whom a token speaks for; whether the tenant exists is not looked at.

        Raises:
            Unauthorized: it is none of a configured issuer, not for us, or not valid now.
            StoreUnavailable: the issuer's keys cannot be read.
        """
        try:
            return await self._verify(token)
        except ExpiredSignatureError:
            raise Unauthorized("the token has expired", reason=Reason.KEY_EXPIRED) from None
        except (PyJWTError, ValueError, TypeError, RecursionError):  # what is wrong with a token is nobody's business
            raise _invalid() from None

    async def _verify(self, token: str) -> Caller:
        if len(token) > _MOST_CHARS:
            raise _invalid()
        claimed = jwt.decode_complete(token, options={"verify_signature": False})
        said, key_id = claimed["payload"].get("iss"), claimed["header"].get("kid")
        if not isinstance(said, str) or said not in self._issuers or not isinstance(key_id, str):
            raise _invalid()
        issuer, keys = self._issuers[said]
        key = await keys.find(key_id)
        if key is None:
            raise _invalid()
        claims = jwt.decode(
            token,
            key,  # with the algorithm that the issuer's key is for; the token's own word must equal it
            algorithms=list(ALGORITHMS),
            audience=issuer.audience,
            issuer=issuer.issuer,
            leeway=_LEEWAY_S,
            options={"require": ["aud", "exp", "iss", "sub"], "enforce_minimum_key_length": True},
        )
        tenant = claims.get(issuer.tenant_claim)
        if not isinstance(tenant, str) or not re.fullmatch(names.TENANT_ID, tenant):
            raise Unauthorized(f"the token's claim {issuer.tenant_claim} must be the id of a tenant")
        subject = hashlib.sha256(f"{claims['iss']}\n{claims['sub']}".encode()).hexdigest()
        return Caller(tenant, _scopes(claims, issuer.scope_claim), f"jwt:{subject}")


def _scopes(claims: Mapping[str, Any], claim: str) -> frozenset[Scope]:
    given = claims.get(claim, "")
    words = given.split() if isinstance(given, str) else given if isinstance(given, list) else []
    ours = {word.removeprefix(_SCOPE_PREFIX) for word in map(str, words) if word.startswith(_SCOPE_PREFIX)}
    return frozenset(Scope(word) for word in ours if word in SCOPES)


def _invalid() -> Unauthorized:
    return Unauthorized("the token is not valid here")
