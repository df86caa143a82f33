"""A folder as an object store."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Final

from obstore.store import LocalStore

from serving.adapters.objects.bucket import Bucket, away, disk_faults

_INCOMING: Final = "incoming"
_SUFFIX: Final = "#1"  # obstore lists no file that ends so: it names its own unfinished ones like this
_ABANDONED_S: Final = 3600.0


class Folder(Bucket):
    """`ObjectStore` in a folder: files have mode 0600, folders 0700.

    obstore would make both as the umask says, and does not bring them to the disk before it answers, so files are put
    here and everything else is its own.
    """

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._root = root.resolve()
        super().__init__(LocalStore(self._root))
        self._incoming = self._root / _INCOMING
        self._incoming.mkdir(exist_ok=True, mode=0o700)
        self._sweep()

    def _put(self, key: str, path: Path) -> None:
        if any(part in ("", ".", "..") for part in key.split("/")):
            raise ValueError("a key has no empty, . or .. segment")
        path.stat()  # a source that is missing is the caller's
        try:
            with disk_faults():
                self._place(path, self._root / key)
        except OSError as error:
            raise away() from error

    def _place(self, path: Path, target: Path) -> None:
        descriptor, name = tempfile.mkstemp(suffix=_SUFFIX, dir=self._incoming)  # made with mode 0600
        staged = Path(name)
        try:
            try:
                shutil.copyfile(path, staged)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            self._make_folders(target.parent)
            staged.replace(target)
        except BaseException:
            staged.unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)

    def _make_folders(self, folder: Path) -> None:
        """`mkdir(parents=True)` would give the parents another mode."""
        if folder != self._root and not folder.is_dir():
            self._make_folders(folder.parent)
            folder.mkdir(exist_ok=True, mode=0o700)
            _sync_folder(folder.parent)

    def _sweep(self) -> None:
        """Delete what a process left that died while it put a file."""
        horizon = time.time() - _ABANDONED_S
        for path in self._incoming.iterdir():
            try:
                if path.stat().st_mtime < horizon:
                    path.unlink()
            except FileNotFoundError:
                continue  # another process was faster


def _sync_folder(folder: Path) -> None:
    """Makes the names in it last."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
