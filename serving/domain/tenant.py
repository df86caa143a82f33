"""Tenants and their keys. Field names equal those of viva/v1/tenants.proto."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from serving.domain.fields import given, output

DAYS: Final = (0, 3650)


class Scope(Enum):
    """What a caller may do."""

    READ = "read"
    SUBMIT = "submit"  # interviews and answers
    REVIEW = "review"  # decisions and contests
    MANAGE = "manage"  # roles, rules, endpoints, keys, erasure
    ADMIN = "admin"  # the operator: tenants and quotas


SCOPES: Final = tuple(scope.value for scope in Scope)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls.

    Attributes:
        tenant: id of the tenant.
        actor: `apiKeys/{id}`, `jwt:{sha256 of the subject}`, `link`, `local` or `system`; what the audit log shows.
    """

    tenant: str
    scopes: frozenset[Scope]
    actor: str
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Quotas:
    """0 stands for the default."""

    requests_per_second: int = given(0, value=(0, 1_000_000))
    queued_answers: int = given(0, value=(0, 100_000_000))
    answers_per_day: int = given(0, value=(0, 100_000_000))


@dataclass(frozen=True, slots=True)
class Tenant:
    """An employer that uses Viva."""

    name: str = given()
    display_name: str = given(chars=(1, 200))
    jurisdictions: tuple[str, ...] = given((), count=(0, 20), unique=str)
    media_retention_days: int = given(0, value=DAYS)
    report_retention_days: int = given(0, value=DAYS)
    scores_shown_to_candidates: bool = given(False)
    media_hosts: tuple[str, ...] = given(
        (), count=(0, 50), unique=str, pattern=r"(\*\.)?[A-Za-z0-9.-]{1,253}(:\d{1,5})?", says="a host or *.host"
    )
    bias_audit_time: datetime | None = given(None)
    quotas: Quotas = given(Quotas())
    create_time: datetime | None = output(None)
    update_time: datetime | None = output(None)
    etag: str = given()


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key that authenticates as a tenant; the key itself is nowhere in it.

    Attributes:
        prefix: first characters of the key.
        key_sha256: hex digest of the key; not part of the message.
    """

    name: str = given()
    display_name: str = given(chars=(0, 200))
    scopes: tuple[str, ...] = given((), count=(1, len(SCOPES)), choices=SCOPES, unique=str)
    expire_time: datetime | None = given(None)
    prefix: str = output()
    create_time: datetime | None = output(None)
    revoke_time: datetime | None = output(None)
    key_sha256: str = output()


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing that was done: ids and hashes only, so that erasure stays possible."""

    time: datetime | None = output(None)
    actor: str = output()
    action: str = output()
    resource: str = output()
    request_id: str = output()


@dataclass(frozen=True, slots=True)
class UsageRecord:
    """What scoring one answer used."""

    answer: str = output()
    time: datetime | None = output(None)
    kind: str = output()
    media_seconds: float = output(0.0)
    model_seconds: float = output(0.0)


@dataclass(frozen=True, slots=True)
class UsageSummary:
    """Sums of usage records."""

    answer_count: int = output(0)
    media_seconds: float = output(0.0)
    model_seconds: float = output(0.0)
    interview_count: int = output(0)
