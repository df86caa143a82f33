"""Which table holds which record, and what its lists can be filtered and sorted by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, LiteralString

from serving.domain.candidate import Candidate
from serving.domain.interview import Interview
from serving.domain.operation import Operation
from serving.domain.report import Contest, Decision, Report, Satisfaction
from serving.domain.role import Role, RoleRevision
from serving.domain.screening import ScreeningRule
from serving.domain.submission import Submission
from serving.domain.tenant import ApiKey, Tenant
from serving.domain.webhook import WebhookEndpoint

COMMON: Final[Mapping[str, LiteralString]] = {
    "name": "text",
    "create_time": "timestamptz",
    "update_time": "timestamptz",
}


# Columns of what is in no message.
_INSIDE: Final = frozenset({"key_sha256", "media_until", "report_until", "media_sha256"})


@dataclass(frozen=True, slots=True)
class Table:
    """A table of records.

    Attributes:
        columns: SQL type of each column beside the common ones; a column's value is the record's field of the same
            name, or what `column_value` says.
        orders: fields that a list can be sorted by, each with an index (tenant_id, field, name).
        newest_first: order of a list that asks for none.
        immutable: a record never changes, so that one that was read may be kept.
    """

    name: str
    columns: Mapping[str, LiteralString] = field(default_factory=dict)
    orders: tuple[str, ...] = ("create_time",)
    newest_first: bool = False
    immutable: bool = False

    @property
    def filters(self) -> Mapping[str, LiteralString]:
        """SQL type of each field that a filter may name."""
        return {**COMMON, **{name: kind for name, kind in self.columns.items() if name not in _INSIDE}}


TABLES: Final[Mapping[type[Any], Table]] = {
    Tenant: Table("tenants", {"display_name": "text"}),
    ApiKey: Table("api_keys", {"key_sha256": "text"}),
    Role: Table("roles", {"display_name": "text", "state": "text"}),
    RoleRevision: Table("role_revisions", newest_first=True, immutable=True),
    Candidate: Table("candidates"),
    Interview: Table(
        "interviews",
        {
            "state": "text",
            "candidate": "text",
            "role_revision": "text",
            "deadline_time": "timestamptz",
            "end_time": "timestamptz",
            "media_until": "timestamptz",
            "report_until": "timestamptz",
        },
        orders=("create_time", "update_time"),
    ),
    Submission: Table("answers", {"state": "text", "question_id": "text", "media_sha256": "text"}),
    Report: Table(
        "reports",
        {"candidate": "text", "role_revision": "text", "overall": "double precision"},
        orders=("create_time", "overall"),
    ),
    Decision: Table("decisions"),
    Contest: Table("contests"),
    Satisfaction: Table("satisfactions"),
    ScreeningRule: Table("screening_rules", {"role": "text"}),
    WebhookEndpoint: Table("webhook_endpoints"),
    Operation: Table("operations"),
}


def column_value(record: Any, column: str) -> Any:
    """Value of a record's column."""
    value = getattr(record, column)
    if isinstance(record, Report) and column == "overall":
        return record.overall.score
    return getattr(value, "value", value)  # an enum's word
