"""The HTTP client: one request, one look-up, one connection."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
from yarl import URL

from serving.adapters.egress import faults, transfer, uris
from serving.adapters.egress.addresses import AddressRule
from serving.adapters.egress.config import EgressConfig
from serving.adapters.egress.resolver import CheckedResolver, Lookup, SystemLookup
from serving.records.egress import Downloaded, EgressError, EgressFault, MediaSink, Posted

_REDIRECTS: Final = (301, 302, 303, 307, 308)
_READ_BUFFER_BYTES: Final = 256 * 1024
_DISCARDED_BYTES: Final = 64 * 1024


class Egress:
    """`UriCheck`, `MediaFetcher` and `WebhookPoster`. Made inside the running loop, and closed at its end.

    Connections are not kept: there are few to each host, and one that is kept was checked long ago. Certificates are
    checked against the system's authorities, or those of `SSL_CERT_FILE`. Proxies of the environment are not used,
    since a proxy would look names up by itself.

    Args:
        lookup: how names become addresses.
    """

    def __init__(self, config: EgressConfig, lookup: Lookup | None = None) -> None:
        self._config = config
        self._rule = AddressRule(config.allowed_networks)
        self._resolver = CheckedResolver(lookup or SystemLookup(), self._rule)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=self._resolver, use_dns_cache=False, force_close=True, ssl=ssl.create_default_context()
            ),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=config.timeout_s, sock_read=config.timeout_s),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "viva", "Accept-Encoding": "identity"},
            auto_decompress=False,
            trust_env=False,
            read_bufsize=_READ_BUFFER_BYTES,
        )

    async def close(self) -> None:
        await self._session.close()

    async def check(self, uri: str, field: str) -> None:
        try:
            host = self._parse(uri).raw_host or ""
            if not uris.is_address(host):
                async with asyncio.timeout(self._config.timeout_s):
                    await self._resolver.addresses(host)
        except TimeoutError:
            return  # as a name that does not resolve
        except EgressError as error:
            if refused := faults.uri_refused(error, field):
                raise refused from error

    async def post(self, uri: str, body: bytes, headers: Mapping[str, str]) -> Posted:
        url = self._parse(uri)
        status: int | None = None
        try:
            async with (
                asyncio.timeout(self._config.timeout_s),
                self._session.post(url, data=body, headers=headers, allow_redirects=False) as response,
            ):
                status = response.status
                await transfer.discard(response, _DISCARDED_BYTES)
        except (aiohttp.ClientError, TimeoutError) as error:
            if status is None:  # who has answered has answered, however slowly the rest comes
                raise EgressError(faults.fault_of(error)) from error
        assert status is not None
        return Posted(status)

    async def download(
        self, uri: str, into: MediaSink, *, hosts: Sequence[str], max_bytes: int, timeout_s: float
    ) -> Downloaded:
        try:
            async with asyncio.timeout(timeout_s), self._opened(uri, hosts) as response:
                return await transfer.save(response, into, max_bytes)
        except EgressError as error:
            raise faults.uri_refused(error, faults.FIELD) or faults.fetch_failed(error.kind) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise faults.fetch_failed(faults.fault_of(error)) from error

    @asynccontextmanager
    async def _opened(self, uri: str, hosts: Sequence[str]) -> AsyncIterator[aiohttp.ClientResponse]:
        """The response with the media, after the redirects to it; each is a URI that the tenant names."""
        url = self._parse(uri)
        for _ in range(self._config.max_redirects + 1):
            if not uris.matches(url, hosts):
                raise EgressError(EgressFault.URI_NOT_ALLOWED, "leads to a host that media may not be fetched from")
            async with self._session.get(url, allow_redirects=False) as response:
                if response.status == 200:
                    yield response
                    return
                if response.status not in _REDIRECTS:
                    raise faults.status_refused(response.status)
                location = response.headers.get("Location")
                if location is None:
                    raise faults.refused_for_good("the host redirects to nowhere", response.status)
                try:
                    url = self._parse(location, url)
                except EgressError as error:
                    raise EgressError(error.kind, f"redirects to a URI that {error.detail}") from error
        raise faults.refused_for_good(f"the host redirects more than {self._config.max_redirects} times")

    def _parse(self, uri: str, base: URL | None = None) -> URL:
        return uris.parse(uri, self._rule, allow_http=self._config.allow_http, base=base)
