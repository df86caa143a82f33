"""A peer under load: its protocol, spoken by aiohttp."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import aiohttp
import msgpack

from benchmarks.harness.core import Outcome, Reply, Request, Sample, TargetDown
from benchmarks.raw.answers import options_of

Wire = Literal["multipart", "msgpack"]

_REFUSED: Final = (429, 503)
_EXPIRED: Final = (408, 504)


@dataclass
class PeerTarget:
    """One peer.

    Attributes:
        name: of the peer.
        url: that answers are posted to.
        wire: `multipart`: fields `options` (JSON) and `media` (a file), JSON back; `msgpack`: a map of the same.
    """

    name: str
    url: str
    wire: Wire
    _session: aiohttp.ClientSession = field(init=False, repr=False)

    async def open(self) -> None:
        """Connect. Raises `TargetDown` when nothing listens there."""
        # No limit of connections: requests wait in the server, where they wait for the others too.
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        try:
            async with self._session.get(self.url):
                pass  # any status will do
        except aiohttp.ClientError as error:
            await self._session.close()
            raise TargetDown(f"{self.name}: nothing answers at {self.url}: {error}") from None

    async def send(self, request: Request) -> Reply:
        """Post an answer; the priority is not told, since no peer knows any."""
        timeout = aiohttp.ClientTimeout(total=request.deadline_s)
        try:
            content = await self._content(request.sample)
            async with self._session.post(self.url, timeout=timeout, **content) as response:
                return self._reply(response, await response.read())
        except TimeoutError:
            return Reply(Outcome.EXPIRED, "DEADLINE_EXCEEDED")
        except aiohttp.ClientError as error:
            return Reply(Outcome.FAILED, "UNAVAILABLE", f"{type(error).__name__}: {error}")

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def _content(self, sample: Sample) -> dict[str, Any]:
        media = b"" if sample.path is None else await asyncio.to_thread(sample.path.read_bytes)
        options = options_of(sample)
        if self.wire == "msgpack":
            body = msgpack.packb({"options": options} | ({"media": media} if media else {}))
            return {"data": body, "headers": {"Content-Type": "application/msgpack"}}
        form = aiohttp.FormData({"options": json.dumps(options, ensure_ascii=False)}, default_to_multipart=True)
        if sample.path is not None:
            form.add_field("media", media, filename=sample.path.name, content_type="application/octet-stream")
        return {"data": form}

    def _reply(self, response: aiohttp.ClientResponse, body: bytes) -> Reply:
        if response.status != 200:
            outcome = Outcome.FAILED
            if response.status in _REFUSED:
                outcome = Outcome.REFUSED
            elif response.status in _EXPIRED:
                outcome = Outcome.EXPIRED
            detail = " ".join(body[:300].decode(errors="replace").split())
            return Reply(outcome, f"HTTP {response.status}", detail, _seconds(response.headers.get("Retry-After")))
        content = msgpack.unpackb(body) if self.wire == "msgpack" else json.loads(body)
        if "error" in content:
            error = content["error"]
            return Reply(Outcome.FAILED, str(error["reason"]), str(error["message"]))
        return Reply(Outcome.OK, assessment=content["assessment"])


def _seconds(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None  # none, or a date
