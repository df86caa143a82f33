"""Bodies of responses."""

from __future__ import annotations

import asyncio
import hashlib

import aiohttp

from serving.adapters.egress import faults
from serving.records.egress import Downloaded, MediaSink


async def save(response: aiohttp.ClientResponse, into: MediaSink, max_bytes: int) -> Downloaded:
    """Write a body to `into`, as it comes.

    Raises:
        InvalidRequest: it is larger, or compressed: a few bytes could become any number of them.
    """
    encoding = response.headers.get("Content-Encoding", "identity")
    if encoding.strip().lower() not in ("", "identity"):
        raise faults.refused_for_good("the host compresses it, although it was asked not to")
    if response.content_length is not None and response.content_length > max_bytes:
        raise faults.too_large(max_bytes, response.content_length)
    digest, size = hashlib.sha256(), 0

    def keep(chunk: bytes) -> None:
        digest.update(chunk)
        into.write(chunk)

    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > max_bytes:
            raise faults.too_large(max_bytes)
        # Disk and hash stay off the event loop; awaiting each chunk is what slows a fast host down.
        await asyncio.to_thread(keep, chunk)
    return Downloaded(size, digest.hexdigest())


async def discard(response: aiohttp.ClientResponse, max_bytes: int) -> None:
    """Read so much of a body and no more, so that a receiver of good manners is not cut off while it answers."""
    async for chunk in response.content.iter_any():
        max_bytes -= len(chunk)
        if max_bytes <= 0:
            return
