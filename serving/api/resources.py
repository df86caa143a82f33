"""What the services of stored resources share: names, request ids, lists."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from google.protobuf.message import Message

from serving.api import messages, requests
from serving.domain import fields, names
from serving.domain.errors import Stale
from serving.domain.fields import invalid
from serving.domain.tenant import Caller
from serving.records.ports import ListQuery, Page, Transaction

R = TypeVar("R")
M = TypeVar("M", bound=Message)


def parent(request: Any, caller: Caller, pattern: str = "tenants/*", *, wildcard: bool = False) -> str:
    """The request's `parent`, of the caller's tenant. Raises `InvalidRequest`, `NotFound`."""
    return names.check(request.parent, pattern, caller.tenant, "parent", wildcard=wildcard)


def name(request: Any, caller: Caller, pattern: str) -> str:
    """The request's `name`, of the caller's tenant. Raises `InvalidRequest`, `NotFound`."""
    return names.check(request.name, pattern, caller.tenant, "name")


def new_name(parent: str, collection: str, given: str, path: str) -> str:
    """Name of a new resource: with the id that the caller gave, or one of ours. Raises `InvalidRequest`."""
    if given and not re.fullmatch(names.ID, given):
        raise invalid(path, f"is {given[:60]!r}, it must be 1 to 60 characters of a-z, 0-9, _ and -")
    return f"{parent}/{collection}/{given or names.new_id()}"


def read(message: Message, kind: type[R], path: str) -> R:
    """What a caller sent, checked field by field. Raises `InvalidRequest`."""
    record = messages.from_message(message, kind, path, given=True)
    fields.check(record, path)
    return record


def query(request: Any, parent: str) -> ListQuery:
    """The query of a List request."""
    return ListQuery(
        parent=parent,
        page_size=request.page_size,
        page_token=request.page_token,
        filter=getattr(request, "filter", ""),
        order_by=getattr(request, "order_by", ""),
    )


def fill_page(response: M, field: str, page: Page[Any]) -> M:
    """Response of a List request."""
    target = getattr(response, field)
    for record in page.records:
        messages.to_message(record, target.add())
    response.next_page_token = page.next_page_token  # type: ignore[attr-defined]  # every List response has one
    return response


async def once(
    tx: Transaction, caller: Caller, request: Any, name: str, kind: type[R], make: Callable[[], Awaitable[R]]
) -> R:
    """Make a resource, or read what the same request made before; what is made goes into the audit log.

    Args:
        name: name of what `make` makes.
    """
    method = type(request).__name__.removesuffix("Request")
    caller = with_request_id(request, caller)
    if request.request_id:
        made = await tx.repeat(caller, method, canonical(request), name)
        if made is not None:
            return await tx.get(kind, made)
    record = await make()
    await tx.audit(caller, method, name)
    return record


def canonical(request: Message) -> bytes:
    """A request in bytes that are the same whenever it is."""
    return request.SerializeToString(deterministic=True)


def with_request_id(request: Any, caller: Caller) -> Caller:
    """The caller with the request's own id, checked. Raises `InvalidRequest`."""
    if not request.request_id:
        return caller
    return dataclasses.replace(caller, request_id=requests.request_id(request.request_id))


def check_etag(record: Any, etag: str) -> None:
    """Raise `Stale` for an etag that is given and not the record's."""
    if etag and etag != record.etag:
        raise Stale(f"{record.name} has changed since it was read", field="etag")
