"""The file that `viva batch` writes: results in input order, kept through crashes, taken up where they end."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal

_SYNC_EVERY_S: Final = 2.0  # a killed process loses nothing; a machine that loses power at most this much


class ResultsError(Exception):
    """The file cannot be taken up; the message says why."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A result of an earlier run.

    Attributes:
        raw: the line as it stands, with its newline.
        end: offset of the byte after it.
    """

    id: Any
    failed: bool
    raw: bytes
    end: int


def encode(record: dict[str, Any]) -> bytes:
    """One result as a line."""
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    try:
        return text.encode() + b"\n"
    except UnicodeEncodeError:  # half a surrogate pair in an id: JSON can spell it, UTF-8 cannot
        return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def error_record(answer_id: Any, code: str, reason: str, message: str) -> dict[str, Any]:
    """The result of an answer that could not be scored."""
    return {"id": answer_id, "error": {"code": code, "reason": reason, "message": message}}


def read_stored(path: Path) -> Iterator[Stored]:
    """Results of earlier runs in order. A last line that a crash tore is left out.

    Raises:
        ResultsError: a line before the last is not a result.
    """
    if not path.exists():
        return
    size, end = path.stat().st_size, 0
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            end += len(raw)
            try:
                if not raw.endswith(b"\n"):
                    raise ValueError("torn")
                record = json.loads(raw)
                yield Stored(record["id"], "assessment" not in record, raw, end)
            except (ValueError, KeyError, TypeError):
                if end == size:
                    return
                raise ResultsError(f"line {number} of {path} is not a result of `viva batch`") from None


class ResultsFile:
    """Writes results. Each line reaches the operating system at once; locked against a second run.

    Raises:
        ResultsError: another run writes to the file, or it is no plain file.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():
            raise ResultsError(f"{path} is not a plain file")
        self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b", buffering=0)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise ResultsError(f"another run is writing to {path}") from None
        self._synced = time.monotonic()

    def cut(self, keep_bytes: int) -> None:
        """Keep what stands before an offset, drop the rest, and write on from there."""
        self._file.truncate(keep_bytes)
        self._file.seek(keep_bytes)

    def write(self, line: bytes) -> None:
        """Append one line."""
        rest = memoryview(line)
        while rest:
            rest = rest[self._file.write(rest) or 0 :]
        if time.monotonic() - self._synced > _SYNC_EVERY_S:
            self.sync()

    def sync(self) -> None:
        """Wait until everything is on the disk."""
        os.fsync(self._file.fileno())
        self._synced = time.monotonic()

    def close(self) -> None:
        """Sync and close."""
        self.sync()
        self._file.close()

    def __enter__(self) -> ResultsFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> Literal[False]:
        self.close()
        return False
