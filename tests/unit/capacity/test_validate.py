"""Predictions of runs whose service times are known, because the simulator made them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.capacity.curves import Curves
from benchmarks.capacity.plant import Plant, Slots, on_one_host
from benchmarks.capacity.season import MODALITIES, Arrivals
from benchmarks.capacity.simulation import Simulation
from benchmarks.capacity.validate import Comparison, Skipped, compare
from benchmarks.harness.core import BenchError, Modality, Observation, Outcome, Priority, Sample
from benchmarks.harness.corpus import Corpus
from benchmarks.harness.groups import counted, groups
from benchmarks.harness.plan import plan
from benchmarks.harness.result import SCHEMA, Generator, Machine, Result, Run, Timeline, Track
from benchmarks.harness.scenario import Scenario, WarmUp
from benchmarks.harness.shapes import Poisson
from tests.unit.capacity.plans import some_curves

SLOTS = Slots(8, 2)
DEADLINES = dict.fromkeys(Modality, 3600.0)
SCENARIO = Scenario(
    name="held_back",
    about="Held back.",
    arrivals=Poisson("poisson", 0.4, 8000.0),
    mix={Modality.TEXT: 0.5, Modality.VIDEO: 0.5},
    deadline_s=DEADLINES,
    warm_up=WarmUp(seconds=60.0),
)


def corpus() -> Corpus:
    videos = [Sample(f"video-{n}", Modality.VIDEO, "en", "", duration_s=20.0 + n) for n in range(40)]
    return Corpus(Path(), (*videos, Sample("text", Modality.TEXT, "en", "", text="a")), {}, "0", {}, "0")


def measured(curves: Curves, outcome: Outcome = Outcome.OK, void: str = "") -> Result:
    """A run of SCENARIO on a machine that is as the curves say."""
    requests = plan(SCENARIO, SCENARIO.arrivals, corpus(), 0).requests
    arrivals = Arrivals(
        np.array([one.intended_s for one in requests]),
        np.array([MODALITIES.index(one.sample.modality) for one in requests]),
        np.array([one.sample.duration_s for one in requests]),
        np.random.default_rng(99).random(len(requests)),
        np.zeros(len(requests), bool),
    )
    simulated = Simulation(Plant(1, 2, 0, 2, SLOTS), on_one_host(curves), arrivals, 99).run()
    done_s, busy_cores = simulated.done_s, 2 * simulated.used["worker_cores"]
    seen = [
        Observation(
            one.sample.sample_id,
            one.sample.modality,
            Priority.INTERACTIVE,
            one.intended_s,
            one.intended_s,
            one.intended_s + took_s,
            outcome,
            outcome.value,
        )
        for one, took_s in zip(requests, done_s.tolist(), strict=True)
    ]
    run = Run(
        started="",
        wall_s=8000.0,
        rate_per_s=0.4,
        groups=groups(counted(seen, 60.0, 8000.0), SCENARIO, {}),
        timeline=Timeline(1.0, 60.0, *[()] * 9),
        tracks=(Track("process_cpu_cores", {"tree": "stack"}, (4000.0, 8000.0), (busy_cores, busy_cores)),),
        histograms=(),
        verdicts=(),
        generator=Generator(1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.05, 0, void),
        unequal_scores=0,
        compared=0,
    )
    machine = Machine(curves.machine.cores, curves.machine.cpu, 0, "", "", "")
    return Result(SCHEMA, "viva", "", machine, SCENARIO, None, (run,))


def test_runs_of_the_machine_that_the_curves_describe_are_predicted_within_a_tenth() -> None:
    found = list(compare(some_curves(), measured(some_curves()), corpus(), SLOTS))
    errors = {one.figure: one.error for one in found if isinstance(one, Comparison)}
    assert set(errors) == {
        "throughput",
        "CPU of the stack",
        "text interactive p50",
        "text interactive p95",
        "video interactive p50",
        "video interactive p95",
    }
    assert max(map(abs, errors.values())) < 0.1


def test_a_machine_that_is_slower_than_its_curves_shows() -> None:
    video = some_curves().modalities[Modality.VIDEO]
    slow = video.model_copy(update={"demand_cores": 1.2 * video.demand_cores})
    slower = some_curves().model_copy(update={"modalities": {**some_curves().modalities, Modality.VIDEO: slow}})
    found = compare(some_curves(), measured(slower), corpus(), SLOTS)
    assert any(isinstance(one, Comparison) and one.error < -0.1 for one in found)


def test_a_run_that_shows_no_service_is_left_out_and_says_why() -> None:
    (refused,) = compare(some_curves(), measured(some_curves(), Outcome.REFUSED), corpus(), SLOTS)
    assert isinstance(refused, Skipped)
    assert refused.why.endswith("answers have no assessment")
    (void,) = compare(some_curves(), measured(some_curves(), void="late"), corpus(), SLOTS)
    assert void == Skipped("held_back 1", "void: late")


def test_another_machine_and_unknown_answers_are_refused() -> None:
    result = measured(some_curves())
    elsewhere = replace(result, machine=replace(result.machine, cores=64))
    with pytest.raises(BenchError, match="^held_back: ran on 64 cores, a CPU; the curves are of 2 cores, a CPU$"):
        next(compare(some_curves(), elsewhere, corpus(), SLOTS))
    audio = replace(result, scenario=replace(SCENARIO, mix={Modality.AUDIO: 1.0}))
    with pytest.raises(BenchError, match="^held_back: the curves have no audio answers$"):
        next(compare(some_curves(), audio, corpus(), SLOTS))
