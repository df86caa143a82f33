"""Received media in a folder, until it has been scored."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from serving.domain.answer import MediaKind, MediaRef


class FolderSpool:
    """Spool in `folder`, which every scorer must be able to read (one host, or shared storage).

    Args:
        received: told the size of every chunk that is written.
    """

    def __init__(self, folder: Path, received: Callable[[int], None] | None = None) -> None:
        self._folder = folder
        self._received = received
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def create(self) -> FolderSpoolFile:
        """A new private file (mode 0600). Raises OSError when the disk does not take it."""
        return FolderSpoolFile(self._folder, self._received)

    def sweep(self, older_than_s: float) -> int:
        """Delete files that nobody has written for so long: their writer died. Returns how many."""
        horizon, removed = time.time() - older_than_s, 0
        for path in self._folder.glob("answer-*"):
            try:
                if path.stat().st_mtime < horizon:
                    path.unlink()
                    removed += 1
            except FileNotFoundError:
                continue  # its owner was faster
        return removed


class HashedFile:
    """A file that knows its size and digest while it is written.

    Args:
        descriptor: open for writing; closed with the file.
        received: told the size of every chunk.
    """

    def __init__(self, descriptor: int, received: Callable[[int], None] | None = None) -> None:
        self._received = received
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        self._hash = hashlib.sha256()
        self._size = 0

    def write(self, chunk: bytes) -> None:
        self._append(chunk)
        if self._received:
            self._received(len(chunk))

    def _append(self, chunk: bytes) -> None:
        view = memoryview(chunk)
        while view:  # an unbuffered write may be short
            view = view[self._file.write(view) :]
        self._hash.update(chunk)
        self._size += len(chunk)

    @property
    def size_bytes(self) -> int:
        return self._size

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


class FolderSpoolFile(HashedFile):
    """One file; it is read only by the decoder."""

    def __init__(self, folder: Path, received: Callable[[int], None] | None = None) -> None:
        descriptor, name = tempfile.mkstemp(prefix="answer-", dir=folder)
        super().__init__(descriptor, received)
        self._path = Path(name)

    def finish(self, kind: MediaKind) -> MediaRef:
        self._file.close()
        return MediaRef(self._path, self._size, self.sha256, kind)

    def discard(self) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)
