"""Whether anything was lost or done twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from benchmarks.control_plane.outcome import Result
from benchmarks.control_plane.store import StoredAnswer

_SHOWN = 3


def faults(result: Result, stored: Sequence[StoredAnswer], counts: Mapping[str, int]) -> list[str]:
    """What is wrong, a line each; empty when each accepted answer has its one result, and all that follows from it.

    Args:
        stored: answers of all tenants.
        counts: rows of all tenants.
    """
    by_name = {one.name: one for one in stored}
    accepted = {row.name for row in result.answers}
    found = [
        *_named("accepted but not stored", accepted - by_name.keys()),
        *_named("accepted twice", [name for name, n in Counter(row.name for row in result.answers).items() if n > 1]),
        *_named("not scored", [one.name for one in stored if one.state != "scored"]),
        *_named("without exactly one result", [one.name for one in stored if one.assessments != 1]),
        *_named("without exactly one usage row", [one.name for one in stored if one.usage != 1]),
    ]
    complete = len(result.interviews) if not result.errors else counts["interviews_completed"]
    expected = {
        "interviews_completed": complete,
        "reports": complete,
        "interviews_with_reports": complete,
        "usage": len(stored),
        "assessments": len(stored),
        "jobs_left": 0,
        "deliveries_not_delivered": 0,
        "deliveries": result.events,
    }
    found += [f"{name} is {counts[name]}, not {number}" for name, number in expected.items() if counts[name] != number]
    read = {
        "reports told of by webhook": len(result.notified),
        "reports read whole": result.reports_read,
        "reports seen by watching": result.reports_watched,
    }
    found += [f"{name}: {number} of {complete}" for name, number in read.items() if number != complete]
    if result.events_refused:
        found.append(f"{result.events_refused} events had a wrong signature")
    found += [f"{number} calls failed with {name}" for name, number in result.errors.items()]
    return found


def _named(what: str, names: Sequence[str] | set[str]) -> list[str]:
    if not names:
        return []
    return [f"{len(names)} answers {what}, such as {', '.join(sorted(names)[:_SHOWN])}"]
