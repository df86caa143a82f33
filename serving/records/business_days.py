"""Business days as New York counts them, whose Local Law 144 is the one provision that asks.

The law does not define them. Saturdays, Sundays and the public holidays of General Construction Law § 24 are left out;
that counts more holidays than other readings do, so a notice that is in time here is in time by those too. Days that
a president or governor appoints are not known.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import numpy as np

_FIXED: Final = ("01-01", "02-12", "06-19", "07-04", "11-11", "12-25")
# Weekday, month, and which one of the month, from 0; -1 counts from the month after: its last.
_FLOATING: Final = (
    ("Mon", "01", 2),  # Dr. Martin Luther King, Jr. day
    ("Mon", "02", 2),  # Washington's birthday
    ("Mon", "06", -1),  # Memorial day, the last Monday in May
    ("Mon", "09", 0),  # Labor day
    ("Mon", "10", 1),  # Columbus day
    ("Thu", "11", 3),  # Thanksgiving day
)


def after(start: datetime, count: int) -> datetime:
    """The moment when `count` full business days have passed since `start`, at the same time of day.

    A start on a day that is none counts as one on the next business day. Days are those of `start`'s own time zone.
    """
    holidays = [day for year in (start.year, start.year + 1) for day in public_holidays(year)]
    day = np.busday_offset(np.datetime64(start.date()), count, roll="forward", holidays=holidays)
    return datetime.combine(day.item(), start.timetz())


def public_holidays(year: int) -> list[np.datetime64]:
    """Days of `year` that are public holidays in New York; one on a Sunday is kept on the Monday after."""
    fixed = [np.datetime64(f"{year}-{day}") for day in _FIXED]
    floating = [
        np.busday_offset(f"{year}-{month}", nth, roll="forward", weekmask=weekday) for weekday, month, nth in _FLOATING
    ]
    # General election: the Tuesday after the first Monday in November (Election Law § 8-100).
    election = np.busday_offset(f"{year}-11", 0, roll="forward", weekmask="Mon") + 1
    observed = [np.busday_offset(day, 0, roll="forward", weekmask="1111110") for day in fixed]
    return [*observed, *floating, election]
