"""Webhooks from the event to a receiver: real PostgreSQL, real HTTP on loopback."""

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from aiohttp import web
from cloudevents.core.formats.json import JSONFormat
from google.protobuf.field_mask_pb2 import FieldMask
from standardwebhooks import Webhook

from serving.adapters.egress.client import Egress
from serving.adapters.egress.config import EgressConfig
from serving.adapters.postgres import queries, schema
from serving.adapters.postgres.database import PostgresDatabase
from serving.adapters.postgres.queue import PostgresQueue
from serving.adapters.postgres.server import PostgresServer
from serving.api.webhooks import WebhookService
from serving.domain.errors import InvalidRequest, NotAllowedNow, NotFound, Reason, Stale, VivaError
from serving.domain.job import Lane, LeasedJob
from serving.domain.tenant import Caller, Scope
from serving.domain.webhook import Event, EventType, WebhookEndpoint
from serving.records.delivery import Deliver
from viva.v1 import webhooks_pb2 as pb
from viva_client.webhooks import verify_webhook

_LOOPBACK = EgressConfig(allowed_networks=("127.0.0.1/32",), allow_http=True, timeout_s=10)
_LEASE_S = 60.0


@dataclass
class Received:
    headers: Mapping[str, str]
    body: bytes

    @property
    def event_id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """A receiver; it answers with `statuses` one after the other, and with 204 when there are no more."""

    uri: str = ""
    statuses: list[int] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def answer(self, request: web.BaseRequest) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.received.append(Received(headers, await request.read()))
        if self.meanwhile is not None:
            await self.meanwhile()
        return web.Response(status=self.statuses.pop(0) if self.statuses else 204)

    @property
    def ids(self) -> list[str]:
        return [one.event_id for one in self.received]


@dataclass
class House:
    """What the tests drive."""

    database: PostgresDatabase
    queue: PostgresQueue
    service: WebhookService
    egress: Egress
    caller: Caller

    async def create(
        self, uri: str, *event_types: str, caller: Caller | None = None, id: str = ""
    ) -> pb.WebhookEndpoint:
        endpoint = pb.WebhookEndpoint(uri=uri, event_types=event_types)
        request = pb.CreateWebhookEndpointRequest(parent="tenants/-", webhook_endpoint=endpoint, webhook_endpoint_id=id)
        return await self.service.create_webhook_endpoint(request, caller or self.caller)

    async def emit(
        self, kind: EventType = EventType.REPORT_CREATED, *, time: datetime | None = None, tenant: str = ""
    ) -> str:
        """An event; its id."""
        tenant = tenant or self.caller.tenant
        async with self.database.transaction(tenant) as tx:
            event = Event(
                str(uuid4()), kind, f"tenants/{tenant}/interviews/i", time or tx.now, {"score": 7.5, "name": "张"}
            )
            await tx.emit(event)
        return event.event_id

    async def lease(self, count: int = 100, lease_s: float = _LEASE_S) -> tuple[LeasedJob, ...]:
        return await self.queue.lease(Lane.ERRAND, count, lease_s)

    async def work(self) -> int:
        """Do all jobs that are due, at once; how many there were."""
        deliver, count = Deliver(self.database, self.queue, self.egress), 0
        while jobs := await self.lease():
            await asyncio.gather(*map(deliver.run, jobs))
            count += len(jobs)
        return count

    async def deliveries(self, endpoint: pb.WebhookEndpoint) -> list[pb.WebhookDelivery]:
        request = pb.ListWebhookDeliveriesRequest(parent=endpoint.name)
        response = await self.service.list_webhook_deliveries(request, self.caller)
        return list(response.webhook_deliveries)

    async def replay(self, endpoint: pb.WebhookEndpoint, since: timedelta = timedelta(hours=1)) -> int:
        request = pb.ReplayEventsRequest(name=endpoint.name)
        request.start_time.FromDatetime(datetime.now(UTC) - since)
        return (await self.service.replay_events(request, self.caller)).event_count

    async def update(self, endpoint: pb.WebhookEndpoint, *paths: str) -> pb.WebhookEndpoint:
        request = pb.UpdateWebhookEndpointRequest(webhook_endpoint=endpoint, update_mask=FieldMask(paths=paths))
        return await self.service.update_webhook_endpoint(request, self.caller)

    async def jobs(self) -> list[str]:
        """Subjects of all jobs."""
        async with self.database.system() as connection:
            rows = await (await connection.execute("SELECT subject FROM jobs ORDER BY job_id")).fetchall()
        return [row[0] for row in rows]

    async def waits(self) -> bool:
        """Whether somebody waits for a lock in the database."""
        async with self.database.system() as connection:
            rows = await (await connection.execute("SELECT FROM pg_locks WHERE NOT granted")).fetchall()
        return bool(rows)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    running = PostgresServer(tmp_path_factory.mktemp("webhooks") / "postgres")
    running.start()
    try:
        schema.upgrade(running.owner_url)
        yield running
    finally:
        running.stop()


