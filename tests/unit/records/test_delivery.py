"""One attempt to send an event, and what follows from how it went."""

import asyncio
import dataclasses
import json
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from serving.domain.errors import NotFound
from serving.domain.job import JobKind, JobOutcome, Lane, LeasedJob
from serving.domain.webhook import Event, EventType, Secret, WebhookDelivery, WebhookEndpoint
from serving.records import delivery
from serving.records.delivery import MEAN_DELAYS_S, Deliver, envelope, retry_delay_s, signatures
from serving.records.egress import EgressError, EgressFault, Posted

_NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
_ID = "6f9c3c0e-3f0f-4c5e-9d57-0a4b0e6a7c11"
_NAME = "tenants/acme/webhookEndpoints/e"
_JOB = LeasedJob(1, "acme", JobKind.DELIVER, Lane.ERRAND, f"{_NAME}#{_ID}", "lease", 1, 0.0)
_NEW, _OLD, _PAST = (f"whsec_{letter * 43}=" for letter in "ABC")
_EVENT = Event(_ID, EventType.DECISION_CREATED, "tenants/acme/interviews/i/decisions/d", _NOW, {"outcome": "hold"})


class Store:
    """`Database`, its `Transaction`s, `JobQueue` and `WebhookPoster` in one, with one endpoint, event and job."""

    def __init__(self, status: int | EgressFault = 204) -> None:
        self.now = _NOW
        self.status = status
        self.endpoint: WebhookEndpoint | None = WebhookEndpoint(
            name=_NAME,
            uri="https://hooks.example.com/",
            disabled=False,
            secrets=(Secret(_NEW),),
        )
        self.event_: Event | None = _EVENT
        self.delivery_ = WebhookDelivery(_ID, "viva.decision.created")
        self.leased = True
        self.finished = False
        self.released: list[float] = []
        self.posts: list[tuple[str, bytes, Mapping[str, str]]] = []
        self.given_up: list[str] = []
        self.moved_to = ""

    @asynccontextmanager
    async def transaction(self, tenant: str) -> AsyncIterator["Store"]:
        assert tenant == "acme"
        yield self

    async def find(self, kind: type[Any], name: str) -> WebhookEndpoint | None:
        assert (kind, name) == (WebhookEndpoint, _NAME)
        return self.endpoint

    async def get(self, kind: type[Any], name: str, *, lock: bool = False, share: bool = False) -> WebhookEndpoint:
        assert lock
        if self.endpoint is None:
            raise NotFound("does not exist")
        return self.endpoint

    async def replace(self, record: WebhookEndpoint, etag: str = "") -> WebhookEndpoint:
        self.endpoint = record
        return record

    async def event(self, event_id: str) -> Event | None:
        assert event_id == _ID
        return self.event_

    async def delivery(self, endpoint: str, event_id: str) -> WebhookDelivery:
        assert (endpoint, event_id) == (_NAME, _ID)
        return self.delivery_

    async def store_delivery(self, endpoint: str, delivery: WebhookDelivery) -> None:
        assert endpoint == _NAME
        self.delivery_ = delivery

    async def fail_deliveries(self, endpoint: str, error: str) -> None:
        self.given_up.append(endpoint)

    async def audit(self, caller: object, action: str, resource: str) -> None:
        pass

    async def finish(self, job: LeasedJob) -> bool:
        assert job == _JOB
        self.finished = self.leased
        return self.leased

    async def release(self, job: LeasedJob, delay_s: float) -> None:
        assert job == _JOB
        self.released.append(delay_s)

    async def post(self, uri: str, body: bytes, headers: Mapping[str, str]) -> Posted:
        self.posts.append((uri, body, headers))
        if self.moved_to and self.endpoint:
            self.endpoint = dataclasses.replace(self.endpoint, uri=self.moved_to)
        if isinstance(self.status, EgressFault):
            raise EgressError(self.status)
        return Posted(self.status)

    async def run(self) -> JobOutcome:
        return await Deliver(self, self, self).run(_JOB)  # type: ignore[arg-type]  # what a delivery needs of each

    @property
    def outcome(self) -> tuple[str, int, str]:
        return self.delivery_.state, self.delivery_.attempt_count, self.delivery_.last_error


@pytest.mark.parametrize("status", [200, 202, 204])
async def test_any_2xx_is_delivered(status: int) -> None:
    store = Store(status)
    await store.run()
    assert store.outcome == ("delivered", 1, "")
    assert store.delivery_.attempt_time == _NOW
    assert (store.finished, store.released) == (True, [])


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (301, "http 301"),
        (400, "http 400"),
        (404, "http 404"),
        (429, "http 429"),
        (500, "http 500"),
        (EgressFault.TIMEOUT, "timeout"),
        (EgressFault.PRIVATE_ADDRESS, "private address"),
    ],
)
async def test_everything_else_is_tried_again_later(status: int | EgressFault, said: str) -> None:
    store = Store(status)
    await store.run()
    assert store.outcome == ("waiting", 1, said)
    assert store.finished is False
    [delay_s] = store.released
    assert 0 <= delay_s <= 10


async def test_after_the_last_attempt_the_delivery_has_failed() -> None:
    store = Store(500)
    runs = 0
    while not store.finished:
        await store.run()
        runs += 1
    assert runs == len(delivery.MEAN_DELAYS_S) + 1
    assert store.outcome == ("failed", runs, "http 500")
    assert len(store.released) == runs - 1


