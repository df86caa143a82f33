"""Reusable shared memory for the inputs of one server's requests.

gRPC copies and frames a tensor several times, at about 5 ms a MiB; in shared memory it is copied once. Only inputs
travel so: a call that was given up may still be running in the server, which could then write its outputs into a
region that serves another call by now, while reading a stale input harms nobody (the answer is thrown away).

A region's name is unlinked as soon as the server has mapped it. From then on the kernel frees it with the last of
the two processes: no crash can leave it behind in /dev/shm.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import mmap
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from serving.adapters.triton.faults import Fault, classify
from serving.adapters.triton.shm import SHM_DIR, create_region, owner_prefix, unlink_region
from serving.adapters.triton.tensors import Array

_log = logging.getLogger(__name__)
_MOST_REFUSALS = 3
_names = itertools.count()

_SMALLEST_BYTES = 256 * 1024

# A request that its caller gave up may sit in the server's queue for a while; unmapping its input would crash the
# server, so that such a region stays registered for longer than any queue lasts.
_GIVEN_UP_READ_S = 120.0


class RegionRegistry(Protocol):
    """The part of Triton's API that maps regions into the server."""

    async def register_system_shared_memory(
        self, name: str, key: str, byte_size: int, *, client_timeout: float | None
    ) -> Any:
        """Map the region under /dev/shm called `key`, to be called `name`."""
        ...

    async def unregister_system_shared_memory(self, name: str, *, client_timeout: float | None) -> Any:
        """Unmap the region called `name`."""
        ...


@dataclass(slots=True)
class Region:
    """A mapped region that the server knows as `name`."""

    name: str
    byte_size: int
    memory: mmap.mmap = field(repr=False)
    maybe_read_until: float = 0.0  # time.monotonic() up to which a call that was given up may still read it

    def write(self, array: Array) -> None:
        """Copy a C-ordered image of `array`, which must fit, to the start of the region."""
        flat = np.frombuffer(self.memory, dtype=array.dtype, count=array.size)
        np.copyto(flat.reshape(array.shape), array)


def size_class(byte_size: int) -> int:
    """Size of the region for `byte_size` bytes: powers of two, so that a few regions serve many sizes."""
    return max(_SMALLEST_BYTES, 1 << (byte_size - 1).bit_length())


class ShmArena:
    """Regions registered with one start of one server. Belongs to one event loop.

    `borrow` gives None where shared memory cannot help: the limit is reached, /dev/shm is full or missing, or the
    server cannot map our memory (it runs in another container). The caller then sends the tensor inline.
    """

    def __init__(self, registry: RegionRegistry, limit_bytes: int, timeout_s: float = 2.0) -> None:
        self._registry = registry
        self._limit_bytes = limit_bytes
        self._timeout_s = timeout_s
        self._free: dict[int, list[Region]] = defaultdict(list)
        self._lent: dict[str, Region] = {}
        self._reserved_bytes = 0
        self._usable = SHM_DIR.is_dir()
        self._refusals = 0  # in a row
        self._closed = False

    @property
    def reserved_bytes(self) -> int:
        """Bytes of shared memory that the arena holds, lent and free."""
        return self._reserved_bytes

    async def borrow(self, byte_size: int) -> Region | None:
        """A region of at least `byte_size` bytes, or None; to be given back with `give_back`."""
        if not self._usable or self._closed:
            return None
        size = size_class(byte_size)
        if self._free[size]:
            region = self._free[size].pop()
        else:
            creation = asyncio.ensure_future(self._create(size))
            try:
                created = await asyncio.shield(creation)
            except asyncio.CancelledError:
                # The server may have it mapped by now: keep it for the next call instead of losing it there.
                creation.add_done_callback(self._keep)
                raise
            if created is None:
                return None
            region = created
        self._lent[region.name] = region
        return region

    def give_back(self, region: Region, *, answered: bool) -> None:
        """Take a region back after its call; `answered` says that the server is done with it, not only we."""
        del self._lent[region.name]
        if not answered:
            region.maybe_read_until = time.monotonic() + _GIVEN_UP_READ_S
        if self._closed:
            region.memory.close()
        else:
            self._free[region.byte_size].append(region)

    async def close(self) -> None:
        """Unregister and free what the server can no longer be reading.

        The rest stays mapped in the server until its supervisor finds this process dead, or until it ends itself.
        """
        self._closed = True
        for region in [region for regions in self._free.values() for region in regions]:
            if _unread(region):
                await self._drop(region)
            else:
                region.memory.close()
        self._free.clear()

    def abandon(self) -> None:
        """Free the regions of a server that is gone, without telling it."""
        self._closed = True
        for region in [region for regions in self._free.values() for region in regions]:
            region.memory.close()
        self._free.clear()

    def _keep(self, creation: asyncio.Future[Region | None]) -> None:
        region = creation.result()
        if region is not None:
            self._free[region.byte_size].append(region)

    async def _make_room(self, size: int) -> bool:
        """Reserve `size` bytes under the limit, dropping idle regions of other sizes for it."""
        while self._reserved_bytes + size > self._limit_bytes:
            idle = [region for regions in self._free.values() for region in regions if _unread(region)]
            if not idle:
                return False
            self._free[idle[0].byte_size].remove(idle[0])
            await self._drop(idle[0])
        self._reserved_bytes += size
        return True

    async def _create(self, size: int) -> Region | None:
        if not await self._make_room(size):
            return None
        name = f"{owner_prefix()}input_{next(_names)}"
        try:
            memory = create_region(name, size)
        except OSError as error:
            _log.warning("no shared memory of %d bytes: %s", size, error)
            self._reserved_bytes -= size
            return None
        try:
            await self._registry.register_system_shared_memory(name, f"/{name}", size, client_timeout=self._timeout_s)
        except Exception as error:
            # A busy server is late and a dying one comes back; only one that says no, as one in another container
            # does, will never map our memory.
            _log.warning("the model server did not map our shared memory: %s", error)
            self._refusals += classify(error) is Fault.REFUSED
            self._usable = self._refusals < _MOST_REFUSALS
            await self._drop(Region(name, size, memory))  # it may have been mapped after all
            return None
        finally:
            unlink_region(name)
        self._refusals = 0
        return Region(name, size, memory)

    async def _drop(self, region: Region) -> None:
        self._reserved_bytes -= region.byte_size
        region.memory.close()
        try:
            await self._registry.unregister_system_shared_memory(region.name, client_timeout=self._timeout_s)
        except Exception as error:  # the server is gone, and its mapping with it
            _log.debug("unregistering %s: %s", region.name, error)


def _unread(region: Region) -> bool:
    return time.monotonic() >= region.maybe_read_until
