"""`WatchReports`: reports as they are committed, from a place on that the reader can come back to."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections.abc import AsyncIterator
from typing import Final

from serving.api import messages
from serving.domain.fields import invalid
from serving.domain.report import Report
from serving.domain.webhook import EventType
from serving.records.ports import Database, Place
from viva.v1 import reports_pb2 as pb

_START: Final = "start"
_BATCH: Final = 100
_POLL_S: Final = 0.5
_SIGN_OF_LIFE_S: Final = 15.0


async def watch(
    database: Database,
    tenant: str,
    resume_token: str,
    poll_s: float = _POLL_S,
    sign_of_life_s: float = _SIGN_OF_LIFE_S,
) -> AsyncIterator[pb.WatchReportsResponse]:
    """Reports after a place, and a sign of life when there was none for a while; goes on until it is closed.

    A look costs one row of an index, so no notifications are sent for it: each would hold a lock over the whole
    database while its transaction commits.

    Raises:
        InvalidRequest: a token that is not ours.
    """
    place = Place() if resume_token == _START else _from_token(resume_token) if resume_token else None
    if place is None:
        async with database.transaction(tenant) as tx:
            place = await tx.events_end()
    clock = asyncio.get_running_loop()
    said = clock.time()
    while True:
        async with database.transaction(tenant) as tx:
            events = await tx.events_after(EventType.REPORT_CREATED, place, _BATCH)
            # What was erased since is passed over.
            found = [(at, await tx.find(Report, name)) for at, name in events]
        for at, report in found:
            place = at
            if report is not None:
                said = clock.time()
                response = pb.WatchReportsResponse(resume_token=_to_token(at))
                messages.to_message(report, response.report)
                yield response
        if clock.time() - said >= sign_of_life_s:
            said = clock.time()
            yield pb.WatchReportsResponse(resume_token=_to_token(place))
        if len(events) < _BATCH:
            await asyncio.sleep(poll_s)


def _to_token(place: Place) -> str:
    return base64.urlsafe_b64encode(f"{place.transaction},{place.number}".encode()).decode().rstrip("=")


def _from_token(token: str) -> Place:
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    if (found := re.fullmatch(r"(\d{1,19}),(\d{1,18})", text)) is None:
        raise invalid("resume_token", "is not one that this call gave")
    return Place(int(found[1]), int(found[2]))
