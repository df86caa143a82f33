"""The part of a transaction that is about webhooks; `serving.records.ports.Deliveries` says what each method is for."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any, Final

from serving.adapters.postgres import paging, queries
from serving.adapters.postgres.records import Records
from serving.domain.webhook import Event, EventType, WebhookDelivery, WebhookEndpoint
from serving.pipeline import tracing
from serving.records.ports import ListQuery, Page

_SQL: Final = queries.load("webhooks")
_AFTER_ALL: Final = (datetime(9999, 1, 1, tzinfo=UTC), uuid.UUID(int=0))


class Webhooks(Records):
    """`Deliveries`."""

    async def hold(self, name: str) -> None:
        await self._connection.execute(_SQL["hold"], {"name": name})

    async def event(self, event_id: str) -> Event | None:
        values = {"tenant": self._tenant, "event_id": event_id}
        row = await (await self._connection.execute(_SQL["event"], values)).fetchone()
        if row is None:
            return None
        found_id, event_type, subject, time, data = row
        return Event(found_id, EventType(event_type), subject, time, data)

    async def delivery(self, endpoint: str, event_id: str) -> WebhookDelivery | None:
        values = {**self._of(endpoint), "event_id": event_id}
        row = await (await self._connection.execute(_SQL["delivery"], values)).fetchone()
        return None if row is None else WebhookDelivery(*row)

    async def store_delivery(self, endpoint: str, delivery: WebhookDelivery) -> None:
        values = {
            **self._of(endpoint),
            "event_id": delivery.event_id,
            "state": delivery.state,
            "attempt_count": delivery.attempt_count,
            "last_error": delivery.last_error,
            "attempt_time": delivery.attempt_time,
        }
        await self._connection.execute(_SQL["store_delivery"], values)

    async def fail_deliveries(self, endpoint: str, error: str) -> None:
        await self._connection.execute(_SQL["fail_deliveries"], {**self._of(endpoint), "error": error})

    async def drop_deliveries(self, endpoint: str) -> None:
        await self._connection.execute(_SQL["drop_deliveries"], self._of(endpoint))

    async def replay(self, endpoint: WebhookEndpoint, start: datetime) -> int:
        values = {
            **self._of(endpoint.name),
            "start": start,
            "types": list(endpoint.event_types),
            "now": self._now,
            "trace": tracing.traceparent() or None,
        }
        made = await self._connection.execute(_SQL["replay"], values)
        await self._connection.execute(_SQL["replay_jobs"], values)
        return made.rowcount

    async def deliveries(self, endpoint: str, page_size: int, page_token: str) -> Page[WebhookDelivery]:
        query, size = ListQuery(endpoint, page_token=page_token), paging.page_size(page_size)
        before_time, before_id = paging.decode(query, datetime.fromisoformat, _as_uuid) or _AFTER_ALL
        values = {**self._of(endpoint), "before_time": before_time, "before_id": before_id, "limit": size + 1}
        rows = await (await self._connection.execute(_SQL["deliveries_page"], values)).fetchall()
        found = tuple(WebhookDelivery(*row[:6]) for row in rows[:size])
        if len(rows) <= size:
            return Page(found)
        return Page(found, paging.encode(query, [rows[size - 1][6].isoformat(), found[-1].event_id]))

    def _of(self, endpoint: str) -> dict[str, Any]:
        return {"tenant": self._tenant, "endpoint": endpoint}


def _as_uuid(value: Any) -> uuid.UUID:
    return uuid.UUID(paging.as_text(value))
