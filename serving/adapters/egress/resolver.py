"""Looking names up, with only checked addresses as the result.

aiohttp connects to what its resolver returns and asks it once a connection, so that a name cannot show one address to
the check and another to the connection.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from aiohttp.abc import AbstractResolver, ResolveResult

from serving.adapters.egress.addresses import AddressRule
from serving.records.egress import EgressError, EgressFault

Lookup = Callable[[str], Awaitable[Sequence[str]]]
"""A host's addresses in numbers. Raises OSError when there are none."""

_THREADS: Final = 8


class SystemLookup:
    """The system's resolver, in threads apart from the loop's default ones: names that hang must not use those up."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="lookup")

    async def __call__(self, host: str) -> Sequence[str]:
        found = await asyncio.get_running_loop().run_in_executor(self._threads, self._resolve, host)
        return tuple(dict.fromkeys(found))

    @staticmethod
    def _resolve(host: str) -> list[str]:
        infos = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
        return [str(address[0]) for *_, address in infos]


class CheckedResolver(AbstractResolver):
    """aiohttp's resolver."""

    def __init__(self, lookup: Lookup, rule: AddressRule) -> None:
        self._lookup = lookup
        self._rule = rule

    async def addresses(self, host: str) -> Sequence[str]:
        """A name's addresses, each of which may be connected to.

        Raises:
            EgressError: `DNS` when there are none, `PRIVATE_ADDRESS` when one of them is not allowed.
        """
        try:
            found = await self._lookup(host.rstrip("."))  # the hosts file knows no final dot
        except OSError as error:
            raise EgressError(EgressFault.DNS) from error
        if not found:
            raise EgressError(EgressFault.DNS)
        if not all(map(self._rule.allows, found)):
            raise EgressError(EgressFault.PRIVATE_ADDRESS, "resolves to an address that is not public")
        return found

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in await self.addresses(host)
        ]

    async def close(self) -> None:
        """Nothing is held."""
