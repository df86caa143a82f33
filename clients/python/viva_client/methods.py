"""Methods of services as attributes: `create = Creation(...)` in a class of `viva_client.services`.

The arguments of a method are the fields of its request, by name or in the order of the contract; their types come from
the stubs, so that a type checker knows each of them. On the service of a blocking client a method returns the response,
on that of an asyncio client a coroutine of it; one table serves both.
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

from google.protobuf.message import Message

from viva.v1 import reports_pb2
from viva_client.calls import Call
from viva_client.flows import Context, Flow, retried
from viva_client.retry import Attempts
from viva_client.runner import AsyncRunner, Runner
from viva_client.watch import AsyncReportWatch, ReportWatch

P = ParamSpec("P")
Out = TypeVar("Out")
Item = TypeVar("Item", bound=Message)
Page = TypeVar("Page", bound=Message)
Resource = TypeVar("Resource", bound=Message)
Response = TypeVar("Response", bound=Message)
SomeRunner = TypeVar("SomeRunner", Runner, AsyncRunner)
SomeService = TypeVar("SomeService", bound="Service[Any]")


class Service(Generic[SomeRunner]):
    """A service of the API on one client."""

    def __init__(self, runner: SomeRunner) -> None:
        self.runner: SomeRunner = runner
        self.timeout_s: float | None = None

    def within(self: SomeService, timeout_s: float) -> SomeService:
        """The same service with another time for each call and its retries, seconds."""
        other = copy.copy(self)
        other.timeout_s = timeout_s
        return other

    def context(self) -> Context:
        """What flows know of the client."""
        return Context(self.runner.settings, self.timeout_s, self.runner.relay)


class Method(Generic[P, Out]):
    """A method that is a flow."""

    def __init__(self, flow: Callable[Concatenate[Context, P], Flow[Out]]) -> None:
        self.flow = flow
        self.__doc__ = flow.__doc__

    @overload
    def __get__(self, service: Service[Runner], owner: type) -> Callable[P, Out]: ...
    @overload
    def __get__(self, service: Service[AsyncRunner], owner: type) -> Callable[P, Coroutine[Any, Any, Out]]: ...
    def __get__(self, service: Service[Any], owner: type) -> Any:
        return lambda *args, **kwargs: service.runner.drive(self.flow(service.context(), *args, **kwargs))


def unary(
    path: str,
    request: Callable[P, Message],
    response: type[Response],
    unwrap: Callable[[Response], Out],
    *,
    parent: str = "",
) -> Method[P, Out]:
    """A method of one request and one response, of which `unwrap` makes what is returned.

    Args:
        parent: stands for a `parent` that is left out.
    """

    def flow(context: Context, /, *args: P.args, **kwargs: P.kwargs) -> Flow[Out]:
        call = _call(path, _request(request, parent, *args, **kwargs), response, unwrap)
        return retried(call, context.attempts(call))

    return Method(flow)


def plain(
    path: str, request: Callable[P, Message], response: type[Response], *, parent: str = ""
) -> Method[P, Response]:
    """A method that returns its response."""
    return unary(path, request, response, lambda message: message, parent=parent)


def creation(
    path: str, request: Callable[P, Message], resource: type[Resource], response: type[Response], *, parent: str = ""
) -> Method[Concatenate[Resource, P], Response]:
    """A method whose first argument is the resource to make; the request's other fields follow by name."""

    def flow(context: Context, one: Resource, /, *args: P.args, **kwargs: P.kwargs) -> Flow[Response]:
        message = _request(request, parent, *args, **kwargs)
        (field,) = (field for field in message.DESCRIPTOR.fields if field.message_type == resource.DESCRIPTOR)
        getattr(message, field.name).CopyFrom(one)
        call: Call[Response] = _call(path, message, response, lambda made: made)
        return retried(call, context.attempts(call))

    return Method(flow)


class Listing(Generic[P, Page, Item]):
    """A method that iterates over the items of all pages and reads each page when it is needed."""

    def __init__(
        self,
        path: str,
        request: Callable[P, Message],
        response: type[Page],
        items: Callable[[Page], Iterable[Item]],
        *,
        parent: str = "",
    ) -> None:
        self._path = path
        self._request = request
        self._response = response
        self._items = items
        self._parent = parent

    @overload
    def __get__(self, service: Service[Runner], owner: type) -> Callable[P, Iterator[Item]]: ...
    @overload
    def __get__(self, service: Service[AsyncRunner], owner: type) -> Callable[P, AsyncIterator[Item]]: ...
    def __get__(self, service: Service[Any], owner: type) -> Any:
        def iterate(*args: Any, **kwargs: Any) -> Any:
            request: Any = _request(self._request, self._parent, *args, **kwargs)
            first = request.page_token

            def page(token: str) -> Call[Any]:
                request.page_token = token or first
                return _call(
                    self._path, request, self._response, lambda page: (list(self._items(page)), page.next_page_token)
                )

            return service.runner.pages(page, service.timeout_s)

        return iterate


class Watching(Generic[P]):
    """The method that streams reports."""

    def __init__(self, path: str, request: Callable[P, Message], *, parent: str = "") -> None:
        self._path = path
        self._request = request
        self._parent = parent

    @overload
    def __get__(self, service: Service[Runner], owner: type) -> Callable[P, ReportWatch]: ...
    @overload
    def __get__(self, service: Service[AsyncRunner], owner: type) -> Callable[P, AsyncReportWatch]: ...
    def __get__(self, service: Service[Any], owner: type) -> Any:
        def watch(*args: Any, **kwargs: Any) -> ReportWatch | AsyncReportWatch:
            request: Any = _request(self._request, self._parent, *args, **kwargs)

            def call(token: str) -> Call[reports_pb2.WatchReportsResponse]:
                request.resume_token = token
                return _call(self._path, request, reports_pb2.WatchReportsResponse, lambda response: response)

            kind = ReportWatch if isinstance(service.runner, Runner) else AsyncReportWatch
            # A watch has no end of its own.
            timeout_s = float("inf") if service.timeout_s is None else service.timeout_s
            attempts = Attempts(service.runner.settings.retry, timeout_s)
            return kind(service.runner.connections, call, attempts, request.resume_token)

        return watch


def _request(make: Callable[..., Message], parent: str, /, *args: Any, **kwargs: Any) -> Message:
    """The request of the given fields, with an id where it takes one: every attempt sends the same."""
    request: Any = make()
    fields = request.DESCRIPTOR.fields
    if len(args) > len(fields):
        raise TypeError(f"{request.DESCRIPTOR.name} has {len(fields)} fields, {len(args)} values were given")
    named = {field.name: value for field, value in zip(fields, args, strict=False)}
    if twice := named.keys() & kwargs.keys():
        raise TypeError(f"{sorted(twice)[0]} is given twice")
    request = make(**named, **kwargs)
    names = request.DESCRIPTOR.fields_by_name
    if "request_id" in names and not request.request_id:
        request.request_id = str(uuid.uuid4())
    if "parent" in names and not request.parent:
        request.parent = parent
    return request  # type: ignore[no-any-return]  # a message


def _call(path: str, request: Any, response: type[Message], unwrap: Callable[[Any], Out]) -> Call[Out]:
    return Call(path, lambda: request, response, unwrap, getattr(request, "request_id", "") or str(uuid.uuid4()))
