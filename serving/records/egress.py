"""HTTP to addresses that tenants name: what the use cases need of it.

Nothing here lets a tenant reach what is not on the public internet, whatever a name resolves to and wherever a server
redirects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class EgressFault(Enum):
    """What kept a request from an answer; the value is what `WebhookDelivery.last_error` shows."""

    TIMEOUT = "timeout"
    CONNECTION_REFUSED = "connection refused"
    PRIVATE_ADDRESS = "private address"
    URI_NOT_ALLOWED = "uri not allowed"  # its form, such as http where https is asked for
    TLS = "tls"  # the certificate above all
    DNS = "dns"
    CONNECTION = "connection"  # broken off, or no HTTP


class EgressError(Exception):
    """A request that came to no status. Not of the error tree: it becomes a delivery's state, or one of the tree.

    Attributes:
        kind: what it met.
        detail: what is wrong with the URI, to follow a field's name in a sentence; empty for other kinds.
    """

    def __init__(self, kind: EgressFault, detail: str = "") -> None:
        super().__init__(detail or kind.value)
        self.kind = kind
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Downloaded:
    """What was fetched; `sha256` in 64 lower-case hexadecimal digits."""

    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Posted:
    """What the receiver answered; a redirect is not followed."""

    status: int


class MediaSink(Protocol):
    """Where a download goes: a file opened for writing, or a `SpoolFile`."""

    def write(self, chunk: bytes, /) -> object:
        """Take all of a chunk; called in a thread."""
        ...


class UriCheck(Protocol):
    async def check(self, uri: str, field: str) -> None:
        """Whether a URI may be called, asked when it is saved; every call asks again.

        A name that does not resolve passes: it may tomorrow.

        Args:
            field: path of the request field that holds it.

        Raises:
            InvalidRequest: its form is not allowed, or it leads to an address that is not public.
        """
        ...


class MediaFetcher(Protocol):
    async def download(
        self, uri: str, into: MediaSink, *, hosts: Sequence[str], max_bytes: int, timeout_s: float
    ) -> Downloaded:
        """Fetch media.

        Args:
            uri: sent as it is, so that a signed one stays valid.
            into: holds the beginning of the media after a failure.
            hosts: what may be fetched from, redirects included: `media.example.com`, `*.example.com` (any depth below
                it, not itself), each with an optional `:port`; without one, the scheme's own port only.
            max_bytes: inclusive.
            timeout_s: for all of it.

        Raises:
            InvalidRequest: the URI is not allowed, the media are too large, or the host refuses them for good.
            StoreUnavailable: the host is away, slow or overloaded; another attempt may succeed.
            OSError: of `into`.
        """
        ...


class WebhookPoster(Protocol):
    async def post(self, uri: str, body: bytes, headers: Mapping[str, str]) -> Posted:
        """Send one request and read its status.

        Raises:
            EgressError: there was none.
        """
        ...


def host_is_one_of(host: str, port: int | None, hosts: Sequence[str], *, own_port: bool) -> bool:
    """Whether a URI's host is one of `hosts`, see `MediaFetcher.download`.

    Args:
        own_port: whether the port is the scheme's own.
    """
    name = host.rstrip(".").lower()
    for pattern in hosts:
        wanted, _, wanted_port = pattern.lower().partition(":")
        named = name.endswith(wanted[1:]) if wanted.startswith("*.") else name == wanted
        if named and (wanted_port == str(port) if wanted_port else own_port):
            return True
    return False
