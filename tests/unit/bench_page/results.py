"""Results with everything that a page shows: made of drawn observations, summarised as the harness does it."""

from __future__ import annotations

import math
import random
from dataclasses import replace

from benchmarks.harness.core import Modality, Observation, Outcome, Priority, Request, Sample
from benchmarks.harness.generators import Sent
from benchmarks.harness.plan import Plan
from benchmarks.harness.result import SCHEMA, HistogramChange, Machine, Probe, Result, Run, Search, Track
from benchmarks.harness.scenario import ErrorSlo, GoodputSlo, LatencySlo, Scenario, Slos, WarmUp
from benchmarks.harness.shapes import Poisson, Server
from benchmarks.harness.summary import summarise

MACHINE = Machine(2, "AMD EPYC 7B13", 8 * 1024**3, "Linux 6.1", "3.11.7", "0123abc-dirty")
SCENARIO = Scenario(
    name="campus_day",
    about="Written, recorded and filmed answers with a peak before the deadline.",
    arrivals=Poisson("poisson", 4.0, 240.0),
    mix={Modality.TEXT: 0.5, Modality.AUDIO: 0.3, Modality.VIDEO: 0.2},
    bulk_share=0.3,
    deadline_s={Modality.TEXT: 10.0, Modality.AUDIO: 60.0, Modality.VIDEO: 120.0},
    corpus="out/corpus",
    warm_up=WarmUp(seconds=20.0),
    slos=Slos(
        latency=(
            LatencySlo(95, 2.0, Modality.TEXT, Priority.INTERACTIVE),
            LatencySlo(50, 0.01, Modality.VIDEO),
        ),
        goodput=(GoodputSlo(1.0),),
        errors=(ErrorSlo(0.01),),
    ),
)
_SECONDS = {Modality.TEXT: 0.06, Modality.AUDIO: 1.2, Modality.VIDEO: 4.0}
_CODES = {Outcome.OK: "OK", Outcome.REFUSED: "RESOURCE_EXHAUSTED", Outcome.EXPIRED: "DEADLINE_EXCEEDED"}


def full_run(seed: int = 1, seconds: float = 240.0, speed: float = 1.0) -> Run:
    """A run with a rush in its second half, and all tracks and histograms."""
    scenario = replace(SCENARIO, arrivals=Poisson("poisson", 4.0, seconds))
    observations = _observations(scenario, random.Random(seed), seconds, speed)
    samples = {modality: Sample(modality.value, modality, "en", "", duration_s=60.0) for modality in Modality}
    requests = tuple(Request(samples[one.modality], one.intended_s, 60.0, one.priority) for one in observations)
    sent = Sent(observations, (), (3.5,), (seconds,))
    plan = Plan((), requests, seconds)
    tracks = _tracks(random.Random(seed), int(max(one.done_s for one in observations)))
    return summarise(
        scenario, plan, sent, started="2026-11-26T10:00:00+00:00", tracks=tracks, histograms=_histograms(len(requests))
    )


def full_result(runs: int = 1, target: str = "viva", speed: float = 1.0) -> Result:
    made = tuple(full_run(seed + 1, speed=speed) for seed in range(runs))
    return Result(SCHEMA, target, "localhost:18500", MACHINE, SCENARIO, 3.2, made)


def searched_result() -> Result:
    """A search of four tries."""
    scenario = replace(SCENARIO, arrivals=Server("server", 200, 100))
    runs = tuple(full_run(seed, seconds=60.0) for seed in range(5))
    probes = (Probe(2.4, True, 1), Probe(3.6, False, 2), Probe(3.0, True, 3), Probe(3.3, False, 4))
    return Result(SCHEMA, "viva", "localhost:18500", MACHINE, scenario, None, runs, Search(3.2, probes, 3.0, 0.1))


def _observations(scenario: Scenario, dice: random.Random, seconds: float, speed: float) -> tuple[Observation, ...]:
    seen, at = [], 0.0
    while (at := at + dice.expovariate(4.0)) < seconds:
        modality = dice.choices(list(scenario.mix), list(scenario.mix.values()))[0]
        priority = Priority.BULK if dice.random() < scenario.bulk_share else Priority.INTERACTIVE
        rush = 1 + 4 * math.exp(-(((at - 0.7 * seconds) / 20) ** 2))
        latency_s = _SECONDS[modality] * rush / speed * dice.lognormvariate(0, 0.3)
        luck = dice.random() * rush
        outcome = Outcome.REFUSED if luck > 4.3 else Outcome.EXPIRED if luck > 4.0 else Outcome.OK
        if outcome is Outcome.OK and dice.random() < 0.004:
            outcome = Outcome.FAILED
        latency_s = 0.01 if outcome is Outcome.REFUSED else latency_s
        sent_s = at + dice.expovariate(1000)
        code = _CODES.get(outcome, "UNAVAILABLE")
        sha = f"{modality.value}" if outcome is Outcome.OK else ""
        seen.append(Observation(modality.value, modality, priority, at, sent_s, sent_s + latency_s, outcome, code, sha))
    return tuple(seen)


def _tracks(dice: random.Random, end_s: int) -> list[Track]:
    times = tuple(float(second) for second in range(end_s))
    seldom = times[::5]

    def walk(name: str, low: float, high: float, at_s: tuple[float, ...] = times, **labels: str) -> Track:
        wave = (0.5 + 0.5 * math.sin(at / 30) for at in at_s)
        return Track(name, labels, at_s, tuple(low + (high - low) * max(0.0, w * dice.uniform(0.9, 1)) for w in wave))

    return [
        walk("machine_cpu_cores", 0.4, 2.0),
        walk("process_cpu_cores", 0.2, 1.6, tree="viva"),
        walk("machine_memory_bytes", 2.2e9, 3.1e9),
        walk("process_pss_bytes", 1.4e9, 1.9e9, seldom, tree="viva"),
        walk("process_rss_bytes", 1.8e9, 2.4e9, tree="viva"),
        walk("viva_queued_answers", 0, 3, queue="text"),
        walk("viva_queued_answers", 0, 14, queue="media"),
        walk("viva_queue_oldest_waiting_age_seconds", 0, 4, lane="bulk"),
        walk("viva_running_answers", 1, 4, queue="media"),
        walk("viva_triton_restarts_total", 0, 0),
    ]


def _histograms(answers: int) -> list[HistogramChange]:
    stages = {"answer": 1.5, "recognition": 0.7, "decode_audio": 0.05, "face": 0.6, "judge": 0.04, "embed": 0.02}

    def change(name: str, mean: float, **labels: str) -> HistogramChange:
        buckets = tuple((f"{mean * f:g}", round(answers * s)) for f, s in ((0.5, 0.3), (1, 0.6), (2, 0.9), (4, 0.98)))
        return HistogramChange(name, labels, answers, mean * answers, (*buckets, ("+Inf", answers)))

    return [
        *(change("viva_stage_seconds", mean, stage=stage) for stage, mean in stages.items()),
        change("viva_model_call_seconds", 0.3, model="asr_en"),
        change("viva_model_call_seconds", 0.01, model="vad"),
        change("viva_postgres_transaction_seconds", 0.0004),
    ]
