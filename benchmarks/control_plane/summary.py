"""The figures of a run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from benchmarks.control_plane.outcome import Result
from benchmarks.control_plane.plan import Plan
from benchmarks.control_plane.store import Queue, StoredAnswer

_MOST_SHOWN: Final = 120  # moments of a series


@dataclass(frozen=True, slots=True)
class Moment:
    """What was seen at one look.

    Attributes:
        time: seconds since 1970.
        memory_mib: of each group of processes; empty at most looks, since it takes long.
    """

    time: float
    queue: Queue
    cpu_s: Mapping[str, float]
    memory_mib: Mapping[str, float]


def summarise(
    plan: Plan,
    result: Result,
    stored: Sequence[StoredAnswer],
    moments: Sequence[Moment],
    grown_bytes: Mapping[str, int],
) -> dict[str, Any]:
    """JSON values.

    CPU is that of the last two thirds of the load for each answer that ended in them: connections are warm then, and
    their statements prepared. What the cluster spends when nothing happens is in it.
    """
    load_s, answers = result.ended - result.started, max(1, len(stored))
    ended = {one.name: one.ended.timestamp() for one in stored if one.ended is not None}
    steady = [one for one in moments if result.started + load_s / 3 <= one.time <= result.ended]
    first, last = (steady[0], steady[-1]) if len(steady) > 1 else (moments[0], moments[-1])
    counted = max(1, sum(first.time < at <= last.time for at in ended.values()))
    cpu_s = {name: seconds - first.cpu_s.get(name, 0.0) for name, seconds in last.cpu_s.items()}
    waits = [one.ended.timestamp() - one.accepted.timestamp() for one in stored if one.ended is not None]
    last_due = _last_due(result)
    memory = [moment for moment in moments if moment.memory_mib]
    return {
        "plan": asdict(plan),
        "answers": {
            "offered": result.offered,
            "accepted": len(result.answers),
            "scored": sum(one.state == "scored" for one in stored),
            "interviews": len(result.interviews),
            "reports_read": result.reports_read,
            "events": result.events,
            "events_again": result.events_again,
        },
        "per_second": {
            "offered": round(result.offered / load_s, 2),
            "accepted": round(len(result.answers) / load_s, 2),
            "done_while_offered": round(sum(at <= result.ended for at in ended.values()) / load_s, 2),
        },
        "load_s": round(load_s, 1),
        "drained_after_s": round(result.drained - result.ended, 1),
        "queue_age_s": spread([moment.queue.age_s for moment in moments]),
        "queue_length": spread([float(moment.queue.waiting) for moment in moments]),
        "workers_busy": spread([float(moment.queue.leased) for moment in moments]),
        "accept_call_s": spread([row.accepted - row.due for row in result.answers]),
        "accepted_to_scored_s": spread(waits),
        "due_to_scored_s": spread([ended[row.name] - row.due for row in result.answers if row.name in ended]),
        "last_answer_due_to_report_by_webhook_s": spread(
            [at - last_due[name] for name, at in result.notified.items() if name in last_due]
        ),
        "generator_late_s": spread(result.late_s),
        "cpu_ms_per_answer": {
            **{name: round(1000 * seconds / counted, 2) for name, seconds in cpu_s.items()},
            "all": round(1000 * sum(cpu_s.values()) / counted, 2),
        },
        "cores_busy": round(sum(cpu_s.values()) / max(0.1, last.time - first.time), 2),
        "memory_mib": {
            "first": dict(memory[0].memory_mib) if memory else {},
            "last": dict(memory[-1].memory_mib) if memory else {},
        },
        "database_bytes_per_answer": {
            **{name: round(size / answers) for name, size in sorted(grown_bytes.items()) if size},
            "all": round(sum(grown_bytes.values()) / answers),
        },
        "series": [
            {
                "at_s": round(one.time - result.started, 1),
                **asdict(one.queue),
                "cpu_s": one.cpu_s,
                "memory_mib": one.memory_mib,
            }
            for one in moments[:: max(1, len(moments) // _MOST_SHOWN)]
        ],
    }


def spread(values: Sequence[float]) -> dict[str, float]:
    """Nearest-rank percentiles; empty without values."""
    ordered = sorted(values)
    if not ordered:
        return {}
    ranks = {"p50": 0.50, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {name: round(ordered[math.ceil(len(ordered) * share) - 1], 3) for name, share in ranks.items()}


def _last_due(result: Result) -> dict[str, float]:
    """When the last answer of each interview was due, by the interview's name."""
    found: dict[str, float] = {}
    for row in result.answers:
        found[row.interview] = max(found.get(row.interview, 0.0), row.due)
    return found
