"""The part of a transaction that deletes; `serving.records.ports.Erasures` says what each method is for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from serving.adapters.postgres import queries
from serving.adapters.postgres.webhooks import Webhooks
from serving.domain.submission import Media
from serving.records.ports import Erased

_SQL: Final = queries.load("erasure")


class Erasures(Webhooks):
    """`Erasures`."""

    async def erase_interviews(self, interviews: Sequence[str]) -> Erased:
        own = {"interviews": list(interviews)}
        rows = await self._rows("erase_answers", own)
        answers = [name for name, _ in rows]
        await self._run("erase_assessments", {"answers": answers})
        reports = [name for (name,) in await self._rows("erase_reports", own)]
        decisions = [name for (name,) in await self._rows("erase_decisions", own)]
        contests = [name for (name,) in await self._rows("erase_contests", own)]
        await self._run("erase_satisfactions", own)
        await self._run("erase_interviews", own)
        await self._forget([*interviews, *answers, *reports, *decisions, *contests], answers)
        return Erased(len(answers), len(reports), tuple(sorted({sha256 for _, sha256 in rows if sha256})))

    async def _forget(self, names: list[str], answers: list[str]) -> None:
        """Delete events, deliveries, jobs and request ids of what was deleted."""
        endpoints = [name for (name,) in await self._rows("lock_endpoints", {})]
        events = [event for (event,) in await self._rows("erase_events", {"names": names})]
        dropped = await self._rows("erase_deliveries", {"endpoints": endpoints, "events": events})
        await self._run("erase_jobs", {"subjects": [*answers, *(subject for (subject,) in dropped)]})
        await self._run("erase_requests", {"names": names})

    async def hold_media(self, sha256: str) -> tuple[Media, ...]:
        return tuple(Media(*row) for row in await self._rows("hold_media", {"sha256": sha256}))

    async def media_in_use(self, sha256: str) -> bool:
        ((used,),) = await self._rows("media_in_use", {"sha256": sha256})
        return bool(used)

    async def keep_media(self, sha256: str) -> None:
        await self._run("keep_media", {"sha256": sha256})

    async def check_media(self, sha256: Sequence[str]) -> None:
        await self._run("check_media", {"sha256": list(sha256)})

    async def drop_media(self, sha256: str) -> None:
        await self._run("drop_media", {"sha256": sha256})

    async def _run(self, query: str, values: dict[str, Any]) -> None:
        await self._connection.execute(_SQL[query], {"tenant": self._tenant, **values})

    async def _rows(self, query: str, values: dict[str, Any]) -> list[Any]:
        return await (await self._connection.execute(_SQL[query], {"tenant": self._tenant, **values})).fetchall()
