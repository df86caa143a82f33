"""Bytes that are no message: an answer with a reason, where gRPC itself would say UNKNOWN."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from google.protobuf.message import DecodeError


class Unreadable:
    """Stands for a request that could not be read."""


UNREADABLE: Final = Unreadable()


def add_to_server(servicer: Any, server: Any) -> None:
    """A `grpc_servicer_functions` entry, to stand before those of the services: has them take `UNREADABLE` requests.

    Streamed requests are left as they are: for their reader, one that cannot be read ends the stream.
    """
    del servicer
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
