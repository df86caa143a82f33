"""Media as messages: inline when small, else chunks read from the file as they are sent."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from viva.v1 import scoring_pb2 as pb

INLINE_BYTES: Final = 1_000_000  # larger media is streamed: a message is held in memory whole on both sides
CHUNK_BYTES: Final = 256 * 1024  # a quarter of the contract's limit on a chunk
MEDIA_BYTES: Final = 200_000_000  # the contract's limit of an upload

Media = bytes | str | os.PathLike[str]


def media_size(media: Media) -> int:
    """Length in bytes.

    Raises:
        OSError: the file does not exist or cannot be looked at.
    """
    if isinstance(media, bytes):
        return len(media)
    path = Path(media)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder")
    return path.stat().st_size


def media_bytes(media: Media) -> bytes:
    """All of it."""
    return media if isinstance(media, bytes) else Path(media).read_bytes()


def _chunks(media: Media) -> Iterator[bytes]:
    if isinstance(media, bytes):
        for start in range(0, len(media), CHUNK_BYTES):
            yield media[start : start + CHUNK_BYTES]
        return
    with Path(media).open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


class Upload:
    """The messages of one upload attempt: config, chunks, commit. Holds one chunk at a time.

    gRPC swallows what a request iterator raises, so a read error is kept in `failure` for the caller to raise.
    """

    def __init__(self, config: pb.UploadConfig, media: Media) -> None:
        self.failure: OSError | None = None
        self._messages = self._parts(config, media)

    def __iter__(self) -> Iterator[pb.UploadAnswerRequest]:
        return self

    def __next__(self) -> pb.UploadAnswerRequest:
        try:
            return next(self._messages)
        except OSError as error:
            self.failure = error
            raise

    @staticmethod
    def _parts(config: pb.UploadConfig, media: Media) -> Iterator[pb.UploadAnswerRequest]:
        yield pb.UploadAnswerRequest(config=config)
        digest, size = hashlib.sha256(), 0
        for chunk in _chunks(media):
            digest.update(chunk)
            size += len(chunk)
            yield pb.UploadAnswerRequest(chunk=chunk)
        yield pb.UploadAnswerRequest(commit=pb.UploadCommit(size_bytes=size, sha256=digest.hexdigest()))
