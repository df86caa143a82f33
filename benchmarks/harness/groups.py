"""Figures of the answers of a run, in all and by modality and priority."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.harness.core import Modality, Observation, Outcome, Priority
from benchmarks.harness.plan import applies
from benchmarks.harness.result import Group
from benchmarks.harness.scenario import Scenario
from benchmarks.harness.statistics import PERCENTILES, percentile


@dataclass(frozen=True, slots=True)
class Counted:
    """The observations of a run that count, and over which time.

    Attributes:
        observations: intended after the warm-up.
        schedule_s: from the warm-up's end to the end of the schedule; 0: all at once.
        window_s: from the warm-up's end to the end of the schedule or the last assessment, whichever is later.
    """

    observations: tuple[Observation, ...]
    schedule_s: float
    window_s: float


def counted(observations: Sequence[Observation], warm_up_s: float, duration_s: float) -> Counted:
    """What counts of a run.

    Args:
        duration_s: of the schedule, warm-up included; 0: all at once.
    """
    kept = tuple(one for one in observations if one.intended_s >= warm_up_s)
    last_s = max((one.done_s for one in kept if one.outcome is Outcome.OK), default=0.0)
    return Counted(kept, max(0.0, duration_s - warm_up_s), max(duration_s, last_s) - warm_up_s)


def groups(seen: Counted, scenario: Scenario, media_s: Mapping[str, float]) -> tuple[Group, ...]:
    """All answers, then each modality with each priority that has any.

    Args:
        media_s: duration of each sample's media, seconds.
    """
    parts: dict[tuple[Modality | None, Priority | None], list[Observation]] = {(None, None): list(seen.observations)}
    for modality in Modality:
        for priority in Priority:
            parts[modality, priority] = [
                one for one in seen.observations if one.modality is modality and one.priority is priority
            ]
    return tuple(
        _group(modality, priority, part, seen, scenario, media_s)
        for (modality, priority), part in parts.items()
        if part or modality is None
    )


def good(one: Observation, scenario: Scenario) -> bool:
    """Whether an answer has its assessment within the limit of the highest percentile that an SLO asks of it."""
    if one.outcome is not Outcome.OK:
        return False
    asked = [slo for slo in scenario.slos.latency if applies(slo, one.modality, one.priority)]
    highest = max((slo.percentile for slo in asked), default=0.0)
    return all(one.latency_s <= slo.limit_s for slo in asked if slo.percentile == highest)


def _group(
    modality: Modality | None,
    priority: Priority | None,
    part: Sequence[Observation],
    seen: Counted,
    scenario: Scenario,
    media_s: Mapping[str, float],
) -> Group:
    done = [one for one in part if one.outcome is Outcome.OK]
    latencies = sorted(one.latency_s for one in done)
    waits = [one.retry_after_s for one in part if one.retry_after_s is not None]
    outcomes = Counter(one.outcome for one in part)
    return Group(
        modality=modality,
        priority=priority,
        count=len(part),
        outcomes={outcome: outcomes[outcome] for outcome in Outcome},
        codes=dict(sorted(Counter(one.code for one in part).items())),
        latency=tuple(percentile(latencies, wanted) for wanted in PERCENTILES),
        offered_per_s=len(part) / seen.schedule_s if seen.schedule_s else None,
        throughput_per_s=_rate(len(done), seen.window_s),
        goodput_per_s=_rate(sum(good(one, scenario) for one in part), seen.window_s),
        media_s=sum(media_s.get(one.sample_id, 0.0) for one in done),
        retry_after_s=statistics.median(waits) if waits else None,
    )


def _rate(count: int, window_s: float) -> float:
    return count / window_s if window_s > 0 else 0.0
