"""The calls of `viva.v1.Answers` that receive media."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final, Protocol

from serving.api import messages, resources, uploads
from serving.api.admission import Lane
from serving.domain import names
from serving.domain.answer import MediaKind
from serving.domain.errors import InvalidRequest, Overloaded, StoreUnavailable, UploadIncomplete
from serving.domain.fields import invalid
from serving.domain.interview import Interview
from serving.domain.submission import Media, Upload
from serving.domain.tenant import Caller
from serving.pipeline.ports import SpoolFile
from serving.records.objects import DEFAULT_CLASS, StorageClasses, media_key
from serving.records.ports import Database
from viva.v1 import answers_pb2 as pb

_PATTERN: Final = "tenants/*/uploads/*"
_FULL_DISK_RETRY_S: Final = 30.0
_DELETED_RETRY_S: Final = 1.0


class UploadFile(SpoolFile, Protocol):
    """An upload in progress. Blocking: called from worker threads."""

    def keep(self) -> None:
        """Let go of it as far as it came."""
        ...


class UploadSpool(Protocol):
    """Uploads that are not committed. Blocking: called from worker threads."""

    def size(self, tenant: str, upload: str) -> int:
        """Bytes that are stored. Raises `NotFound`."""
        ...

    def resume(self, tenant: str, upload: str, offset: int) -> UploadFile:
        """Go on at an offset, where what is stored beyond is dropped; 0 begins anew. A stream that sent it before has
        lost it: what that one still brings goes nowhere.

        Raises:
            InvalidRequest: less is stored.
            OSError: the disk does not take it.
        """
        ...


@dataclass(frozen=True, slots=True)
class Uploads:
    """What uploads go through.

    Attributes:
        lane: bounds how many arrive at a time.
    """

    spool: UploadSpool
    storage: StorageClasses
    lane: Lane


class UploadCalls:
    """`UploadMedia` and `GetUpload`."""

    def __init__(self, database: Database, uploads: Uploads) -> None:
        self._database = database
        self._uploads = uploads

    async def upload_media(self, stream: AsyncIterator[pb.UploadMediaRequest], caller: Caller) -> pb.Media:
        """`UploadMedia`. A stream that breaks leaves what it brought; one whose commit does not fit leaves nothing."""
        config = await uploads.receive_config(stream)
        upload = _upload_id(names.check(config.name, _PATTERN, caller.tenant, "config.name"), "config.name")
        storage_class = await self._storage_class(config.interview, caller)
        self._uploads.storage.of(storage_class)  # an upload that has no store is refused before it comes
        self._uploads.lane.admit()
        try:
            file = await asyncio.to_thread(self._uploads.spool.resume, caller.tenant, upload, config.offset)
            try:
                await uploads.receive_media(stream, file)
                media = await self._keep(file, storage_class, caller)
            except UploadIncomplete:
                await asyncio.to_thread(file.keep)
                raise
            except InvalidRequest:
                await asyncio.to_thread(file.discard)
                raise
            except BaseException:
                await asyncio.shield(asyncio.to_thread(file.keep))
                raise
            await asyncio.to_thread(file.discard)
        except OSError as error:
            raise Overloaded("there is no room for media now", retry_after_s=_FULL_DISK_RETRY_S) from error
        finally:
            self._uploads.lane.leave()
        return messages.to_message(media, pb.Media())

    async def get_upload(self, request: pb.GetUploadRequest, caller: Caller) -> pb.Upload:
        """`GetUpload`."""
        name = resources.name(request, caller, _PATTERN)
        size = await asyncio.to_thread(self._uploads.spool.size, caller.tenant, _upload_id(name, "name"))
        return messages.to_message(Upload(name, size), pb.Upload())

    async def _storage_class(self, interview: str, caller: Caller) -> str:
        if not interview:
            return DEFAULT_CLASS
        name = names.check(interview, "tenants/*/interviews/*", caller.tenant, "config.interview")
        async with self._database.transaction(caller.tenant) as tx:
            return (await tx.get(Interview, name)).policy.storage_class

    async def _keep(self, file: UploadFile, storage_class: str, caller: Caller) -> Media:
        """Put the media into its store."""
        store, key = self._uploads.storage.of(storage_class), media_key(caller.tenant, file.sha256)
        media = Media(file.size_bytes, file.sha256, storage_class=storage_class)
        async with self._database.transaction(caller.tenant) as tx:
            await tx.add_media(media)  # first, so that nothing is in the store that no housekeeping would find
        await store.put_file(key, file.finish(MediaKind.DETECT).path)
        async with self._database.transaction(caller.tenant) as tx:
            noted = await tx.add_media(media)
            if await store.exists(key) is None:
                raise StoreUnavailable("the same media was deleted just now", retry_after_s=_DELETED_RETRY_S)
        return noted


def _upload_id(name: str, path: str) -> str:
    upload = names.id_of(name)
    try:
        parsed = uuid.UUID(upload)
    except ValueError:
        parsed = None
    if parsed is None or parsed.version != 4 or str(parsed) != upload:
        raise invalid(path, "must end in a UUID version 4 in lower case")
    return upload
