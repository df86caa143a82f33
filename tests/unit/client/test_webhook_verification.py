"""Standard Webhooks as a receiver checks it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

import pytest

from viva_client import WebhookVerificationError, verify_webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + base64.b64encode(b"another secret").decode()
EVENT = {"specversion": "1.0", "id": "e-1", "type": "viva.report.created", "data": {"score": 7.5}}
BODY = json.dumps(EVENT).encode()


def sign(secret: str, event_id: str, sent: int, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{event_id}.{sent}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def headers(body: bytes = BODY, sent: int | None = None, secret: str = SECRET) -> dict[str, str]:
    at = int(time.time()) if sent is None else sent
    return {
        "Webhook-Id": "e-1",
        "Webhook-Timestamp": str(at),
        "Webhook-Signature": sign(secret, "e-1", at, body),
        "Content-Type": "application/cloudevents+json",
    }


def test_a_signed_event_is_returned() -> None:
    assert verify_webhook(SECRET, headers(), BODY) == EVENT
    lower = {name.lower(): value for name, value in headers().items()}
    assert verify_webhook(SECRET, lower, BODY) == EVENT


def test_the_signature_is_that_of_the_specifications_example(monkeypatch: pytest.MonkeyPatch) -> None:
    # The example of the libraries of Standard Webhooks.
    monkeypatch.setattr(time, "time", lambda: 1614265330.0)
    given = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    assert verify_webhook(SECRET, given, b'{"test": 2432232314}') == {"test": 2432232314}


def test_one_of_several_signatures_is_enough() -> None:
    given = headers()
    own = given["Webhook-Signature"]
    given["Webhook-Signature"] = f"v1a,AAAA v1,not/base64! {sign(OTHER, 'e-1', 1, BODY)} {own}"
    assert verify_webhook(SECRET, given, BODY) == EVENT


@pytest.mark.parametrize("missing", ["Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"])
def test_a_missing_header_is_named(missing: str) -> None:
    given = headers()
    del given[missing]
    with pytest.raises(WebhookVerificationError, match=missing.lower()):
        verify_webhook(SECRET, given, BODY)


@pytest.mark.parametrize(
    "change",
    [
        {"Webhook-Id": "e-2"},
        {"Webhook-Timestamp": str(int(time.time()) + 1)},
        {"Webhook-Signature": "v1,AAAA"},
        {"Webhook-Signature": ""},
        {"Webhook-Signature": headers()["Webhook-Signature"].replace("v1,", "v2,")},
    ],
)
def test_what_was_changed_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(WebhookVerificationError, match="no signature fits"):
        verify_webhook(SECRET, {**headers(sent=int(time.time()) - 10), **change}, BODY)


def test_another_body_or_secret_is_refused() -> None:
    with pytest.raises(WebhookVerificationError):
        verify_webhook(SECRET, headers(), BODY + b" ")
    with pytest.raises(WebhookVerificationError):
        verify_webhook(OTHER, headers(), BODY)
    with pytest.raises(ValueError, match="not whsec_ and base64"):
        verify_webhook("whsec_!", headers(), BODY)


@pytest.mark.parametrize("off_s", [-310, 310])
def test_a_time_that_is_far_off_is_refused(off_s: int) -> None:
    with pytest.raises(WebhookVerificationError, match="300 s off"):
        verify_webhook(SECRET, headers(sent=int(time.time()) + off_s), BODY)
    near = headers(sent=int(time.time()) + off_s * 9 // 10)
    assert verify_webhook(SECRET, near, BODY) == EVENT


def test_a_signed_body_that_is_no_event_is_refused() -> None:
    for body in (b"[1]", b"not json"):
        with pytest.raises(WebhookVerificationError, match="not an event"):
            verify_webhook(SECRET, headers(body), body)
