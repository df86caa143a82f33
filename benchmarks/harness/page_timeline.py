"""The figures of a run over time: latency, throughput, what went wrong, what is under way."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Final, TypeVar

from benchmarks.harness.page_axis import Axis, clock, from_zero, logarithmic
from benchmarks.harness.page_chart import Points, Series, plot
from benchmarks.harness.page_figure import Figure, columns
from benchmarks.harness.page_format import amount, digits, seconds
from benchmarks.harness.result import Timeline
from benchmarks.harness.scenario import LatencySlo

_STEPS: Final = 240  # more than a screen shows apart
_RATE_STEPS: Final = 80  # rates of short steps are noise
_LOG_FROM: Final = 30.0  # largest by smallest latency
_TROUBLES: Final = (("refused", "warn"), ("expired", "late"), ("failed", "bad"))

T = TypeVar("T")


def coarse(timeline: Timeline, steps: int = _STEPS) -> Timeline:
    """The same run in at most `steps` steps.

    Counts are summed and `outstanding` is the largest. Of the latencies, `p50_s` is the median of what it stands for,
    `p95_s` and `max_s` are the largest, so that no peak is lost.
    """
    each = -(-len(timeline.offered) // steps)
    if each <= 1:
        return timeline
    known = [[tuple(v for v in part if v is not None) for part in _parts(of, each)] for of in _latencies(timeline)]
    return Timeline(
        step_s=timeline.step_s * each,
        warm_up_s=timeline.warm_up_s,
        offered=tuple(map(sum, _parts(timeline.offered, each))),
        ok=tuple(map(sum, _parts(timeline.ok, each))),
        refused=tuple(map(sum, _parts(timeline.refused, each))),
        expired=tuple(map(sum, _parts(timeline.expired, each))),
        failed=tuple(map(sum, _parts(timeline.failed, each))),
        outstanding=tuple(map(max, _parts(timeline.outstanding, each))),
        p50_s=tuple(statistics.median(part) if part else None for part in known[0]),
        p95_s=tuple(max(part, default=None) for part in known[1]),
        max_s=tuple(max(part, default=None) for part in known[2]),
    )


def timeline_figures(timeline: Timeline, slos: Sequence[LatencySlo]) -> list[Figure]:
    """Latency, throughput, outcomes and answers under way. With nothing in the run: figures without a plot."""
    if not timeline.offered:
        return [Figure("latency", "Latency over time", "The run has no steps.")]
    fine, rates = coarse(timeline), coarse(timeline, _RATE_STEPS)
    x = clock(len(timeline.offered) * timeline.step_s)
    worst = "" if fine is timeline else f" It shows the worst of {digits(fine.step_s / timeline.step_s)} steps."
    return [_latency(fine, x, worst, slos), _throughput(rates, x), _outcomes(rates, x), _outstanding(fine, x, worst)]


def _latency(shown: Timeline, x: Axis, worst: str, slos: Sequence[LatencySlo]) -> Figure:
    title = "Latency over time"
    known = [value for of in _latencies(shown) for value in of if value is not None]
    if not known:
        return Figure("latency", title, "No answer has an assessment, so there is no latency.")
    axis = logarithmic if min(known) > 0 and max(known) / min(known) > _LOG_FROM else from_zero
    limits = [(slo.limit_s, _limit(slo)) for slo in slos]
    y = axis([*known, *(limit for limit, _ in limits if limit <= 3 * max(known))], "s")
    named = zip(("p50", "p95", "max"), ("a", "b", "c"), _latencies(shown), strict=True)
    series = [Series(name, look, _points(shown, values)) for name, look, values in named]
    return Figure(
        "latency",
        title,
        f"From the intended send, by when the answer was to be sent. {_step(shown)}{worst}"
        + (" Logarithmic." if y.log else ""),
        plot(series, x, y, "s", limits=[one for one in limits if one[0] <= y.high], warm_up=shown.warm_up_s),
        table=columns(
            ("time", "p50", "p95", "max"), _times(shown), *([seconds(v) for v in of] for of in _latencies(shown))
        ),
    )


def _throughput(shown: Timeline, x: Axis) -> Figure:
    offered = [count / shown.step_s for count in shown.offered]
    scored = [count / shown.step_s for count in shown.ok]
    series = [Series("offered", "d", _points(shown, offered)), Series("assessments", "a", _points(shown, scored))]
    return Figure(
        "throughput",
        "Throughput and offered load",
        f"Answers a second: when they were to be sent, and when their assessment came. {_step(shown)}",
        plot(series, x, from_zero([*offered, *scored], "/s"), "/s", warm_up=shown.warm_up_s),
        table=columns(("time", "offered/s", "assessments/s"), _times(shown), _digits(offered), _digits(scored)),
    )


def _outcomes(shown: Timeline, x: Axis) -> Figure:
    counts = (shown.refused, shown.expired, shown.failed)
    title = "Answers without an assessment"
    if not any(map(any, counts)):
        return Figure("outcomes", title, "None: nothing was refused, expired or failed.")
    rates = [[count / shown.step_s for count in of] for of in counts]
    named = zip(_TROUBLES, rates, strict=True)
    series = [Series(name, look, _points(shown, of)) for (name, look), of in named]
    return Figure(
        "outcomes",
        title,
        f"Answers a second, on top of each other, by when the reply came. {_step(shown)}",
        plot(
            series, x, from_zero(map(sum, zip(*rates, strict=True)), "/s"), "/s", stacked=True, warm_up=shown.warm_up_s
        ),
        table=columns(("time", *(f"{name}/s" for name, _ in _TROUBLES)), _times(shown), *map(_digits, rates)),
    )


def _outstanding(shown: Timeline, x: Axis, worst: str) -> Figure:
    series = [Series("under way", "a", _points(shown, shown.outstanding))]
    return Figure(
        "outstanding",
        "Answers under way",
        f"Sent and not replied to, as the generator sees it: queues and work together. {_step(shown)}{worst}",
        plot(series, x, from_zero(shown.outstanding, ""), "", warm_up=shown.warm_up_s),
        table=columns(("time", "under way"), _times(shown), _digits(shown.outstanding)),
    )


def _limit(slo: LatencySlo) -> str:
    who = " ".join(one.value for one in (slo.modality, slo.priority) if one is not None)
    return f"{who} p{slo.percentile:g} ≤ {amount(slo.limit_s, 's')}".strip()


def _latencies(timeline: Timeline) -> tuple[tuple[float | None, ...], ...]:
    return timeline.p50_s, timeline.p95_s, timeline.max_s


def _points(shown: Timeline, values: Sequence[float | None]) -> Points:
    return [(index * shown.step_s, value) for index, value in enumerate(values)]


def _times(shown: Timeline) -> list[str]:
    return [seconds(index * shown.step_s) for index in range(len(shown.offered))]


def _step(shown: Timeline) -> str:
    return f"Each point is a step of {seconds(shown.step_s)}."


def _digits(values: Sequence[float]) -> list[str]:
    return [digits(value) for value in values]


def _parts(values: Sequence[T], each: int) -> list[Sequence[T]]:
    return [values[start : start + each] for start in range(0, len(values), each)]
