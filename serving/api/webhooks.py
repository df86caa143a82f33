"""`viva.v1.Webhooks`."""

from __future__ import annotations

import base64
import dataclasses
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar, Final

from google.protobuf.descriptor import ServiceDescriptor

from serving.api import messages, resources
from serving.domain import fields, names
from serving.domain.errors import InvalidRequest, NotAllowedNow, Reason
from serving.domain.fields import invalid
from serving.domain.tenant import Caller, Scope
from serving.domain.webhook import Secret, WebhookEndpoint
from serving.records.delivery import signing
from serving.records.egress import UriCheck
from serving.records.ports import Database
from viva.v1 import webhooks_pb2 as pb

_PATTERN: Final = "tenants/*/webhookEndpoints/*"
_MOST: Final = 20  # endpoints of a tenant
_MOST_SIGNING: Final = 10  # secrets at a time; each lengthens a header
_SECRET_BYTES: Final = 32
_OVERLAP: Final = timedelta(days=1)
_REPLAY: Final = timedelta(days=30)


class WebhookService:
    """Endpoints that events are posted to, and what became of posting them.

    Args:
        uris: asked before an endpoint's URI is stored.
    """

    DESCRIPTOR: ClassVar[ServiceDescriptor] = pb.DESCRIPTOR.services_by_name["Webhooks"]
    SCOPES: ClassVar[Mapping[str, Scope]] = {
        "CreateWebhookEndpoint": Scope.MANAGE,
        "GetWebhookEndpoint": Scope.READ,
        "ListWebhookEndpoints": Scope.READ,
        "UpdateWebhookEndpoint": Scope.MANAGE,
        "DeleteWebhookEndpoint": Scope.MANAGE,
        "RotateWebhookSecret": Scope.MANAGE,
        "ReplayEvents": Scope.MANAGE,
        "ListWebhookDeliveries": Scope.READ,
    }

    def __init__(self, database: Database, uris: UriCheck) -> None:
        self._database = database
        self._uris = uris

    async def create_webhook_endpoint(
        self, request: pb.CreateWebhookEndpointRequest, caller: Caller
    ) -> pb.WebhookEndpoint:
        """`CreateWebhookEndpoint`."""
        parent = resources.parent(request, caller)
        endpoint = resources.read(request.webhook_endpoint, WebhookEndpoint, "webhook_endpoint")
        name = resources.new_name(parent, "webhookEndpoints", request.webhook_endpoint_id, "webhook_endpoint_id")
        await self._uris.check(endpoint.uri, "webhook_endpoint.uri")
        secret = _new_secret()
        async with self._database.transaction(caller.tenant) as tx:
            await tx.hold(f"{parent}/webhookEndpoints")  # two at once would not see each other
            if len(await tx.children(WebhookEndpoint, parent)) >= _MOST:
                raise NotAllowedNow(
                    f"the tenant has {_MOST} endpoints, which is the limit", metadata={"limit": str(_MOST)}
                )
            made = await tx.insert(
                dataclasses.replace(endpoint, name=name, disabled=bool(endpoint.disabled), secrets=(secret,))
            )
            await tx.audit(caller, "CreateWebhookEndpoint", name)
        return _with_secret(made, secret)

    async def get_webhook_endpoint(self, request: pb.GetWebhookEndpointRequest, caller: Caller) -> pb.WebhookEndpoint:
        """`GetWebhookEndpoint`."""
        name = resources.name(request, caller, _PATTERN)
        async with self._database.transaction(caller.tenant) as tx:
            return messages.to_message(await tx.get(WebhookEndpoint, name), pb.WebhookEndpoint())

    async def list_webhook_endpoints(
        self, request: pb.ListWebhookEndpointsRequest, caller: Caller
    ) -> pb.ListWebhookEndpointsResponse:
        """`ListWebhookEndpoints`."""
        query = resources.query(request, resources.parent(request, caller))
        async with self._database.transaction(caller.tenant) as tx:
            page = await tx.page(WebhookEndpoint, query)
        return resources.fill_page(pb.ListWebhookEndpointsResponse(), "webhook_endpoints", page)

    async def update_webhook_endpoint(
        self, request: pb.UpdateWebhookEndpointRequest, caller: Caller
    ) -> pb.WebhookEndpoint:
        """`UpdateWebhookEndpoint`."""
        sent, path = request.webhook_endpoint, "webhook_endpoint"
        name = names.check(sent.name, _PATTERN, caller.tenant, f"{path}.name")
        mask = request.update_mask
        if sent.uri and (not mask.paths or {"uri", "*"} & set(mask.paths)):
            await self._uris.check(sent.uri, f"{path}.uri")
        async with self._database.transaction(caller.tenant) as tx:
            current = await tx.get(WebhookEndpoint, name, lock=True)
            changed = messages.merged(current, sent, mask, ("uri", "event_types", "disabled"), path)
            fields.check(changed, path)
            changed = dataclasses.replace(
                changed,
                disabled=bool(changed.disabled),
                disabled_reason=current.disabled_reason if changed.disabled else "",
            )
            updated = await tx.replace(changed, sent.etag)
            await tx.audit(caller, "UpdateWebhookEndpoint", name)
        return messages.to_message(updated, pb.WebhookEndpoint())

    async def delete_webhook_endpoint(
        self, request: pb.DeleteWebhookEndpointRequest, caller: Caller
    ) -> pb.WebhookEndpoint:
        """`DeleteWebhookEndpoint`."""
        name = resources.name(request, caller, _PATTERN)
        async with self._database.transaction(caller.tenant) as tx:
            current = await tx.get(WebhookEndpoint, name, lock=True)
            resources.check_etag(current, request.etag)
            await tx.drop_deliveries(name)
            await tx.delete(WebhookEndpoint, name)
            await tx.audit(caller, "DeleteWebhookEndpoint", name)
        return messages.to_message(current, pb.WebhookEndpoint())

    async def rotate_webhook_secret(self, request: pb.RotateWebhookSecretRequest, caller: Caller) -> pb.WebhookEndpoint:
        """`RotateWebhookSecret`."""
        name = resources.name(request, caller, _PATTERN)
        secret = _new_secret()
        async with self._database.transaction(caller.tenant) as tx:
            current = await tx.get(WebhookEndpoint, name, lock=True)
            kept = signing(current.secrets, tx.now)
            if len(kept) >= _MOST_SIGNING:
                raise NotAllowedNow(
                    f"{len(kept)} secrets sign, which is the limit; each ends a day after its rotation",
                    metadata={"limit": str(_MOST_SIGNING)},
                )
            until = tx.now + _OVERLAP
            old = tuple(one if one.until else dataclasses.replace(one, until=until) for one in kept)
            rotated = await tx.replace(dataclasses.replace(current, secrets=(secret, *old)))
            await tx.audit(caller, "RotateWebhookSecret", name)
        return _with_secret(rotated, secret)

    async def replay_events(self, request: pb.ReplayEventsRequest, caller: Caller) -> pb.ReplayEventsResponse:
        """`ReplayEvents`."""
        name = resources.name(request, caller, _PATTERN)
        start = messages.time_of(request, "start_time")
        if start is None:
            raise InvalidRequest("start_time must be set", reason=Reason.FIELD_REQUIRED, field="start_time")
        async with self._database.transaction(caller.tenant) as tx:
            if start < tx.now - _REPLAY:
                raise invalid("start_time", f"is over {_REPLAY.days} days ago", limit=_REPLAY.days)
            endpoint = await tx.get(WebhookEndpoint, name, lock=True)
            if endpoint.disabled:
                raise NotAllowedNow(f"{name} is disabled", field="name")
            count = await tx.replay(endpoint, start)
            await tx.audit(caller, "ReplayEvents", name)
        return pb.ReplayEventsResponse(event_count=count)

    async def list_webhook_deliveries(
        self, request: pb.ListWebhookDeliveriesRequest, caller: Caller
    ) -> pb.ListWebhookDeliveriesResponse:
        """`ListWebhookDeliveries`."""
        name = resources.parent(request, caller, _PATTERN)
        async with self._database.transaction(caller.tenant) as tx:
            await tx.get(WebhookEndpoint, name)
            page = await tx.deliveries(name, request.page_size, request.page_token)
        return resources.fill_page(pb.ListWebhookDeliveriesResponse(), "webhook_deliveries", page)


def _new_secret() -> Secret:
    """As Standard Webhooks write one."""
    return Secret("whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode())


def _with_secret(endpoint: WebhookEndpoint, secret: Secret) -> pb.WebhookEndpoint:
    """The one message that shows a secret."""
    message = messages.to_message(endpoint, pb.WebhookEndpoint())
    message.secret = secret.value
    return message
