"""Services of the contract as tables of calls, for whichever transport carries them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from google.protobuf import message_factory
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message

from serving.domain.errors import Forbidden
from serving.domain.tenant import Caller, Scope


class Service(Protocol):
    """A service of the contract. The method of the call `CreateRole` is `create_role(request, caller)`: a coroutine
    that returns the response, or an asynchronous iterator of responses where those are streamed. Where requests are
    streamed, `request` is an asynchronous iterator of them. Errors are `VivaError`s.

    Attributes:
        DESCRIPTOR: the service's.
        SCOPES: the scope that each call needs.
    """

    DESCRIPTOR: ClassVar[ServiceDescriptor]
    SCOPES: ClassVar[Mapping[str, Scope]]


@dataclass(frozen=True, slots=True)
class Rpc:
    """One call of a service.

    Attributes:
        path: package.Service/Method.
    """

    name: str
    path: str
    scope: Scope
    handler: Callable[[Any, Caller], Any]
    response: type[Message]
    streams_requests: bool
    streams_responses: bool

    def authorize(self, caller: Caller) -> None:
        """Raise `Forbidden` unless the caller has the scope."""
        if self.scope not in caller.scopes:
            raise Forbidden(f"{self.name} needs the scope {self.scope.value}", metadata={"scope": self.scope.value})


def table(*services: Service) -> Mapping[str, Rpc]:
    """The calls of services by name. Ray Serve tells calls apart by their last name, so no two may share one."""
    found: dict[str, Rpc] = {}
    for service in services:
        for method in service.DESCRIPTOR.methods:
            if method.name in found:
                raise ValueError(f"two services have a call {method.name}")
            found[method.name] = Rpc(
                name=method.name,
                path=f"{service.DESCRIPTOR.full_name}/{method.name}",
                scope=service.SCOPES[method.name],
                handler=getattr(service, snake_case(method.name)),
                response=message_factory.GetMessageClass(method.output_type),
                streams_requests=method.client_streaming,
                streams_responses=method.server_streaming,
            )
    return found


def snake_case(name: str) -> str:
    """`CreateApiKey` to `create_api_key`."""
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()
