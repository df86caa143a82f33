"""Media as messages: inline when small, else chunks read from the file as they are sent."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import grpc
from google.protobuf.message import Message

from viva.v1 import answers_pb2
from viva.v1 import scoring_pb2 as pb
from viva_client.errors import InvalidArgumentError

INLINE_BYTES: Final = 1_000_000  # larger media is streamed: a message is held in memory whole on both sides
CHUNK_BYTES: Final = 256 * 1024  # a quarter of the contract's limit on a chunk
MEDIA_BYTES: Final = 200_000_000  # the contract's limit of an upload

Media = bytes | str | os.PathLike[str]


def media_size(media: Media) -> int:
    """Length in bytes, at most the limit of an upload. Looks at the file: not for an event loop.

    Raises:
        OSError: the file does not exist or cannot be looked at.
        InvalidArgumentError: it is too large.
    """
    if isinstance(media, bytes):
        size = len(media)
    elif Path(media).is_dir():
        raise IsADirectoryError(f"{media!s} is a folder")
    else:
        size = Path(media).stat().st_size
    if size > MEDIA_BYTES:
        message = f"media has {size} bytes, the limit is {MEDIA_BYTES}"
        limits = {"actual": str(size), "limit": str(MEDIA_BYTES)}
        raise InvalidArgumentError(
            grpc.StatusCode.INVALID_ARGUMENT, "MEDIA_TOO_LARGE", message, [("media", message)], metadata=limits
        )
    return size


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

    gRPC swallows what a request iterator raises, so an error is kept in `failure` for the caller to raise.

    Args:
        request: type of the messages.
        start: bytes at the start of the media that are not sent, because they are stored; the commit covers them.
        on_sent: called with the bytes that are sent or stored so far, in the thread that gRPC reads messages in.
    """

    def __init__(
        self,
        config: pb.UploadConfig | answers_pb2.UploadMediaConfig,
        media: Media,
        *,
        request: Callable[..., Message] = pb.UploadAnswerRequest,
        start: int = 0,
        on_sent: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.failure: Exception | None = None
        self._request = request
        self._messages = self._parts(config, media, start, on_sent)

    def __iter__(self) -> Iterator[Message]:
        return self

    def __next__(self) -> Message:
        try:
            return next(self._messages)
        except StopIteration:
            raise
        except Exception as error:
            self.failure = error
            raise

    def _parts(self, config: Message, media: Media, start: int, on_sent: Callable[[int], None]) -> Iterator[Message]:
        yield self._request(config=config)
        digest, size = hashlib.sha256(), 0
        for chunk in _chunks(media):
            digest.update(chunk)
            size += len(chunk)
            if size > start:
                yield self._request(chunk=chunk[max(0, start - size + len(chunk)) :])
                on_sent(size)
        yield self._request(commit=pb.UploadCommit(size_bytes=size, sha256=digest.hexdigest()))
