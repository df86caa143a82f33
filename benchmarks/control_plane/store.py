"""What the database of a run says: of the queue while it goes on, and of everything when it is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

import psycopg

from serving.adapters.postgres.database import SYSTEM_ROLE

_QUEUE: Final = (
    "SELECT count(*) FILTER (WHERE ready), count(*) FILTER (WHERE lease IS NOT NULL), "
    "coalesce(extract(epoch FROM now() - min(ready_at) FILTER (WHERE ready)), 0)::float8 FROM jobs WHERE kind = 'score'"
)
_SIZES: Final = (
    "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' "
    "AND relnamespace = 'public'::regnamespace"
)
# Of one tenant, as row-level security shows it.
_ANSWERS: Final = (
    "SELECT answers.name, answers.state, answers.create_time, (answers.body->>'end_time')::timestamptz, "
    "(SELECT count(*) FROM assessments WHERE assessments.answer = answers.name), "
    "(SELECT count(*) FROM usage WHERE usage.answer = answers.name) FROM answers"
)
_COUNTS: Final[Mapping[str, LiteralString]] = {
    "interviews_completed": "SELECT count(*) FROM interviews WHERE state = 'completed'",
    "reports": "SELECT count(*) FROM reports",
    "interviews_with_reports": "SELECT count(DISTINCT parent) FROM reports",
    "usage": "SELECT count(*) FROM usage",
    "assessments": "SELECT count(*) FROM assessments",
    "jobs_left": "SELECT count(*) FROM jobs",
    "deliveries": "SELECT count(*) FROM deliveries",
    "deliveries_not_delivered": "SELECT count(*) FROM deliveries WHERE state <> 'delivered'",
}


@dataclass(frozen=True, slots=True)
class Queue:
    """Jobs that score, at one moment.

    Attributes:
        waiting, leased: how many.
        age_s: of the oldest that waits.
    """

    waiting: int
    leased: int
    age_s: float


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer at the end; `assessments` and `usage` count its rows."""

    name: str
    state: str
    accepted: datetime
    ended: datetime | None
    assessments: int
    usage: int


class Store:
    """A connection of the benchmark's own, as the application's role."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True, application_name="benchmark")

    def close(self) -> None:
        self._connection.close()

    def queue(self) -> Queue:
        with self._connection.transaction():
            self._connection.execute(f"SET LOCAL ROLE {SYSTEM_ROLE}")
            row = self._connection.execute(_QUEUE).fetchone()
        assert row is not None, "an aggregate has a row"
        return Queue(*row)

    def sizes(self) -> dict[str, int]:
        """Bytes of each table with its indexes and TOAST."""
        return dict(self._connection.execute(_SIZES).fetchall())

    def answers(self, tenant: str) -> list[StoredAnswer]:
        """All answers of a tenant."""
        return [StoredAnswer(*row) for row in self._rows(tenant, _ANSWERS)]

    def counts(self, tenant: str) -> dict[str, int]:
        """Rows of a tenant, by what they are."""
        return {name: self._rows(tenant, query)[0][0] for name, query in _COUNTS.items()}

    def _rows(self, tenant: str, query: LiteralString) -> Sequence[Any]:
        with self._connection.transaction():
            self._connection.execute("SELECT set_config('viva.tenant', %s, true)", (tenant,))
            return self._connection.execute(query).fetchall()
