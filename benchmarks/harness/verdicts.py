"""Whether what was asked held."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from benchmarks.harness.core import Modality, Observation, Outcome, Priority
from benchmarks.harness.groups import Counted
from benchmarks.harness.plan import applies
from benchmarks.harness.result import Group, State, Verdict
from benchmarks.harness.scenario import ErrorSlo, LatencySlo, Scenario
from benchmarks.harness.statistics import nearest_rank, percentile, shows


def verdicts(seen: Counted, total: Group, scenario: Scenario, capacity_per_s: float | None) -> tuple[Verdict, ...]:
    """One for each SLO of the scenario.

    Args:
        total: figures of all answers.
        capacity_per_s: what goodput is asked as a multiple of; None: it is asked as answers a second.
    """
    return tuple(_verdicts(seen.observations, total, scenario, capacity_per_s))


def _verdicts(
    observations: Sequence[Observation], total: Group, scenario: Scenario, capacity_per_s: float | None
) -> Iterator[Verdict]:
    for index, slo in enumerate(scenario.slos.latency):
        yield _latency(slo, f"slos.latency[{index}]", _about(slo, observations))
    for index, asked in enumerate(scenario.slos.goodput):
        limit, measured = asked.at_least * (capacity_per_s or 1.0), total.goodput_per_s
        state: State = "held" if measured >= limit else "missed"
        detail = f"{measured:.3g} of {limit:.3g} answers a second came in time"
        yield Verdict(f"goodput >= {limit:.3g}/s", f"slos.goodput[{index}]", state, measured, limit, detail)
    for index, bound in enumerate(scenario.slos.errors):
        yield _errors(bound, f"slos.errors[{index}]", _about(bound, observations))


def _about(slo: LatencySlo | ErrorSlo, observations: Sequence[Observation]) -> list[Observation]:
    return [one for one in observations if applies(slo, one.modality, one.priority)]


def _latency(slo: LatencySlo, key: str, part: Sequence[Observation]) -> Verdict:
    """Held: shown with 99% confidence. Missed: the percentile itself is over the limit."""
    # Without an assessment an answer is later than any limit.
    ordered = sorted(one.latency_s if one.outcome is Outcome.OK else math.inf for one in part)
    late = sum(latency_s > slo.limit_s for latency_s in ordered)
    found = percentile(ordered, slo.percentile)
    state: State
    if shows(len(part), late, slo.percentile):
        state = "held"
    else:
        state = "missed" if late > len(part) - nearest_rank(len(part), slo.percentile) else "unproven"
    name = f"{_whose(slo.modality, slo.priority)}p{slo.percentile:g}"
    if found.value_s is None:
        detail = f"{len(part)} answers are too few for {name}, which needs {found.needed}"
    elif math.isinf(found.value_s):
        detail = f"{name} lies among answers without an assessment"
    else:
        detail = f"{name} {found.value_s:.3g} s ({_seconds(found.low_s)} to {_seconds(found.high_s)})"
    detail += f"; {late} of {len(part)} over {slo.limit_s:g} s"
    measured = found.value_s if found.value_s is not None and math.isfinite(found.value_s) else None
    return Verdict(f"{name} <= {slo.limit_s:g} s", key, state, measured, slo.limit_s, detail)


def _errors(bound: ErrorSlo, key: str, part: Sequence[Observation]) -> Verdict:
    failed = sum(one.outcome in (Outcome.FAILED, Outcome.EXPIRED) for one in part)
    share = failed / len(part) if part else 0.0
    state: State = "held" if share <= bound.at_most else "missed"
    name = f"{_whose(bound.modality, bound.priority)}errors <= {bound.at_most:g}"
    return Verdict(name, key, state, share, bound.at_most, f"{failed} of {len(part)} failed or expired")


def _whose(modality: Modality | None, priority: Priority | None) -> str:
    return "".join(f"{one.value} " for one in (modality, priority) if one is not None)


def _seconds(value_s: float | None) -> str:
    return "never" if value_s is None or math.isinf(value_s) else f"{value_s:.3g} s"