@pytest.fixture
async def house(server: PostgresServer) -> AsyncIterator[House]:
    database, egress = PostgresDatabase(server.app_url), Egress(_LOOPBACK)
    await database.open()
    async with database.system() as connection:
        await connection.execute("DELETE FROM jobs")  # of tests before
    try:
        yield House(database, PostgresQueue(database), WebhookService(database, egress), egress, _caller())
    finally:
        await egress.close()
        await database.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    found = Receiver()
    runner = web.ServerRunner(web.Server(found.answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.uri = f"http://127.0.0.1:{runner.addresses[0][1]}/viva"
    try:
        yield found
    finally:
        await runner.cleanup()


@pytest.fixture
def no_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shortest delay of a full jitter is none."""
    monkeypatch.setattr("serving.records.delivery.random.random", lambda: 0.0)


def _caller() -> Caller:
    return Caller(f"t-{uuid4().hex[:12]}", frozenset(Scope), "local")


async def test_an_event_arrives_signed_in_a_cloudevents_envelope(house: House, receiver: Receiver) -> None:
    endpoint = await house.create(receiver.uri)
    event_id = await house.emit()
    assert await house.work() == 1
    [got] = receiver.received
    assert got.headers["content-type"] == "application/cloudevents+json"
    Webhook(endpoint.secret).verify(got.body, dict(got.headers))
    assert verify_webhook(endpoint.secret, got.headers, got.body)["id"] == event_id == got.event_id
    event = JSONFormat().read(None, got.body)
    assert event.get_attributes() == {
        "specversion": "1.0",
        "id": event_id,
        "source": f"https://viva.dev/tenants/{house.caller.tenant}",
        "type": "viva.report.created",
        "subject": f"tenants/{house.caller.tenant}/interviews/i",
        "time": event.get_time(),
        "datacontenttype": "application/json",
    }
    assert event.get_data() == {"score": 7.5, "name": "张"}
    [delivery] = await house.deliveries(endpoint)
    assert (delivery.event_id, delivery.event_type, delivery.state) == (event_id, "viva.report.created", "delivered")
    assert (delivery.attempt_count, delivery.last_error, delivery.HasField("attempt_time")) == (1, "", True)
    assert await house.jobs() == []


async def test_the_secret_is_shown_when_it_is_made_and_never_again(house: House, receiver: Receiver) -> None:
    made = await house.create(receiver.uri, id="ours")
    assert made.name == f"tenants/{house.caller.tenant}/webhookEndpoints/ours"
    assert made.secret.startswith("whsec_")
    got = await house.service.get_webhook_endpoint(pb.GetWebhookEndpointRequest(name=made.name), house.caller)
    listed = await house.service.list_webhook_endpoints(
        pb.ListWebhookEndpointsRequest(parent="tenants/-"), house.caller
    )
    updated = await house.update(pb.WebhookEndpoint(name=made.name, event_types=["viva.answer.scored"]))
    assert [one.secret for one in (got, *listed.webhook_endpoints, updated)] == ["", "", ""]
    assert list(updated.event_types) == ["viva.answer.scored"]
    assert updated.uri == receiver.uri


async def test_only_the_types_that_an_endpoint_asks_for_are_sent(house: House, receiver: Receiver) -> None:
    await house.create(receiver.uri, "viva.answer.failed")
    await house.emit(EventType.REPORT_CREATED)
    wanted = await house.emit(EventType.ANSWER_FAILED)
    await house.work()
    assert receiver.ids == [wanted]


async def test_what_fails_is_sent_again_under_the_same_id(house: House, receiver: Receiver, no_delay: None) -> None:
    endpoint = await house.create(receiver.uri)
    receiver.statuses = [503, 302, 400]
    event_id = await house.emit()
    assert await house.work() == 4
    assert receiver.ids == [event_id] * 4
    [delivery] = await house.deliveries(endpoint)
    assert (delivery.state, delivery.attempt_count, delivery.last_error) == ("delivered", 4, "")


async def test_a_later_attempt_waits(house: House, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.records.delivery.random.random", lambda: 1.0)
    endpoint = await house.create(receiver.uri)
    receiver.statuses = [503]
    await house.emit()
    assert await house.work() == 1
    [delivery] = await house.deliveries(endpoint)
    assert (delivery.state, delivery.attempt_count, delivery.last_error) == ("waiting", 1, "http 503")
    assert len(await house.jobs()) == 1
    assert await house.replay(endpoint) == 1  # does not wait for it
    assert await house.work() == 1
    [delivery] = await house.deliveries(endpoint)
    assert (delivery.state, delivery.attempt_count) == ("delivered", 1)


async def test_a_receiver_that_is_not_there_is_named_so(house: House, receiver: Receiver, no_delay: None) -> None:
    endpoint = await house.create("http://127.0.0.1:9/")
    await house.emit()
    assert await house.work() == 13
    [delivery] = await house.deliveries(endpoint)
    assert (delivery.state, delivery.attempt_count) == ("failed", 13)
    assert delivery.last_error == "connection refused"
    assert await house.jobs() == []


async def test_an_endpoint_that_answers_410_is_switched_off_until_somebody_takes_it_up_again(
    house: House, receiver: Receiver
) -> None:
    endpoint = await house.create(receiver.uri)
    for _ in range(8):
        await house.emit()
    jobs = await house.lease(6)
    receiver.statuses = [410] * 6
    receiver.meanwhile = asyncio.Barrier(6).wait  # all are answered at once
    deliver = Deliver(house.database, house.queue, house.egress)
    await asyncio.gather(*map(deliver.run, jobs))
    receiver.meanwhile = None
    assert await house.work() == 0
    assert {one.state for one in await house.deliveries(endpoint)} == {"failed"}
    assert await house.jobs() == []
    off = await house.service.get_webhook_endpoint(pb.GetWebhookEndpointRequest(name=endpoint.name), house.caller)
    assert (off.disabled, off.disabled_reason) == (True, "gone")
    async with house.database.transaction(house.caller.tenant) as tx:
        done = [(one.actor, one.action) for one in (await tx.audit_entries(0, "")).records]
    assert done == [("system", "DisableWebhookEndpoint"), ("local", "CreateWebhookEndpoint")]

    await house.emit()
    with pytest.raises(NotAllowedNow, match="is disabled"):
        await house.replay(endpoint)
    assert await house.work() == 0
    on = await house.update(pb.WebhookEndpoint(name=endpoint.name, disabled=False))
    assert (on.disabled, on.disabled_reason) == (False, "")
    assert await house.replay(endpoint) == 9
    assert await house.work() == 9
    assert {one.state for one in await house.deliveries(endpoint)} == {"delivered"}


async def test_what_waits_for_a_disabled_endpoint_ends_unsent(house: House, receiver: Receiver) -> None:
    endpoint = await house.create(receiver.uri)
    await house.emit()
    await house.update(pb.WebhookEndpoint(name=endpoint.name, disabled=True))
    await house.work()
    [delivery] = await house.deliveries(endpoint)
    assert (delivery.state, delivery.attempt_count, delivery.last_error) == ("failed", 0, "endpoint disabled")
    assert (receiver.received, await house.jobs()) == ([], [])


async def test_after_a_rotation_both_secrets_sign(house: House, receiver: Receiver) -> None:
    endpoint = await house.create(receiver.uri)
    rotated = await house.service.rotate_webhook_secret(pb.RotateWebhookSecretRequest(name=endpoint.name), house.caller)
    assert rotated.secret not in ("", endpoint.secret)
    await house.emit()
    await house.work()
    [got] = receiver.received
    assert len(got.headers["webhook-signature"].split()) == 2
    for secret in (endpoint.secret, rotated.secret):
        Webhook(secret).verify(got.body, dict(got.headers))
        verify_webhook(secret, got.headers, got.body)


async def test_secrets_do_not_pile_up(house: House, receiver: Receiver) -> None:
    endpoint = await house.create(receiver.uri)
    request = pb.RotateWebhookSecretRequest(name=endpoint.name)
    for _ in range(9):
        await house.service.rotate_webhook_secret(request, house.caller)
    with pytest.raises(NotAllowedNow) as caught:
        await house.service.rotate_webhook_secret(request, house.caller)
    assert caught.value.metadata == {"limit": "10"}


async def test_a_replay_sends_what_there_was_with_the_ids_it_had(house: House, receiver: Receiver) -> None:
    before = await house.emit()  # when there was no endpoint
    old = await house.emit(time=datetime.now(UTC) - timedelta(hours=2))
    endpoint = await house.create(receiver.uri, "viva.report.created")
    sent = await house.emit()
    await house.emit(EventType.ANSWER_SCORED)  # of another type
    await house.work()
    assert receiver.ids == [sent]
    assert [await house.replay(endpoint), await house.replay(endpoint)] == [2, 2]
    assert len(await house.jobs()) == 2
    await house.work()
    assert sorted(receiver.ids) == sorted([before, sent, sent])
    assert await house.replay(endpoint, timedelta(hours=3)) == 3
    await house.work()
    assert receiver.ids.count(old) == 1
    assert {one.state for one in await house.deliveries(endpoint)} == {"delivered"}


async def test_replays_while_events_are_sent_lose_none(house: House, receiver: Receiver) -> None:
    endpoint = await house.create(receiver.uri)
    events = {await house.emit() for _ in range(30)}

    async def replay() -> None:
        for _ in range(4):
            await house.replay(endpoint)

    await asyncio.gather(house.work(), replay(), replay())
    await house.work()
    assert set(receiver.ids) == events
    assert [one.state for one in await house.deliveries(endpoint)] == ["delivered"] * 30
    assert await house.jobs() == []


async def test_a_replay_during_the_post_does_not_send_the_event_twice(house: House, receiver: Receiver) -> None:
    endpoint = await house.create(receiver.uri)
    event_id = await house.emit()
    leased: list[LeasedJob] = []

    async def replay() -> None:
        await house.replay(endpoint)
        leased.extend(await house.lease())

    receiver.meanwhile = replay
    await house.work()
    assert (receiver.ids, leased) == ([event_id], [])
    assert [one.state for one in await house.deliveries(endpoint)] == ["delivered"]


async def test_a_replay_that_meets_the_end_of_a_delivery_sends_the_event_again(
    house: House, receiver: Receiver
) -> None:
    endpoint = await house.create(receiver.uri)
    event_id = await house.emit()
    [job] = await house.lease()
    async with house.database.transaction(house.caller.tenant) as tx:
        delivery = await tx.delivery(endpoint.name, event_id)
        assert delivery is not None
        replay = asyncio.create_task(house.replay(endpoint))
        while not replay.done() and not await house.waits():
            await asyncio.sleep(0.01)
        assert await tx.finish(job)
        await tx.store_delivery(endpoint.name, dataclasses.replace(delivery, state="delivered"))
    assert await replay == 1
    assert await house.work() == 1
    assert receiver.ids == [event_id]


async def test_a_replay_that_meets_the_deletion_of_its_endpoint_finds_none(house: House, receiver: Receiver) -> None:
    endpoint = await house.create(receiver.uri)
    await house.emit()
    async with house.database.transaction(house.caller.tenant) as tx:
        await tx.get(WebhookEndpoint, endpoint.name, lock=True)
        replay = asyncio.create_task(house.replay(endpoint))
        while not replay.done() and not await house.waits():
            await asyncio.sleep(0.01)
        await tx.drop_deliveries(endpoint.name)
        await tx.delete(WebhookEndpoint, endpoint.name)
    with pytest.raises(NotFound):
        await replay
    assert await house.jobs() == []


async def test_a_replay_hurries_nothing_that_is_older(
    house: House, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.records.delivery.random.random", lambda: 1.0)
    endpoint = await house.create(receiver.uri)
    receiver.statuses = [503]
    await house.emit(time=datetime.now(UTC) - timedelta(hours=2))
    await house.work()
    assert await house.replay(endpoint, timedelta(hours=1)) == 0
    assert await house.work() == 0


@pytest.mark.parametrize(
    ("since", "said"), [(timedelta(days=30, minutes=1), "is over 30 days ago"), (None, "must be set")]
)
async def test_a_replay_says_how_far_back_it_can_go(
    house: House, receiver: Receiver, since: timedelta | None, said: str
) -> None:
    endpoint = await house.create(receiver.uri)
    request = pb.ReplayEventsRequest(name=endpoint.name)
    if since is not None:
        request.start_time.FromDatetime(datetime.now(UTC) - since)
    with pytest.raises(InvalidRequest, match=said) as caught:
        await house.service.replay_events(request, house.caller)
    assert caught.value.field == "start_time"


async def test_deliveries_are_listed_newest_first_page_by_page(house: House, receiver: Receiver) -> None:
    endpoint = await house.create(receiver.uri)
    events = [await house.emit() for _ in range(5)]
    found, token = [], ""
    while True:
        request = pb.ListWebhookDeliveriesRequest(parent=endpoint.name, page_size=2, page_token=token)
        page = await house.service.list_webhook_deliveries(request, house.caller)
        assert len(page.webhook_deliveries) <= 2
        found += [one.event_id for one in page.webhook_deliveries]
        token = page.next_page_token
        if not token:
            break
    assert found == events[::-1]
    with pytest.raises(InvalidRequest) as caught:
        await house.service.list_webhook_deliveries(
            pb.ListWebhookDeliveriesRequest(parent=endpoint.name, page_token="AAAA"), house.caller
        )
    assert caught.value.field == "page_token"


async def test_the_newest_deliveries_are_found_by_the_index(house: House) -> None:
    async with house.database.transaction(house.caller.tenant) as tx:
        await tx._connection.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        statement = queries.load("webhooks")["deliveries_page"]
        values = {
            "tenant": house.caller.tenant,
            "endpoint": "e",
            "before_time": datetime.now(UTC),
            "before_id": str(uuid4()),
            "limit": 50,
        }
        rows = await (await tx._connection.execute("EXPLAIN (FORMAT JSON) " + statement, values)).fetchall()
    plan = json.dumps(rows[0][0])
    assert "deliveries_list" in plan
    assert '"Sort"' not in plan


async def test_a_deleted_endpoint_gets_nothing_any_more(house: House, receiver: Receiver) -> None:
    endpoint = await house.create(receiver.uri)
    for _ in range(3):
        await house.emit()
    [job] = await house.lease(1)
    with pytest.raises(Stale):
        await house.service.delete_webhook_endpoint(
            pb.DeleteWebhookEndpointRequest(name=endpoint.name, etag="7"), house.caller
        )
    deleted = await house.service.delete_webhook_endpoint(
        pb.DeleteWebhookEndpointRequest(name=endpoint.name, etag=endpoint.etag), house.caller
    )
    assert deleted.name == endpoint.name
    assert await house.jobs() == []
    await Deliver(house.database, house.queue, house.egress).run(job)  # leased before: ends quietly
    assert receiver.received == []
    with pytest.raises(NotFound):
        await house.deliveries(endpoint)
    async with house.database.transaction(house.caller.tenant) as tx:
        assert (await tx.deliveries(endpoint.name, 0, "")).records == ()


async def test_who_has_lost_the_job_stores_nothing_and_the_event_is_sent_again(
    house: House, receiver: Receiver
) -> None:
    endpoint = await house.create(receiver.uri)
    event_id = await house.emit()
    [job] = await house.lease(lease_s=0.0)  # as of a worker that died after the post
    [again] = await house.lease()
    deliver = Deliver(house.database, house.queue, house.egress)
    await deliver.run(job)
    [delivery] = await house.deliveries(endpoint)
    assert (delivery.state, delivery.attempt_count) == ("waiting", 0)
    await deliver.run(again)
    [delivery] = await house.deliveries(endpoint)
    assert (delivery.state, delivery.attempt_count) == ("delivered", 1)
    assert receiver.ids == [event_id, event_id]


async def test_a_tenant_has_twenty_endpoints_at_most_even_when_they_are_made_at_once(house: House) -> None:
    made = await asyncio.gather(*[house.create("http://127.0.0.1:9/") for _ in range(24)], return_exceptions=True)
    refused = [one for one in made if isinstance(one, BaseException)]
    assert len(refused) == 4
    assert all(isinstance(one, NotAllowedNow) and one.metadata == {"limit": "20"} for one in refused)


@pytest.mark.parametrize(
    "uri",
    [
        "https://10.0.0.7/hook",
        "https://127.0.0.1/hook",
        "https://[::1]/hook",
        "https://169.254.169.254/latest/meta-data",
        "http://93.184.216.34/hook",
        "https://user:secret@93.184.216.34/hook",
        "file:///etc/passwd",
    ],
)
async def test_only_public_https_addresses_are_stored(house: House, receiver: Receiver, uri: str) -> None:
    endpoint = await house.create(receiver.uri)
    strict = Egress(EgressConfig())
    try:
        house.service = WebhookService(house.database, strict)
        for attempt in (
            house.create(uri),
            house.update(pb.WebhookEndpoint(name=endpoint.name, uri=uri)),
            house.update(pb.WebhookEndpoint(name=endpoint.name, uri=uri), "uri"),
        ):
            with pytest.raises(InvalidRequest) as caught:
                await attempt
            assert (caught.value.reason, caught.value.field) == (Reason.URI_NOT_ALLOWED, "webhook_endpoint.uri")
            assert "secret" not in caught.value.message
    finally:
        await strict.close()
    got = await house.service.get_webhook_endpoint(pb.GetWebhookEndpointRequest(name=endpoint.name), house.caller)
    assert got.uri == receiver.uri


async def test_what_cannot_be_an_endpoint_is_refused(house: House, receiver: Receiver) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await house.create(receiver.uri, "viva.report.burnt")
    assert caught.value.field == "webhook_endpoint.event_types[0]"
    with pytest.raises(InvalidRequest) as caught:
        await house.create("")
    assert (caught.value.field, caught.value.reason) == ("webhook_endpoint.uri", Reason.FIELD_REQUIRED)
    endpoint = await house.create(receiver.uri)
    with pytest.raises(InvalidRequest) as caught:
        await house.update(endpoint, "secret")
    assert caught.value.field == "update_mask.paths[0]"
    with pytest.raises(Stale):
        await house.update(pb.WebhookEndpoint(name=endpoint.name, disabled=True, etag="7"))


async def test_two_tenants_see_nothing_of_each_other(house: House, receiver: Receiver) -> None:
    theirs = _caller()
    endpoint = await house.create(receiver.uri)
    other = await house.create(receiver.uri, caller=theirs)
    mine = await house.emit()
    await house.work()
    assert receiver.ids == [mine]
    Webhook(endpoint.secret).verify(receiver.received[0].body, dict(receiver.received[0].headers))
    assert await house.replay(endpoint) == 1
    since = pb.ReplayEventsRequest(name=other.name)
    since.start_time.FromDatetime(datetime.now(UTC) - timedelta(hours=1))
    assert (await house.service.replay_events(since, theirs)).event_count == 0

    service, named = house.service, {"name": endpoint.name}
    replay = pb.ReplayEventsRequest(name=endpoint.name, start_time=since.start_time)
    attempts: list[Awaitable[object]] = [
        service.get_webhook_endpoint(pb.GetWebhookEndpointRequest(**named), theirs),
        service.update_webhook_endpoint(pb.UpdateWebhookEndpointRequest(webhook_endpoint=endpoint), theirs),
        service.delete_webhook_endpoint(pb.DeleteWebhookEndpointRequest(**named), theirs),
        service.rotate_webhook_secret(pb.RotateWebhookSecretRequest(**named), theirs),
        service.replay_events(replay, theirs),
        service.list_webhook_deliveries(pb.ListWebhookDeliveriesRequest(parent=endpoint.name), theirs),
        service.list_webhook_endpoints(pb.ListWebhookEndpointsRequest(parent=f"tenants/{house.caller.tenant}"), theirs),
    ]
    for attempt in attempts:
        with pytest.raises(VivaError) as caught:
            await attempt
        assert isinstance(caught.value, NotFound)
    listed = await service.list_webhook_endpoints(pb.ListWebhookEndpointsRequest(parent="tenants/-"), theirs)
    assert [one.name for one in listed.webhook_endpoints] == [other.name]
    async with house.database.transaction(theirs.tenant) as tx:
        assert await tx.event(mine) is None
        assert await tx.delivery(endpoint.name, mine) is None
        await tx.drop_deliveries(endpoint.name)
    assert len(await house.deliveries(endpoint)) == 1
