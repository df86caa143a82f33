"""The public keys of an issuer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from jwt import PyJWK, PyJWKClient, PyJWKSet
from jwt.exceptions import PyJWTError

from serving.adapters.jwt.issuer import Issuer
from serving.domain.errors import StoreUnavailable

ALGORITHMS: Final = ("RS256", "ES256", "EdDSA")

_log = logging.getLogger(__name__)
_RETRY_S: Final = 60.0  # an unknown key id, which anybody can make up, has the keys read again no sooner
_FIRST_RETRY_S: Final = 5.0  # while no key is known at all
_KEEP_S: Final = 600.0  # a key that the issuer has withdrawn is good no longer than this
_TIMEOUT_S: Final = 5.0


class IssuerKeys:
    """Reads the keys when they are first asked for, every ten minutes, and when a key id is unknown.

    A call waits for them only when its own key is unknown. While they cannot be read, those that were known stay good.

    Args:
        clock: seconds of any origin that only grow.
    """

    def __init__(self, issuer: Issuer, clock: Callable[[], float] = time.monotonic) -> None:
        self._issuer = issuer
        self._clock = clock
        self._keys: Mapping[str, PyJWK] | None = None
        self._tried_at = float("-inf")
        self._read_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None

    async def find(self, key_id: str) -> PyJWK | None:
        """The key of an id. Raises `StoreUnavailable` while none could ever be read."""
        if self._due(key_id):
            self._tried_at = self._clock()
            self._reading = asyncio.create_task(self._read())
        if self._reading is not None and not self._knows(key_id):
            await asyncio.shield(self._reading)
        if self._keys is None:
            raise StoreUnavailable("the keys of the token's issuer cannot be read now", retry_after_s=_FIRST_RETRY_S)
        return self._keys.get(key_id)

    def _knows(self, key_id: str) -> bool:
        return self._keys is not None and key_id in self._keys

    def _due(self, key_id: str) -> bool:
        now = self._clock()
        wanted = not self._knows(key_id) or now - self._read_at >= _KEEP_S
        return wanted and now - self._tried_at >= (_FIRST_RETRY_S if self._keys is None else _RETRY_S)

    async def _read(self) -> None:
        try:
            found = await asyncio.to_thread(_load, self._issuer)
        except (PyJWTError, OSError, ValueError) as error:
            _log.warning("keys of the token issuer %s cannot be read: %s", self._issuer.issuer, type(error).__name__)
            return
        self._read_at = self._tried_at
        self._keys = {key.key_id: key for key in found.keys if key.key_id and _fits(key)}


def _fits(key: PyJWK) -> bool:
    return key.algorithm_name in ALGORITHMS and key.public_key_use in (None, "sig")


def _load(issuer: Issuer) -> PyJWKSet:
    """Blocks."""
    if issuer.remote:
        return PyJWKClient(issuer.jwks, cache_jwk_set=False, timeout=_TIMEOUT_S).get_jwk_set()
    return PyJWKSet.from_json(Path(issuer.jwks).read_text())
