"""Receiving a streamed upload: config, chunks, commit, in this order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final, TypeVar, overload

from serving.domain.errors import InvalidRequest, Reason, UploadIncomplete
from serving.domain.limits import LIMITS
from serving.pipeline.ports import SpoolFile
from viva.v1 import answers_pb2
from viva.v1 import scoring_pb2 as pb

# Two messages of the same three parts.
Part = TypeVar("Part", pb.UploadAnswerRequest, answers_pb2.UploadMediaRequest)

_SILENCE_S: Final = 60.0
_ORDER: Final = "an upload is one config, then chunks, then one commit"


@overload
async def receive_config(messages: AsyncIterator[pb.UploadAnswerRequest]) -> pb.UploadConfig: ...
@overload
async def receive_config(messages: AsyncIterator[answers_pb2.UploadMediaRequest]) -> answers_pb2.UploadMediaConfig: ...
async def receive_config(messages: AsyncIterator[Part]) -> pb.UploadConfig | answers_pb2.UploadMediaConfig:
    """The first message.

    Raises:
        InvalidRequest: it is something else.
        UploadIncomplete: the stream ended before it.
    """
    first = await _next(messages)
    if first is None:
        raise UploadIncomplete("the stream ended before its config")
    if first.WhichOneof("part") != "config":
        raise InvalidRequest(_ORDER, reason=Reason.UPLOAD_OUT_OF_ORDER, field="config")
    return first.config


async def receive_media(messages: AsyncIterator[Part], file: SpoolFile) -> None:
    """Write all chunks to `file` and check the commit.

    A stream that is cancelled looks like one that ends: only the commit tells that the upload is whole.

    Raises:
        InvalidRequest: out of order, over a limit, or the commit does not match what arrived.
        UploadIncomplete: the stream ended without a commit.
    """
    while (message := await _next(messages)) is not None:
        part = message.WhichOneof("part")
        if part == "commit":
            _check_commit(message.commit, file)
            return
        if part != "chunk":
            raise InvalidRequest(_ORDER, reason=Reason.UPLOAD_OUT_OF_ORDER, field=part or "part")
        size = len(message.chunk)
        if not 0 < size <= LIMITS.chunk_bytes:
            raise InvalidRequest(
                f"chunk has {size} bytes, the limits are 1 and {LIMITS.chunk_bytes}",
                field="chunk",
                metadata={"limit": str(LIMITS.chunk_bytes), "actual": str(size)},
            )
        if file.size_bytes + size > LIMITS.media_bytes:
            raise too_large("chunk", file.size_bytes + size)
        # Disk and hash stay off the event loop; awaiting each chunk is what slows a fast sender down.
        await asyncio.to_thread(file.write, message.chunk)
    raise UploadIncomplete(f"the stream ended after {file.size_bytes} bytes without a commit")


async def _next(messages: AsyncIterator[Part]) -> Part | None:
    """The next message, None at the end. A sender that falls silent does not hold its place for ever."""
    try:
        async with asyncio.timeout(_SILENCE_S):
            return await anext(messages, None)
    except TimeoutError as error:
        raise UploadIncomplete(f"no message came for {_SILENCE_S:g} s") from error


def too_large(field: str, actual: int, limit: int = LIMITS.media_bytes) -> InvalidRequest:
    """The error for media over the limit on bytes."""
    return InvalidRequest(
        f"{field} brings the media to {actual} bytes, the limit is {limit}",
        reason=Reason.MEDIA_TOO_LARGE,
        field=field,
        metadata={"limit": str(limit), "actual": str(actual)},
    )


def media_empty(field: str) -> InvalidRequest:
    """The error for media without a byte."""
    return InvalidRequest(f"{field} is empty", reason=Reason.MEDIA_EMPTY, field=field)


def _check_commit(commit: pb.UploadCommit, file: SpoolFile) -> None:
    if file.size_bytes == 0:
        raise media_empty("chunk")
    for field, said, arrived in (
        ("commit.size_bytes", str(commit.size_bytes), str(file.size_bytes)),
        ("commit.sha256", commit.sha256.lower(), file.sha256),
    ):
        if said != arrived:
            raise InvalidRequest(
                f"{field} is {said[:64]!r}, but what arrived has {arrived}",
                reason=Reason.UPLOAD_MISMATCH,
                field=field,
                metadata={"expected": said[:64], "actual": arrived},
            )
