"""What the observations of a run come to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from benchmarks.harness.core import Observation, Outcome
from benchmarks.harness.generators import Sent
from benchmarks.harness.groups import counted, groups
from benchmarks.harness.plan import Plan
from benchmarks.harness.result import Generator, HistogramChange, Run, Track
from benchmarks.harness.scenario import Scenario
from benchmarks.harness.timeline import timeline
from benchmarks.harness.verdicts import verdicts

_OFFLINE_SENDING = 0.1  # share of an offline run that sending may take


def summarise(
    scenario: Scenario,
    plan: Plan,
    sent: Sent,
    *,
    started: str,
    tracks: Sequence[Track] = (),
    histograms: Sequence[HistogramChange] = (),
    capacity_per_s: float | None = None,
    measures_itself: bool = False,
) -> Run:
    """One repetition.

    Args:
        started: UTC, ISO 8601.
        capacity_per_s: what the rates of the scenario are multiples of.
        measures_itself: the target does nothing, so that an offline run has nothing but its sending.
    """
    observations = sent.observations
    warm_up_s = scenario.warm_up.seconds if plan.duration_s else 0.0
    seen = counted(observations, warm_up_s, plan.duration_s)
    media_s = {request.sample.sample_id: request.sample.duration_s for request in plan.requests}
    figures = groups(seen, scenario, media_s)
    compared, unequal = _scores(observations)
    return Run(
        started=started,
        wall_s=max(one.done_s for one in observations),
        rate_per_s=plan.rate_per_s,
        groups=figures,
        timeline=timeline(observations, warm_up_s),
        tracks=tuple(tracks),
        histograms=tuple(histograms),
        verdicts=verdicts(seen, figures[0], scenario, capacity_per_s),
        generator=_generator(scenario, plan, sent, measures_itself),
        unequal_scores=unequal,
        compared=compared,
    )


def _generator(scenario: Scenario, plan: Plan, sent: Sent, measures_itself: bool) -> Generator:
    late = np.array([max(0.0, one.sent_s - one.intended_s) for one in sent.observations], np.float64)
    p50_s, p99_s = (float(value) for value in np.percentile(late, (50, 99)))
    unsent = sum(one.outcome is Outcome.UNSENT for one in sent.observations)
    wall_s, bound_s = max(one.done_s for one in sent.observations), scenario.max_lateness_s
    if not plan.duration_s:  # all at once: the last may leave late, if only the target was busy meanwhile
        bound_s = wall_s if measures_itself else max(bound_s, _OFFLINE_SENDING * wall_s)
    void = ""
    if unsent:
        void = f"{unsent} requests were never sent: the generator was later than their deadline"
    elif p99_s > bound_s:
        void = (
            f"the generator sent {p99_s:.3g} s late (p99), more than {bound_s:.3g} s: "
            "give it a core of its own, or more processes (generators)"
        )
    return Generator(
        processes=len(sent.cpu_s),
        cpu_s=sum(sent.cpu_s),
        cpu_share=max(cpu_s / wall if wall else 0.0 for cpu_s, wall in zip(sent.cpu_s, sent.wall_s, strict=True)),
        lateness_p50_s=p50_s,
        lateness_p99_s=p99_s,
        lateness_max_s=float(late.max()),
        bound_s=bound_s,
        unsent=unsent,
        void=void,
    )


def _scores(observations: Sequence[Observation]) -> tuple[int, int]:
    """Answers of which several assessments were looked at, and those among them whose assessments differ.

    An answer that is handed over is scored for its question's competency alone: it is another result.
    """
    hashes: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for one in observations:
        if one.scores_sha256:
            hashes[one.sample_id, one.priority].append(one.scores_sha256)
    several = [found for found in hashes.values() if len(found) > 1]
    return len(several), sum(len(set(found)) > 1 for found in several)
