"""Resource names: `tenants/{tenant}/interviews/{interview}` and their like (AIP-122)."""

from __future__ import annotations

import hashlib
import re
import uuid
from typing import Final

from serving.domain.errors import InvalidRequest, NotFound

ID: Final = r"[a-z0-9_-]{1,60}"
TENANT_ID: Final = r"[a-z][a-z0-9-]{2,39}"
CANDIDATE_ID: Final = r"[A-Za-z0-9._~-]{1,100}"
SHA256: Final = r"[0-9a-f]{64}"
OWN: Final = "-"  # stands for the caller's own tenant, and in lists for every parent

_SEGMENT: Final = {"tenants": TENANT_ID, "candidates": CANDIDATE_ID}


def new_id() -> str:
    """An id for a new resource; nothing about it can be guessed from another."""
    return uuid.uuid4().hex


def split(name: str) -> dict[str, str]:
    """`tenants/a/roles/b` to `{"tenants": "a", "roles": "b"}`."""
    parts = name.split("/")
    return dict(zip(parts[::2], parts[1::2], strict=False))


def tenant_of(name: str) -> str:
    """Id of the tenant of a checked name."""
    return name.split("/", 2)[1]


def id_of(name: str) -> str:
    """The last segment of a name."""
    return name.rpartition("/")[2]


def parent_of(name: str) -> str:
    """The name without its last collection and id."""
    return name.rsplit("/", 2)[0]


def check(name: str, pattern: str, tenant: str, path: str, *, wildcard: bool = False) -> str:
    """A name of the caller's own tenant, with `tenants/-` filled in.

    Args:
        name: as the caller sent it.
        pattern: such as `tenants/*/roles/*`.
        tenant: the caller's.
        path: where the name stands in the request.
        wildcard: whether `-` may stand for any id below the tenant.

    Raises:
        InvalidRequest: it has another form.
        NotFound: it belongs to another tenant; the same error as for a name that nobody has.
    """
    parts, wanted = name.split("/"), pattern.split("/")
    fits = len(parts) == len(wanted) and all(
        _fits(part, form, wanted[index - 1] if index else "", wildcard or index == 1)
        for index, (part, form) in enumerate(zip(parts, wanted, strict=True))
    )
    if not fits:
        raise InvalidRequest(f"{path} is {name[:80]!r}, it must have the form {pattern}", field=path)
    if parts[1] == OWN:
        parts[1] = tenant
    if parts[1] != tenant:
        raise NotFound(f"{path} names nothing that exists", field=path)
    return "/".join(parts)


def _fits(part: str, form: str, collection: str, wildcard: bool) -> bool:
    if form != "*":
        return part == form
    return (wildcard and part == OWN) or re.fullmatch(_SEGMENT.get(collection, ID), part) is not None


def without_candidate(name: str) -> str:
    """The name with a candidate's id as its hash: what may outlive an erasure."""
    parts = name.split("/")
    if parts[2:3] == ["candidates"]:
        parts[3] = f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"
    return "/".join(parts)
