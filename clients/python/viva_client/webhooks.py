"""Verifies webhooks: Standard Webhooks signatures (https://www.standardwebhooks.com) around CloudEvents."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any, Final

TOLERANCE_S: Final = 300.0  # Standard Webhooks' own recommendation
_PREFIX: Final = "whsec_"


class WebhookVerificationError(Exception):
    """A request that Viva did not send, or sent too long ago. Answer it with 400 and do nothing else."""


def verify_webhook(secret: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """The event of a webhook request: a CloudEvents object with `id`, `type`, `subject`, `time` and `data`.

    An event may come more than once; its `id` is the same each time.

    Args:
        secret: `WebhookEndpoint.secret`, `whsec_...`.
        headers: of the request, in any case.
        body: of the request, exactly as it came: not parsed and written again.

    Raises:
        WebhookVerificationError: headers are missing, no signature fits, or the time is over five minutes off.
        ValueError: the secret is not one.
    """
    given = {name.lower(): value for name, value in headers.items()}
    try:
        event_id, sent, signatures = (given[f"webhook-{part}"] for part in ("id", "timestamp", "signature"))
    except KeyError as missing:
        raise WebhookVerificationError(f"the header {missing} is missing") from None
    expected = hmac.new(_key(secret), f"{event_id}.{sent}.".encode() + body, hashlib.sha256).digest()
    if not any(hmac.compare_digest(expected, one) for one in _signatures(signatures)):
        raise WebhookVerificationError("no signature fits")
    # Looked at after the signature, which covers it.
    if not sent.isascii() or not sent.isdigit() or abs(time.time() - int(sent)) > TOLERANCE_S:
        raise WebhookVerificationError(f"the time of sending is more than {TOLERANCE_S:g} s off")
    try:
        event = json.loads(body)
    except ValueError:
        event = None
    if not isinstance(event, dict):
        raise WebhookVerificationError("the body is not an event")
    return event


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        raise ValueError(f"the secret is not {_PREFIX} and base64") from None


def _signatures(header: str) -> list[bytes]:
    """The symmetric (`v1`) signatures of a header; while a secret is changed there are two."""
    found = []
    for item in header.split():
        version, _, signature = item.partition(",")
        if version == "v1":
            try:
                found.append(base64.b64decode(signature, validate=True))
            except binascii.Error:
                continue
    return found
