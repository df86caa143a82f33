"""Where media are kept: the Protocol of an object store, the keys of what is in it, and the stores by storage class."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Final, Protocol

from serving.domain import names
from serving.domain.errors import NotAllowedNow, Reason

DEFAULT_CLASS: Final = "default"


class ObjectStore(Protocol):
    """Files by key. Every method may raise `StoreUnavailable`, which says when to try again."""

    async def put_file(self, key: str, path: Path) -> None:
        """Keep a copy of a local file.

        Whoever reads the key sees the whole file, what was there before, or nothing. Putting it again is harmless.

        Raises:
            Overloaded: the store has no room.
        """
        ...

    async def fetch_to(self, key: str, path: Path) -> None:
        """Write an object to a local file, private to its owner (mode 0600); after a failure there is no file.

        Raises:
            NotFound: nothing is kept under the key.
            Overloaded: the local disk has no room.
        """
        ...

    async def delete(self, key: str) -> bool:
        """Delete an object. False when there was none."""
        ...

    async def exists(self, key: str) -> int | None:
        """Size of an object in bytes, None when there is none."""
        ...

    def list(self, prefix: str) -> AsyncIterator[str]:
        """Keys below a folder such as `tenants/acme`, in no order; `tenants/acm` is not a prefix of them."""
        ...


def media_key(tenant: str, sha256: str) -> str:
    """Key of media: by content, so that what was sent twice is kept once.

    Args:
        tenant: id of the tenant.
        sha256: 64 lower-case hexadecimal digits.

    Raises:
        ValueError: one of them has another form.
    """
    if not re.fullmatch(names.TENANT_ID, tenant) or not re.fullmatch(names.SHA256, sha256):
        raise ValueError("a media key needs the id of a tenant and a sha256")
    return f"tenants/{tenant}/media/{sha256[:2]}/{sha256}"


class StorageClasses:
    """The configured stores; a jurisdiction may ask for another than the `default` (`PolicyDecision.storage_class`).

    Args:
        stores: by name of the storage class.

    Raises:
        ValueError: there is no `default`.
    """

    def __init__(self, stores: Mapping[str, ObjectStore]) -> None:
        if DEFAULT_CLASS not in stores:
            raise ValueError(f"storage classes lack {DEFAULT_CLASS!r}")
        self._stores = dict(stores)

    def of(self, storage_class: str) -> ObjectStore:
        """The store of a class.

        Raises:
            NotAllowedNow: nobody configured it.
        """
        if storage_class not in self._stores:
            raise NotAllowedNow(
                f"storage class {storage_class!r} is not configured",
                reason=Reason.STORAGE_CLASS_MISSING,
                metadata={"storage_class": storage_class},
            )
        return self._stores[storage_class]
