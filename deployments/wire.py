"""What Ray Serve's gRPC server does not tell a call: that its request is no message, and when its caller gives up.

Importing this module also has gRPC leave it to our queues to refuse calls.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from google.protobuf.message import DecodeError
from ray.serve._private.constants import DEFAULT_GRPC_SERVER_OPTIONS

from serving.api import deadlines

# Called with a request and gRPC's own context; whether it has put a refusal on the context.
Gate: TypeAlias = Callable[[Any, Any], bool]
_gates: Final[dict[str, Gate]] = {}

# Of calls that wait to be begun with, gRPC resets some from 1,000 on and all from 3,000, with a CANCELLED that says
# nothing. Behind this bound, which is Ray's for the calls of a gateway, our queues refuse with a reason and a time.
_PENDING_CALLS: Final = 10_000
DEFAULT_GRPC_SERVER_OPTIONS.extend(
    (f"grpc.server.max_pending_requests{name}", _PENDING_CALLS) for name in ("", "_hard_limit")
)


class Unreadable:
    """Stands for a request that could not be read."""


UNREADABLE: Final = Unreadable()


def add_to_server(servicer: Any, server: Any) -> None:
    """A `grpc_servicer_functions` entry, to stand before those of the services.

    It has them take `UNREADABLE` requests, where gRPC itself would answer UNKNOWN without a reason. Streamed requests
    are left as they are: for their reader, one that cannot be read ends the stream. It has `serving.api.deadlines` know
    the deadline of each call that has one response, which Ray's context leaves out, and it lets a gate refuse a call
    before Ray does anything for it: under overload most calls are refused, and what each costs is missing to the rest.
    """
    del servicer
    make = server.service_handler_factory
    server.service_handler_factory = lambda service_method, **how: _before(
        service_method, make(service_method=service_method, **how)
    )
    add_generic, add_registered = server.add_generic_rpc_handlers, server.add_registered_method_handlers

    def generic(handlers: Sequence[Any]) -> None:
        for one in handlers:
            one._method_handlers = _lenient(one._method_handlers)
        add_generic(handlers)

    def registered(service: str, handlers: Mapping[str, Any]) -> None:
        add_registered(service, _lenient(handlers))

    server.add_generic_rpc_handlers, server.add_registered_method_handlers = generic, registered


def _lenient(handlers: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _handler(one) for name, one in handlers.items()}


def set_gate(path: str, refuses: Gate) -> None:
    """Have a call (`/package.Service/Method`) of one request and one response pass a gate in this process."""
    _gates[path] = refuses


def _before(path: str, behaviour: Any) -> Any:
    if not inspect.iscoroutinefunction(behaviour):
        return behaviour

    async def call(request: Any, context: Any) -> Any:
        deadlines.set_remaining(context.time_remaining())
        if (refuses := _gates.get(path)) and refuses(request, context):
            return b""
        return await behaviour(request, context)

    return call


def _handler(handler: Any) -> Any:
    parse: Callable[[bytes], Any] | None = handler.request_deserializer
    if handler.request_streaming or parse is None:
        return handler

    def read(data: bytes) -> Any:
        try:
            return parse(data)
        except DecodeError:
            return UNREADABLE

    return handler._replace(request_deserializer=read)
