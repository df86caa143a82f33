"""Posting events to webhook endpoints: signed, at least once, tried again for about five days.

A worker that dies between the post and the note of it leaves the job to the next one, which sends the event again under
the same id: receivers tell by the id what they have.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from standardwebhooks import Webhook

from serving.domain.errors import NotFound
from serving.domain.job import JobOutcome, LeasedJob
from serving.domain.tenant import Caller
from serving.domain.webhook import Event, Secret, WebhookDelivery, WebhookEndpoint
from serving.pipeline import tracing
from serving.pipeline.tracer import Key, Kind, Span
from serving.records.egress import EgressError, WebhookPoster
from serving.records.ports import Database, JobQueue, Transaction

WAITING: Final = "waiting"
DELIVERED: Final = "delivered"
FAILED: Final = "failed"
GONE: Final = "gone"  # `WebhookEndpoint.disabled_reason` of one that answered 410

_HOUR_S: Final = 3_600.0
_DAY_S: Final = 24 * _HOUR_S
# Mean seconds from each attempt to the next; they sum to 5.2 days.
MEAN_DELAYS_S: Final = (5.0, 30.0, 120.0, 600.0, _HOUR_S, 3 * _HOUR_S, 8 * _HOUR_S, 16 * _HOUR_S, *[_DAY_S] * 4)

_HTTP_GONE: Final = "http 410"
_DISABLED: Final = "endpoint disabled"


class Deliver:
    """Does jobs of the kind `DELIVER`."""

    def __init__(self, database: Database, queue: JobQueue, poster: WebhookPoster) -> None:
        self._database = database
        self._queue = queue
        self._poster = poster

    async def run(self, job: LeasedJob) -> JobOutcome:
        """Send an event to an endpoint once, and end the job or give it back for a later attempt.

        What waits for an endpoint that is deleted or disabled is not sent, and that is no error.

        Raises:
            StoreUnavailable: what came of it could not be noted; it is sent again when the lease has ended.
        """
        try:
            return await self._deliver(job)
        except asyncio.CancelledError:
            await asyncio.shield(self._queue.release(job, 0.0))
            raise

    async def _deliver(self, job: LeasedJob) -> JobOutcome:
        found = await self._begin(job)
        if found is None:
            return JobOutcome.DROPPED
        endpoint, event = found
        error = await self._post(endpoint, event, job.tenant)
        if error == _HTTP_GONE and await self._switch_off(job, endpoint.uri):
            return JobOutcome.FAILED
        delay_s = await self._note(job, error)
        if delay_s is not None:
            await self._queue.release(job, delay_s)
            return JobOutcome.RETRIED
        return JobOutcome.DEAD if error else JobOutcome.DONE

    async def _begin(self, job: LeasedJob) -> tuple[WebhookEndpoint, Event] | None:
        """What to send where; None when there is nothing to send, and the job has ended."""
        name, event_id = _parts(job)
        async with self._database.transaction(job.tenant) as tx:
            endpoint, event = await tx.find(WebhookEndpoint, name), await tx.event(event_id)
            delivery = await tx.delivery(name, event_id)
            if endpoint is None:
                error = "endpoint deleted"
            elif endpoint.disabled:
                error = _DISABLED
            elif event is None:
                error = "event deleted"
            elif delivery is not None and delivery.state == WAITING:
                return endpoint, event
            else:
                error = ""  # it came to its end meanwhile
            await _end(tx, job, _ended(delivery, FAILED, error))
        return None

    async def _post(self, endpoint: WebhookEndpoint, event: Event, tenant: str) -> str:
        """Send it; what it met, empty when the receiver took it."""
        body, sent = envelope(event, tenant), datetime.now(UTC)
        headers = {
            "content-type": "application/cloudevents+json",
            "webhook-id": event.event_id,
            "webhook-timestamp": str(int(sent.timestamp())),
            "webhook-signature": signatures(endpoint, event.event_id, sent, body),
        }
        with tracing.step("POST", Kind.CLIENT, {Key.HTTP_METHOD: "POST"}) as span:
            if traceparent := tracing.traceparent():
                headers["traceparent"] = traceparent
            error = await self._sent(endpoint.uri, body, headers, span)
            if error:
                span.fail(error)
        return error

    async def _sent(self, uri: str, body: bytes, headers: Mapping[str, str], span: Span) -> str:
        try:
            posted = await self._poster.post(uri, body, headers)
        except EgressError as error:
            return error.kind.value
        span.set(Key.HTTP_STATUS, posted.status)
        return "" if 200 <= posted.status < 300 else f"http {posted.status}"

    async def _note(self, job: LeasedJob, error: str) -> float | None:
        """Store what came of an attempt; seconds until the next one, None when the job has ended."""
        name, event_id = _parts(job)
        async with self._database.transaction(job.tenant) as tx:
            delivery = _attempted(await tx.delivery(name, event_id), tx.now)
            if error and delivery is not None and delivery.state == WAITING:
                delay_s = retry_delay_s(delivery.attempt_count, random.random())
                if delay_s is not None:
                    await tx.store_delivery(name, dataclasses.replace(delivery, last_error=error))
                    return delay_s
            await _end(tx, job, _ended(delivery, FAILED if error else DELIVERED, error))
        return None

    async def _switch_off(self, job: LeasedJob, uri: str) -> bool:
        """Disable an endpoint that wants no more events. False when it has another address by now."""
        name, event_id = _parts(job)
        async with self._database.transaction(job.tenant) as tx:
            try:
                endpoint = await tx.get(WebhookEndpoint, name, lock=True)
            except NotFound:
                await tx.finish(job)
                return True
            if endpoint.uri != uri:
                return False
            delivery = _attempted(await tx.delivery(name, event_id), tx.now)
            if await _end(tx, job, _ended(delivery, FAILED, _HTTP_GONE)):
                await tx.replace(dataclasses.replace(endpoint, disabled=True, disabled_reason=GONE))
                await tx.fail_deliveries(name, _DISABLED)
                await tx.audit(Caller(job.tenant, frozenset(), "system"), "DisableWebhookEndpoint", name)
        return True


def envelope(event: Event, tenant: str) -> bytes:
    """The event as a CloudEvent 1.0 in structured JSON (https://github.com/cloudevents/spec, JSON format)."""
    fields = {
        "specversion": "1.0",
        "id": event.event_id,
        "source": f"https://viva.dev/tenants/{tenant}",
        "type": event.type.value,
        "subject": event.subject,
        "time": event.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": event.data,
    }
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def signatures(endpoint: WebhookEndpoint, event_id: str, sent: datetime, body: bytes) -> str:
    """The `webhook-signature` header (https://www.standardwebhooks.com): one for each secret that still signs."""
    return " ".join(
        Webhook(secret.value).sign(event_id, sent, body.decode()) for secret in signing(endpoint.secrets, sent)
    )


def signing(secrets: Sequence[Secret], now: datetime) -> tuple[Secret, ...]:
    """Those of the secrets that still sign."""
    return tuple(secret for secret in secrets if secret.until is None or secret.until > now)


def retry_delay_s(attempt: int, share: float) -> float | None:
    """Seconds until the next attempt, None after the last: exponential, with full jitter
    (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).

    Args:
        attempt: how many were made, from 1.
        share: random, 0 to 1.
    """
    return 2 * share * MEAN_DELAYS_S[attempt - 1] if attempt <= len(MEAN_DELAYS_S) else None


def _parts(job: LeasedJob) -> tuple[str, str]:
    """Endpoint and event id of a job."""
    name, _, event_id = job.subject.partition("#")
    return name, event_id


def _attempted(delivery: WebhookDelivery | None, now: datetime) -> WebhookDelivery | None:
    if delivery is None:
        return None
    return dataclasses.replace(delivery, attempt_count=delivery.attempt_count + 1, attempt_time=now)


def _ended(delivery: WebhookDelivery | None, state: str, error: str) -> WebhookDelivery | None:
    """The delivery at its end; None when there is none, or it came to its end before."""
    if delivery is None or delivery.state != WAITING:
        return None
    return dataclasses.replace(delivery, state=state, last_error=error)


async def _end(tx: Transaction, job: LeasedJob, delivery: WebhookDelivery | None) -> bool:
    """End a job, and store what became of its delivery. False: the lease was lost, and nothing is stored."""
    if not await tx.finish(job):
        return False
    if delivery is not None:
        await tx.store_delivery(_parts(job)[0], delivery)
    return True
