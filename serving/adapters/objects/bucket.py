"""An object store of obstore's: the whole of S3, and what a folder has in common with it."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import obstore
from obstore.exceptions import BaseError

from serving.domain.errors import NotFound, Overloaded, StoreUnavailable

if TYPE_CHECKING:
    from obstore.store import ObjectStore as Backend

_T = TypeVar("_T")

_RETRY_S: Final = 5.0
_FULL_DISK_RETRY_S: Final = 30.0
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
# Objects above one part travel in parts, so many at a time: at most 32 MiB of memory, outside Python's heap.
_PART_BYTES: Final = 8 * 1024 * 1024
_PARTS_AT_A_TIME: Final = 4
_CHUNK_BYTES: Final = 1024 * 1024
_PAGE: Final = 1000  # keys; S3's own page
_THREADS: Final = 8


class Bucket:
    """`ObjectStore` over one of obstore's stores.

    Its synchronous calls run in threads of our own: its asyncio calls abort the process when the interpreter ends
    within a millisecond of the last one (obstore 0.12.1, in a quarter of 120 runs), because a thread of Rust still
    holds Python objects. The threads are apart from the loop's default ones, which a slow store must not use up.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="objects")

    async def put_file(self, key: str, path: Path) -> None:
        await self._run(self._put, key, path)

    async def fetch_to(self, key: str, path: Path) -> None:
        cancelled = threading.Event()
        try:
            await self._run(self._fetch, key, path, cancelled)
        finally:
            cancelled.set()  # the thread goes on where the awaiting task was cancelled

    async def delete(self, key: str) -> bool:
        if await self.exists(key) is None:  # S3 does not say whether there was one
            return False
        try:
            await self._run(obstore.delete, self._backend, key)
        except FileNotFoundError:
            return False  # somebody was faster
        return True

    async def exists(self, key: str) -> int | None:
        try:
            return (await self._run(obstore.head, self._backend, key))["size"]
        except FileNotFoundError:
            return None

    async def list(self, prefix: str) -> AsyncIterator[str]:
        pages = obstore.list(self._backend, prefix, chunk_size=_PAGE)
        try:
            while page := await self._run(next, pages, ()):
                for entry in page:
                    yield entry["path"]
        except FileNotFoundError as error:
            raise away() from error  # the bucket itself

    def _put(self, key: str, path: Path) -> None:
        path.stat()  # a source that is missing is the caller's
        try:
            obstore.put(self._backend, key, path, chunk_size=_PART_BYTES, max_concurrency=_PARTS_AT_A_TIME)
        except FileNotFoundError as error:
            raise away() from error  # the bucket itself

    def _fetch(self, key: str, path: Path, cancelled: threading.Event) -> None:
        try:
            found = obstore.get(self._backend, key)
        except FileNotFoundError as error:
            raise NotFound("nothing is kept under this key") from error
        try:
            with disk_faults(), os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                for chunk in found.stream(min_chunk_size=_CHUNK_BYTES):
                    if cancelled.is_set():
                        raise InterruptedError
                    file.write(chunk)
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    async def _run(self, work: Callable[..., _T], *arguments: object) -> _T:
        """In a thread, with the SDK's errors as ours, but for the FileNotFoundError of what is not there."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        except BaseError as error:
            raise away() from error


@contextmanager
def disk_faults() -> Iterator[None]:
    """A full disk is an overload, not a fault."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise Overloaded("there is no room for media now", retry_after_s=_FULL_DISK_RETRY_S) from error


def away() -> StoreUnavailable:
    """The SDK's own words stay in the chained error: they hold addresses and keys."""
    return StoreUnavailable("the object store is away", retry_after_s=_RETRY_S)
