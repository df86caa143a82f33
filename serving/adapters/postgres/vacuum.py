"""Takes rows that were deleted out of the tables' files."""

from __future__ import annotations

from typing import Final

import psycopg
from psycopg import AsyncConnection

from serving.domain.errors import StoreUnavailable

_RETRY_S: Final = 2.0
# Those that hold something of candidates; viva_app may MAINTAIN them. Their TOAST tables go with them.
_VACUUM: Final = """
VACUUM candidates, interviews, answers, reports, decisions, contests, satisfactions, assessments, events, deliveries,
  jobs, requests
"""


class PostgresVacuum:
    """`Vacuum`, on a connection of its own: VACUUM knows no transaction.

    Args:
        url: `postgresql://...` of the role viva_app.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    async def run(self) -> None:
        try:
            connection = await AsyncConnection.connect(self._url, autocommit=True, application_name="viva vacuum")
            async with connection:
                await connection.execute(_VACUUM)
        except psycopg.OperationalError as error:
            raise StoreUnavailable("the database cannot be reached now", retry_after_s=_RETRY_S) from error
