"""What every peer's worker does with the answers it is given."""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.peers.settings import PeerSettings
from benchmarks.raw.answers import answer_of, json_of
from benchmarks.raw.pipeline import raw_pipeline
from serving.adapters.spool import FolderSpool
from serving.domain.answer import MediaKind
from serving.domain.errors import VivaError

T = TypeVar("T")
Job = tuple[Mapping[str, Any], bytes]
"""Options as in `benchmarks.raw.answers`, and the media's bytes; none for a text answer."""


class Scorer:
    """One worker's pipeline and models, ready when it is made, on an event loop in a thread of their own: the
    frameworks make workers inside of loops and outside of them. Threads may share one.

    Args:
        settings: of the server.
    """

    def __init__(self, settings: PeerSettings) -> None:
        self._pipeline = raw_pipeline(settings.models)
        self._pipeline.engines.load()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="pipeline", daemon=True).start()
        self._folder = tempfile.TemporaryDirectory(prefix="viva-peer-")
        self._spool = FolderSpool(Path(self._folder.name))
        self._wait(self._pipeline.use_case.warm_up())
        if settings.ready_dir:
            Path(settings.ready_dir, str(os.getpid())).touch()

    def score(self, jobs: Sequence[Job]) -> list[dict[str, Any]]:
        """`{"assessment": ...}` of each, or `{"error": {"reason", "message"}}`, in order. Blocks."""
        return self._wait(self._score(jobs))

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _score(self, jobs: Sequence[Job]) -> list[dict[str, Any]]:
        return await asyncio.gather(*(self._one(options, media) for options, media in jobs))

    async def _one(self, options: Mapping[str, Any], media: bytes) -> dict[str, Any]:
        file = self._spool.create() if media else None
        try:
            if file is not None:
                await asyncio.to_thread(file.write, media)
            answer = answer_of(options, file.finish(MediaKind.DETECT) if file is not None else None)
            return {"assessment": json_of(await self._pipeline.use_case.run(answer))}
        except VivaError as error:
            return {"error": {"reason": error.reason.name, "message": error.message}}
        finally:
            if file is not None:
                file.discard()
