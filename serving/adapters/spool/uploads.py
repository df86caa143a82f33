"""Uploads that may break off and go on, in a folder that all gateways share."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from serving.adapters.spool import HashedFile
from serving.domain.answer import MediaKind, MediaRef
from serving.domain.errors import InvalidRequest, NotAllowedNow, NotFound, Reason

PREFIX: Final = "upload-"
_READ_BYTES: Final = 1024 * 1024


class FolderUploads:
    """`UploadSpool` in a folder; an upload is one file named by its tenant and id.

    Args:
        received: told the size of every chunk that a stream writes; what was stored before it is not told again.
    """

    def __init__(self, folder: Path, received: Callable[[int], None] | None = None) -> None:
        self._folder = folder
        self._received = received
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def size(self, tenant: str, upload: str) -> int:
        try:
            return self._path(tenant, upload).stat().st_size
        except FileNotFoundError:
            raise NotFound("there is no such upload, or it is complete", field="name") from None

    def resume(self, tenant: str, upload: str, offset: int) -> FolderUploadFile:
        return FolderUploadFile(self._path(tenant, upload), offset, self._received)

    def sweep(self, older_than_s: float) -> int:
        """Delete uploads that nobody has gone on with for so long. Returns how many."""
        horizon, removed = time.time() - older_than_s, 0
        for path in self._folder.glob(f"{PREFIX}*"):
            try:
                if path.stat().st_mtime < horizon:
                    path.unlink()
                    removed += 1
            except FileNotFoundError:
                continue  # its stream was faster
        return removed

    def _path(self, tenant: str, upload: str) -> Path:
        return self._folder / f"{PREFIX}{tenant}-{upload}"


class FolderUploadFile(HashedFile):
    """One upload as one stream sends it; what is stored already counts into its size and digest.

    A stream that goes on takes the upload over in a file of its own, in place of the one before: the server may notice
    only after a minute that the stream before has ended, and until then must not be written to.
    """

    def __init__(self, path: Path, offset: int, received: Callable[[int], None] | None = None) -> None:
        self._path = path
        descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
        super().__init__(descriptor, received)
        try:
            self._take_over(offset)
            Path(name).replace(path)
        except BaseException:
            self._file.close()
            Path(name).unlink(missing_ok=True)
            raise

    def _take_over(self, offset: int) -> None:
        if offset == 0:
            return
        try:
            with self._path.open("rb") as before:
                stored = os.fstat(before.fileno()).st_size
                if not 0 <= offset <= stored:
                    raise _mismatch(offset, stored)
                while self._size < offset:
                    self._append(before.read(min(_READ_BYTES, offset - self._size)))
        except FileNotFoundError:
            raise _mismatch(offset, 0) from None

    def finish(self, kind: MediaKind) -> MediaRef:
        """Nothing more is written. The reference is to what this stream wrote, whoever takes the upload over, and good
        until it is kept or discarded.

        Raises:
            NotAllowedNow: another stream has taken it over.
        """
        if not self._is_ours():
            raise NotAllowedNow("another stream has taken this upload over", field="config.name")
        return MediaRef(Path(f"/proc/self/fd/{self._file.fileno()}"), self._size, self.sha256, kind)

    def keep(self) -> None:
        """Let go of it as far as it came, for a stream that goes on."""
        self._file.close()

    def discard(self) -> None:
        """Delete it, unless another stream has taken it over."""
        if self._is_ours():
            self._path.unlink(missing_ok=True)
        self._file.close()

    def _is_ours(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self._file.fileno()), self._path.stat())
        except FileNotFoundError:
            return False


def _mismatch(offset: int, stored: int) -> InvalidRequest:
    return InvalidRequest(
        f"config.offset is {offset}, but {stored} bytes are stored",
        reason=Reason.UPLOAD_MISMATCH,
        field="config.offset",
        metadata={"actual": str(stored)},
    )
