"""What alternating runs come to: medians, ratios with their intervals, and whether all stacks gave the same scores."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from benchmarks.harness.compare import Ratio, compare
from benchmarks.harness.core import Outcome
from benchmarks.harness.machine import this_machine
from benchmarks.harness.result import SCHEMA, Result
from benchmarks.harness.scenario import Scenario
from benchmarks.yardsticks_runs import StackRun, cores
from benchmarks.yardsticks_stacks import RAW

_SHOWN: Final = 20  # samples with different scores that are named


@dataclass(frozen=True, slots=True)
class StackFigures:
    """Of one stack; a value for each run, and medians of them.

    Attributes:
        cpu_s_per_answer: of all its processes, for each assessment.
        eta: compute of decode and models in the raw loop for the same answers, divided by cores x wall; of runs where
            all answers are there at once and with a raw run beside them. Higher is better, and 1 is the machine.
    """

    settings: Mapping[str, object]
    wall_s: tuple[float, ...]
    throughput_per_s: tuple[float, ...]
    goodput_per_s: tuple[float, ...]
    cpu_s: tuple[float, ...]
    cpu_s_per_answer: tuple[float, ...]
    eta: tuple[float, ...]
    medians: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Scores:
    """Whether all stacks gave a sample the same assessment.

    Attributes:
        compared: samples that more than one stack has scored.
        different: by sample, the hashes of each stack; the first few.
    """

    compared: int
    different_count: int
    different: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Yardsticks:
    """Everything of one alternation.

    Attributes:
        void: why the figures must not be used; empty when they may.
        raw_stages_s: CPU seconds of each stage in the raw loop for an answer; the mean of all its runs.
        ratios: of each figure of each stack to that of the first.
    """

    scenario: Scenario
    cores: int
    stacks: Mapping[str, StackFigures]
    scores: Scores
    void: tuple[str, ...]
    raw_stages_s: Mapping[str, float]
    ratios: tuple[Mapping[str, Any], ...]


def results_of(scenario: Scenario, runs: Mapping[str, Sequence[StackRun]]) -> list[Result]:
    """One result of the harness for each stack, in order."""
    machine = this_machine()
    return [
        Result(SCHEMA, name, "started for each run", machine, scenario, None, tuple(one.run for one in of))
        for name, of in runs.items()
    ]


def summarise(
    scenario: Scenario, runs: Mapping[str, Sequence[StackRun]], settings: Mapping[str, Mapping[str, object]]
) -> Yardsticks:
    """Figures of all stacks.

    Args:
        runs: of each stack, in order; the others are divided by the first.
        settings: of each stack, for the record.
    """
    raw = runs.get(RAW, ())
    scores = _compare_scores(runs)
    void = [f"{scores.different_count} answers have different assessments"] if scores.different_count else []
    for name, of in runs.items():
        for number, one in enumerate(of, start=1):
            if one.run.generator.void:
                void.append(f"{name}, run {number}: {one.run.generator.void}")
            if one.run.unequal_scores:
                void.append(f"{name}, run {number}: {one.run.unequal_scores} answers have several assessments")
    several = len(runs) > 1 and not any(one.run.generator.void for of in runs.values() for one in of)
    answers = sum(one.run.total.count for one in raw)
    names = sorted({stage for one in raw for stage in one.stages_s})
    return Yardsticks(
        scenario=scenario,
        cores=cores(),
        stacks={name: _figures(of, raw, settings[name]) for name, of in runs.items()},
        scores=scores,
        void=tuple(void),
        raw_stages_s={name: sum(one.stages_s.get(name, 0.0) for one in raw) / answers for name in names},
        ratios=tuple(_plain(one) for one in compare(results_of(scenario, runs))) if several else (),
    )


def _figures(of: Sequence[StackRun], raw: Sequence[StackRun], settings: Mapping[str, object]) -> StackFigures:
    done = [one.run.total.outcomes.get(Outcome.OK, 0) for one in of]
    columns = {
        "wall_s": tuple(one.run.wall_s for one in of),
        "throughput_per_s": tuple(one.run.total.throughput_per_s for one in of),
        "goodput_per_s": tuple(one.run.total.goodput_per_s for one in of),
        "cpu_s": tuple(one.cpu_s for one in of),
        "cpu_s_per_answer": tuple(one.cpu_s / count for one, count in zip(of, done, strict=True) if count),
        # The same round draws the same answers; compute is that of the round's raw run.
        "eta": tuple(
            sum(theirs.stages_s.values()) / (cores() * one.run.wall_s)
            for one, theirs, count in zip(of, raw, done, strict=False)
            if one.run.rate_per_s is None and count == one.run.total.count
        ),
    }
    medians = {figure: statistics.median(values) for figure, values in columns.items() if values}
    return StackFigures(settings=settings, medians=medians, **columns)


def _compare_scores(runs: Mapping[str, Sequence[StackRun]]) -> Scores:
    seen: dict[str, dict[str, set[str]]] = {}
    for name, of in runs.items():
        for one in of:
            for sample_id, digests in one.scores.items():
                seen.setdefault(sample_id, {}).setdefault(name, set()).update(digests)
    several = {sample_id: by_stack for sample_id, by_stack in seen.items() if len(by_stack) > 1}
    different = {
        sample_id: {name: tuple(sorted(digests)) for name, digests in by_stack.items()}
        for sample_id, by_stack in several.items()
        if len(set().union(*by_stack.values())) > 1
    }
    return Scores(len(several), len(different), dict(list(different.items())[:_SHOWN]))


def _plain(ratio: Ratio) -> dict[str, Any]:
    values = {name: value for name, value in asdict(ratio).items() if name != "figure"}
    return {"figure": ratio.figure.name, "better": ratio.figure.better, **values}
