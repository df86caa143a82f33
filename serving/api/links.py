"""Signed links to pages: what a link says, and the text that carries it.

A link holds no secret and no right of its own beyond what it names. It ends with its time, with the report that it
names, and when the installation's secret is changed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from serving.domain.competency import LANGUAGES, Language
from serving.domain.errors import NotFound
from serving.domain.report import Audience

# The secret may come to sign other things; none of them can pass for a link.
_PURPOSE: Final = b"viva report link\0"


@dataclass(frozen=True, slots=True)
class Link:
    """What a link opens.

    Attributes:
        report: name of the report.
        expire_time: in whole seconds.
    """

    report: str
    audience: Audience
    language: Language
    expire_time: datetime


def to_token(link: Link, secret: bytes) -> str:
    """The text of a link, of characters that an address takes."""
    facts = [link.report, link.audience.value, link.language, int(link.expire_time.timestamp())]
    body = _encoded(json.dumps(facts, separators=(",", ":")).encode())
    return f"{body}.{_signature(body, secret)}"


def from_token(token: str, secret: bytes, now: datetime) -> Link:
    """The link of a text. Raises `NotFound`, the same for whatever is wrong with it."""
    body, _, signature = token.partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(body, secret).encode()):
        raise _unknown()
    report, audience, language, expires = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    link = Link(report, Audience(audience), LANGUAGES[LANGUAGES.index(language)], datetime.fromtimestamp(expires, UTC))
    if link.expire_time <= now:
        raise _unknown()
    return link


def _unknown() -> NotFound:
    return NotFound("the link leads nowhere")


def _signature(body: str, secret: bytes) -> str:
    return _encoded(hmac.digest(secret, _PURPOSE + body.encode(), hashlib.sha256))


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
