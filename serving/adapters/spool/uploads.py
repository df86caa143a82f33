"""Uploads that may break off and go on, in a folder that all gateways share."""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from pathlib import Path
from typing import Final

from serving.domain.answer import MediaKind, MediaRef
from serving.domain.errors import InvalidRequest, NotAllowedNow, NotFound, Reason

PREFIX: Final = "upload-"
_READ_BYTES: Final = 1024 * 1024


class FolderUploads:
    """`UploadSpool` in a folder; an upload is one file named by its tenant and id."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def size(self, tenant: str, upload: str) -> int:
        try:
            return self._path(tenant, upload).stat().st_size
        except FileNotFoundError:
            raise NotFound("there is no such upload, or it is complete", field="name") from None

    def resume(self, tenant: str, upload: str, offset: int) -> FolderUploadFile:
        return FolderUploadFile(self._path(tenant, upload), offset)

    def sweep(self, older_than_s: float) -> int:
        """Delete uploads that nobody has gone on with for so long. Returns how many."""
        horizon, removed = time.time() - older_than_s, 0
        for path in self._folder.glob(f"{PREFIX}*"):
            try:
                if path.stat().st_mtime < horizon:
                    removed += _remove_unheld(path)
            except FileNotFoundError:
                continue  # its stream was faster
        return removed

    def _path(self, tenant: str, upload: str) -> Path:
        return self._folder / f"{PREFIX}{tenant}-{upload}"


class FolderUploadFile:
    """One upload, held by one stream at a time; what is stored already counts into its size and digest."""

    def __init__(self, path: Path, offset: int) -> None:
        try:  # only what begins is made: a stream that is refused leaves nothing
            descriptor = os.open(path, os.O_RDWR | (0 if offset else os.O_CREAT), 0o600)
        except FileNotFoundError:
            raise _mismatch(offset, 0) from None
        self._file = os.fdopen(descriptor, "r+b", buffering=0)
        self._path = path
        try:
            self._take(offset)
        except BaseException:
            self._file.close()
            raise

    def _take(self, offset: int) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotAllowedNow("another stream sends this upload", field="config.name") from None
        if os.fstat(self._file.fileno()).st_nlink == 0:
            raise NotAllowedNow("another stream has ended this upload", field="config.name")
        stored = self._file.seek(0, os.SEEK_END)
        if not 0 <= offset <= stored:
            raise _mismatch(offset, stored)
        self._file.truncate(offset)
        self._file.seek(0)
        self._hash = hashlib.sha256()
        while chunk := self._file.read(_READ_BYTES):
            self._hash.update(chunk)
        self._size = offset

    def write(self, chunk: bytes) -> None:
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

    def finish(self, kind: MediaKind) -> MediaRef:
        """Nothing more is written; the upload stays held until it is kept or discarded."""
        return MediaRef(self._path, self._size, self.sha256, kind)

    def keep(self) -> None:
        """Let go of it as far as it came, for a stream that goes on."""
        self._file.close()

    def discard(self) -> None:
        self._path.unlink(missing_ok=True)
        self._file.close()


def _mismatch(offset: int, stored: int) -> InvalidRequest:
    return InvalidRequest(
        f"config.offset is {offset}, but {stored} bytes are stored",
        reason=Reason.UPLOAD_MISMATCH,
        field="config.offset",
        metadata={"actual": str(stored)},
    )


def _remove_unheld(path: Path) -> bool:
    """Delete an upload unless a stream sends it; whether it was deleted."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        path.unlink()
        return True