def test_delays_grow_to_a_day_are_spread_fully_and_last_for_about_five_days() -> None:
    means = delivery.MEAN_DELAYS_S
    assert list(means) == sorted(means)
    assert (means[0], max(means)) == (5, 86_400)
    assert 5 * 86_400 <= sum(means) <= 5.5 * 86_400
    drawn = [retry_delay_s(1, random.Random(seed).random()) or 0.0 for seed in range(2_000)]
    assert min(drawn) < 0.1
    assert max(drawn) > 9.9
    assert sum(drawn) / len(drawn) == pytest.approx(5, rel=0.05)
    assert retry_delay_s(len(means), 0.5) == 86_400
    assert retry_delay_s(len(means) + 1, 0.5) is None


async def test_an_endpoint_that_is_gone_is_switched_off_and_what_waits_for_it_given_up() -> None:
    store = Store(410)
    await store.run()
    assert store.outcome == ("failed", 1, "http 410")
    assert store.endpoint is not None
    assert (store.endpoint.disabled, store.endpoint.disabled_reason) == (True, "gone")
    assert (store.given_up, store.finished, store.released) == ([_NAME], True, [])


async def test_an_address_that_was_replaced_during_the_post_switches_nothing_off() -> None:
    store = Store(410)
    store.moved_to = "https://hooks.example.com/new"
    await store.run()
    assert store.outcome == ("waiting", 1, "http 410")
    assert store.endpoint is not None
    assert store.endpoint.disabled is False
    assert len(store.released) == 1


@pytest.mark.parametrize("status", [204, 410])
async def test_who_has_lost_the_job_changes_nothing(status: int) -> None:
    store = Store(status)
    store.leased = False
    before = store.endpoint
    await store.run()
    assert (store.outcome, store.endpoint, store.given_up) == (("waiting", 0, ""), before, [])


@pytest.mark.parametrize("missing", ["endpoint", "event", "enabled"])
async def test_what_cannot_be_sent_any_more_ends_quietly(missing: str) -> None:
    store = Store()
    if missing == "endpoint":
        store.endpoint = None
    elif missing == "event":
        store.event_ = None
    elif store.endpoint:
        store.endpoint = dataclasses.replace(store.endpoint, disabled=True)
    await store.run()
    assert (store.posts, store.finished) == ([], True)
    assert store.outcome[:2] == ("failed", 0)


@pytest.mark.parametrize("state", ["delivered", "failed"])
async def test_a_delivery_at_its_end_is_not_begun_again(state: str) -> None:
    store = Store()
    store.delivery_ = dataclasses.replace(store.delivery_, state=state, attempt_count=3)
    await store.run()
    assert (store.posts, store.finished, store.outcome) == ([], True, (state, 3, ""))


async def test_the_headers_are_those_of_standard_webhooks() -> None:
    store = Store()
    await store.run()
    [(uri, body, headers)] = store.posts
    assert uri == "https://hooks.example.com/"
    assert headers["content-type"] == "application/cloudevents+json"
    assert headers["webhook-id"] == _ID
    assert abs(int(headers["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 60
    Webhook(_NEW).verify(body, dict(headers))


def test_only_secrets_that_have_not_ended_sign() -> None:
    now = datetime.now(UTC)
    secrets = (Secret(_NEW), Secret(_OLD, now + timedelta(hours=1)), Secret(_PAST, now))
    body = envelope(_EVENT, "acme")
    header = signatures(WebhookEndpoint(name=_NAME, secrets=secrets), _ID, now, body)
    headers = {"webhook-id": _ID, "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": header}
    assert len(header.split()) == 2
    for secret in (_NEW, _OLD):
        Webhook(secret).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(_PAST).verify(body, headers)


def test_the_envelope_is_a_cloudevent() -> None:
    assert json.loads(envelope(_EVENT, "acme")) == {
        "specversion": "1.0",
        "id": _ID,
        "source": "https://viva.dev/tenants/acme",
        "type": "viva.decision.created",
        "subject": "tenants/acme/interviews/i/decisions/d",
        "time": "2026-11-25T10:00:00Z",
        "datacontenttype": "application/json",
        "data": {"outcome": "hold"},
    }


async def test_a_worker_that_is_stopped_gives_its_delivery_back() -> None:
    store = Store()
    begun = asyncio.Event()

    async def post(uri: str, body: bytes, headers: Mapping[str, str]) -> Posted:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError("it waits for ever")

    store.post = post  # type: ignore[method-assign]
    running = asyncio.create_task(store.run())
    await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert store.released == [0.0] and not store.finished


@pytest.mark.parametrize(
    ("status", "attempts", "outcome"),
    [
        (200, 0, JobOutcome.DONE),
        (500, 0, JobOutcome.RETRIED),
        (410, 0, JobOutcome.FAILED),
        (500, len(MEAN_DELAYS_S), JobOutcome.DEAD),
    ],
)
async def test_an_attempt_is_told_by_its_outcome(status: int, attempts: int, outcome: JobOutcome) -> None:
    store = Store(status)
    store.delivery_ = dataclasses.replace(store.delivery_, attempt_count=attempts)
    assert await store.run() is outcome


async def test_what_is_not_sent_is_dropped() -> None:
    store = Store(200)
    store.event_ = None
    assert await store.run() is JobOutcome.DROPPED
