"""Bounds the answers of all tenants that wait to be scored; a tenant's own are bounded by its quota."""

from __future__ import annotations

from typing import Final

from serving.domain.errors import Overloaded
from serving.records.backlog import Backlog

_RETRY_S: Final = (1.0, 3_600.0)
_RETRY_UNKNOWN_S: Final = 60.0


class Intake:
    """What this gateway takes in between two looks at the backlog is added; several together may go beyond the bound by
    that much.

    Args:
        limit: most answers that may wait.
    """

    def __init__(self, backlog: Backlog, limit: int) -> None:
        self._backlog = backlog
        self._limit = limit
        self._look = 0
        self._accepted = 0

    def admit(self, count: int) -> None:
        """Take `count` answers in, all or none. Raises `Overloaded`, with the time in which so many will be scored."""
        if self._look != self._backlog.looks:
            self._look, self._accepted = self._backlog.looks, 0
        over = self._backlog.answers + self._accepted + count - self._limit
        if over > 0:
            least, most = _RETRY_S
            wait_s = over / self._backlog.rate if self._backlog.rate else _RETRY_UNKNOWN_S
            raise Overloaded(
                f"{self._backlog.answers + self._accepted} answers wait to be scored, the limit is {self._limit}",
                metadata={"queue": "answers", "limit": str(self._limit)},
                retry_after_s=min(most, max(least, wait_s)),
            )
        self._accepted += count
